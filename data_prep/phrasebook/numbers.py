"""Cardinal and ordinal numbers from 0 to 9999 in English and Chinese words."""

from __future__ import annotations

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = dict(enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2))
_IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_DIGITS = "零一二三四五六七八九"
_PLACES = ((1000, "千"), (100, "百"), (10, "十"))


def _check(number: int) -> None:
    if not 0 <= number <= 9999:
        raise ValueError(f"number words are available for 0 to 9999, not for {number}")


def english_number(number: int) -> str:
    """Return a number in English words, such as "one hundred and twenty-five".

    Raises:
        ValueError: the number is outside of 0 to 9999.
    """
    _check(number)
    if number < 20:
        return _UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return _TENS[tens] + (f"-{_UNITS[unit]}" if unit else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_UNITS[hundreds]} hundred" + (f" and {english_number(rest)}" if rest else "")
    thousands, rest = divmod(number, 1000)
    joint = " and " if rest < 100 else " "
    return f"{_UNITS[thousands]} thousand" + (joint + english_number(rest) if rest else "")


def english_ordinal(number: int) -> str:
    """Return an English ordinal in words, such as "twenty-first".

    Raises:
        ValueError: the number is outside of 0 to 9999.
    """
    words = english_number(number)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[cut:]
    if last in _IRREGULAR_ORDINALS:
        ordinal = _IRREGULAR_ORDINALS[last]
    elif last.endswith("y"):
        ordinal = last[:-1] + "ieth"
    else:
        ordinal = last + "th"
    return words[:cut] + ordinal


def chinese_number(number: int, before_measure: bool = False) -> str:
    """Return a number in Chinese characters, such as 一百二十五.

    Hundreds and thousands take 两 instead of 二 (两百, 两千).

    Args:
        number: the number.
        before_measure: the number precedes a measure word, where the number 2 is 两 (两张票).

    Raises:
        ValueError: the number is outside of 0 to 9999.
    """
    _check(number)
    if number == 2 and before_measure:
        return "两"
    if number < 10:
        return _DIGITS[number]
    text = ""
    gap = False
    rest = number
    for value, name in _PLACES:
        digit, rest = divmod(rest, value)
        if digit == 0:
            gap = bool(text)
            continue
        if gap:
            text += "零"
            gap = False
        if value == 10 and digit == 1 and not text:
            text += name
        elif digit == 2 and value >= 100:
            text += "两" + name
        else:
            text += _DIGITS[digit] + name
    if rest:
        text += ("零" if gap else "") + _DIGITS[rest]
    return text
