"""Money and accounts."""

RULES = """
[sentences]
I would like to change {sum} {currency}. | I'd like to change {sum} {currency}. = 我想换{sum}{currency}。
I would like to open {account}. | I'd like to open {account}. = 我想开{account}。
Can I change {currency} here? | Can I exchange {currency} here? = 这里可以换{currency}吗？
{subject} {subject.have} only {sum} yuan left. = {subject}只剩{sum}块钱了。
{somebody} owes me {middle_price}. = {somebody}欠我{middle_price}。
How many yuan do I get for {sum} {currency}? | How many yuan are {sum} {currency} worth?
    = {sum}{currency}能换多少人民币？
{subject} changed {sum} {currency} {past}. = {subject}{past}换了{sum}{currency}。
{subject} withdrew {sum} yuan from the bank {past}. = {subject}{past}从银行取了{sum}块钱。
I would like to send {sum} yuan to {named}. | I'd like to send {sum} yuan to {named}. = 我想给{named}汇{sum}块钱。
{somebody} will pay me back {future}. = {somebody}{future}会还我钱。
Can I withdraw {currency} here? | Is it possible to withdraw {currency} here? = 这里可以取{currency}吗？
"""
