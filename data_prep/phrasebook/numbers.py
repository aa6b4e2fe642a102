"""Cardinal and ordinal numbers in English and Chinese words, and back, for 0 to 9999."""

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
        raise ValueError(f"number words are written for 0 to 9999, not for {number}")


def english_number(number: int) -> str:
    """The English words of a number, such as ``one hundred and twenty-five``.

    Raises ValueError outside of 0 to 9999.
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


def parse_english_number(words: str) -> int:
    """The figure that English number words stand for; raises ValueError at a word that is no number word."""
    total = 0
    current = 0
    for word in words.replace("-", " ").split():
        if word == "and":
            continue
        if word == "thousand":
            total += current * 1000
            current = 0
        elif word == "hundred":
            current *= 100
        elif word in _UNITS:
            current += _UNITS.index(word)
        else:
            tens = [n for n, name in _TENS.items() if name == word]
            if not tens:
                raise ValueError(f"{word!r} in {words!r} is not an English number word")
            current += tens[0] * 10
    return total + current


def english_ordinal(number: int) -> str:
    """The English ordinal words of a number, such as ``twenty-first``; raises ValueError outside of 0 to 9999."""
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
    """The Chinese characters of a number, such as 一百二十五.

    Hundreds and thousands take 两 rather than 二 (两百, 两千). With ``before_measure`` the number two itself is 两,
    as before a measure word (两张票). Raises ValueError outside of 0 to 9999.
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


def parse_chinese_number(text: str) -> int:
    """The figure that Chinese number characters stand for; raises ValueError at any other character or at none."""
    if not text:
        raise ValueError("an empty text is not a Chinese number")
    places = {name: value for value, name in _PLACES}
    total = 0
    digit: int | None = None
    for character in text:
        if character in places:
            total += (1 if digit is None else digit) * places[character]
            digit = None
        elif character == "零":
            digit = None if len(text) > 1 else 0
        elif character == "两":
            digit = 2
        elif character in _DIGITS:
            digit = _DIGITS.index(character)
        else:
            raise ValueError(f"{character!r} in {text!r} is not a Chinese number character")
    return total + (digit or 0)
