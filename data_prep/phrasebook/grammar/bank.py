"""Money and accounts."""

RULES = """
[sentences]
I would like to change {figure} {currency}. | I'd like to change {figure} {currency}.
    = 我想换{figure}{currency}。
I would like to open {account}. | I'd like to open {account}. = 我想开{account}。
Can I change {currency} here? | Can I exchange {currency} here? = 这里可以换{currency}吗？
{subject} {subject.have} only {figure} yuan left. = {subject}只剩{figure}块钱了。
{somebody} owes me {price}. = {somebody}欠我{price}。
{subject} spent {price} at {place.the} {past}. = {subject}{past}在{place}花了{price}。
{somebody} lent me {price}. = {somebody}借给我{price}。
"""
