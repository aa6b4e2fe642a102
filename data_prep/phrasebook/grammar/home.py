"""Around the house."""

RULES = """
[sentences]
There is {fixture.a} in the {homeroom}. = {homeroom}里有一{fixture.mw}{fixture}。
The {fixture} in the {homeroom} is broken. = {homeroom}里的{fixture}坏了。
{somebody} is in the {homeroom}. = {somebody}在{homeroom}里。
There are {small} {good.counted} in the {homeroom}. = {homeroom}里有{small}{good.mw}{good}。
Is there {fixture.a} in the {homeroom}? = {homeroom}里有{fixture}吗？
Please buy {small} {fruit.counted} at {place.the}. = 请在{place}买{small}{fruit.mw}{fruit}。
The {homeroom} is very {spot}. = {homeroom}很{spot}。
"""
