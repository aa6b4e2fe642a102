"""Counting."""

RULES = """
[sentences]
The total is {figure}. = 总数是{figure}。
The answer is {figure}. = 答案是{figure}。
I need {few} {needed.counted}. = 我需要{few}{needed.mw}{needed}。
{somebody} bought {small} {piece_fruit.counted}. = {somebody}买了{small}{piece_fruit.mw}{piece_fruit}。
{subject} bought {few} {several.counted} {recent}. = {subject}{recent}买了{few}{several.mw}{several}。
"""
