"""Relatives, ages and homes."""

RULES = """
[sentences]
{somebody} is {age} years old. = {somebody}{age}岁。
{subject} {subject.have} {small} {sibling.pl}. = {subject}有{small}个{sibling}。
My {kin} lives in {city}. = 我{kin}住在{city}。
My {kin} has lived in {city} for {years}. = 我{kin}在{city}住了{years}了。
My {kin} is {person_quality.er} than my {kin2}. = 我{kin}比我{kin2}{person_quality}。
My {kin} is very {person_quality}. = 我{kin}很{person_quality}。
How old is your {kin}? = 你{kin}多大了？
Where does your {kin} live? = 你{kin}住在哪里？
My {kin} and my {kin2} are in {city}. = 我{kin}和我{kin2}在{city}。
"""
