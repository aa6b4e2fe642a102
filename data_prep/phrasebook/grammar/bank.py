"""Money and accounts."""

RULES = """
[sentences]
I would like to change {sum} {hard_currency}. | I'd like to change {sum} {hard_currency}. = 我想换{sum}{hard_currency}。
I would like to open {account}. | I'd like to open {account}. = 我想开{account}。
Can I change {currency} here? | Can I exchange {currency} here? = 这里可以换{currency}吗？
{subject} {subject.have} only {sum} yuan left. = {subject}只剩{sum}块钱了。
{creditor} owes me {middle_price}. = {creditor}欠我{middle_price}。
How many yuan do I get for {sum} {hard_currency}? | How many yuan are {sum} {hard_currency} worth?
    = {sum}{hard_currency}能换多少人民币？
{subject} changed {sum} {hard_currency} {recent_day}. = {subject}{recent_day}换了{sum}{hard_currency}。
{subject} withdrew {sum} yuan from the bank {recent_day}. = {subject}{recent_day}从银行取了{sum}块钱。
I would like to send {sum} yuan to {named}. | I'd like to send {sum} yuan to {named}. = 我想给{named}汇{sum}块钱。
{creditor} will pay me back {future}. = {creditor}{future}会还我钱。
Can I withdraw {currency} here? | Is it possible to withdraw {currency} here? = 这里可以取{currency}吗？
"""
