"""Counting."""

RULES = """
[sentences]
The total is {figure}. = 总数是{figure}。
The answer is {figure}. = 答案是{figure}。
I need {small} {good.counted}. = 我需要{small}{good.mw}{good}。
{somebody} bought {small} {fruit.counted}. = {somebody}买了{small}{fruit.mw}{fruit}。
{subject} bought {small} {good.counted} {past}. = {subject}{past}买了{small}{good.mw}{good}。
Do you have {small} {colored_good.counted}? = 你们有{small}{colored_good.mw}{colored_good}吗？
"""
