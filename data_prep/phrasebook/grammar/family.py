"""Relatives, ages and homes."""

RULES = """
[sentences]
My {elder} is {old_age} years old. = 我{elder}今年{old_age}岁。
My {middle_aged} is {middle_age} years old. = 我{middle_aged}今年{middle_age}岁。
His {brother_or_sister} is {young_age} years old. = 他{brother_or_sister}今年{young_age}岁。
{given} is {young_age} years old. = {given}今年{young_age}岁。
My {offspring} is {child_age} years old. = 我{offspring}今年{child_age}岁。
I have {few} {brother_or_sister.pl}. = 我有{few}个{brother_or_sister}。
{acquainted} has {few} {brother_or_sister.pl}. = {acquainted}有{few}个{brother_or_sister}。
{title} has {few} {offspring.pl}. = {title}有{few}个{offspring}。
My {blood_relative} lives in {city}. = 我{blood_relative}住在{city}。
My {blood_relative} has lived in {city} for {years}. = 我{blood_relative}在{city}住了{years}了。
My {middle_aged1} is {contrast.er} than my {middle_aged2}. = 我{middle_aged1}比我{middle_aged2}{contrast}。
My {brother_or_sister1} is {contrast.er} than my {brother_or_sister2}.
    = 我{brother_or_sister1}比我{brother_or_sister2}{contrast}。
My {partner} is {contrast.er} than my {brother_or_sister}. = 我{partner}比我{brother_or_sister}{contrast}。
My {kin} is very {person_quality}. = 我{kin}很{person_quality}。
How old is your {elder}? = 你{elder}多大年纪了？
How old is your {brother_or_sister}? = 你{brother_or_sister}多大了？
How old is your {offspring}? = 你{offspring}几岁了？
Where does your {blood_relative} live? = 你{blood_relative}住在哪里？
My {middle_aged} and my {brother_or_sister} are in {city}. = 我{middle_aged}和{brother_or_sister}在{city}。
"""
