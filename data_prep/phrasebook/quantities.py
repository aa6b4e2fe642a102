"""Entries built from numbers: counts, prices, clock times, dates, durations, floors and the like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from .entries import Entry
from .numbers import chinese_number, english_number, english_ordinal

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = {
    "Monday": "一",
    "Tuesday": "二",
    "Wednesday": "三",
    "Thursday": "四",
    "Friday": "五",
    "Saturday": "六",
    "Sunday": "天",
}
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PRICES = (*range(2, 20), *range(20, 100, 5), *range(100, 1000, 50), *range(1000, 6000, 500))
_DISCOUNTS = {10: "九", 20: "八", 30: "七", 40: "六", 50: "五"}


def _phrases(pairs: Iterable[tuple[str, str]]) -> tuple[Entry, ...]:
    return tuple(Entry("phrase", english, chinese) for english, chinese in pairs)


def clock_times() -> Iterable[tuple[str, str]]:
    """Yield clock times at the hour, half, quarter and some minutes, such as ("half past three", 三点半)."""
    for hour in range(1, 13):
        name, next_name = english_number(hour), english_number(hour % 12 + 1)
        chinese = chinese_number(hour, before_measure=True) + "点"
        yield f"{name} o'clock", chinese
        yield f"half past {name}", chinese + "半"
        yield f"a quarter past {name}", chinese + "一刻"
        for minutes in (10, 20):
            yield f"{english_number(minutes)} past {name}", f"{chinese}{chinese_number(minutes)}分"
        upcoming = chinese_number(hour % 12 + 1, before_measure=True) + "点"
        for minutes in (5, 10):
            yield f"{english_number(minutes)} to {next_name}", f"差{chinese_number(minutes)}分{upcoming}"


def day_clock_times() -> Iterable[tuple[str, str]]:
    """Yield daytime clock times with the part of the day, such as ("nine o'clock in the morning", 上午九点)."""
    parts = (("morning", "上午", range(7, 12)), ("afternoon", "下午", range(1, 6)), ("evening", "晚上", range(6, 11)))
    for part, chinese_part, hours in parts:
        for hour in hours:
            name, chinese = english_number(hour), chinese_number(hour, before_measure=True)
            yield f"{name} o'clock in the {part}", f"{chinese_part}{chinese}点"
            yield f"half past {name} in the {part}", f"{chinese_part}{chinese}点半"


def dates() -> Iterable[tuple[str, str]]:
    """Yield every day of the year except 29 February, such as ("the fifth of March", 三月五号)."""
    for index, (month, days) in enumerate(zip(MONTHS, _MONTH_DAYS, strict=True), start=1):
        for day in range(1, days + 1):
            yield f"the {english_ordinal(day)} of {month}", f"{chinese_number(index)}月{chinese_number(day)}号"


def _counted(counts: Iterable[int], unit: str, chinese_unit: str) -> Iterable[tuple[str, str]]:
    """Yield counts of a unit that is given in the singular, such as ("two nights", 两个晚上)."""
    for count in counts:
        article = "an" if unit == "hour" else "a"
        english = f"{article} {unit}" if count == 1 else f"{english_number(count)} {unit}s"
        yield english, chinese_number(count, before_measure=True) + chinese_unit


def _amounts(numbers: Iterable[int], unit: str, chinese_unit: str) -> Iterable[tuple[str, str]]:
    """Yield numbers with a unit that is given in its plural form, such as ("two yuan", 两块)."""
    for number in numbers:
        yield f"{english_number(number)} {unit}", chinese_number(number, before_measure=True) + chinese_unit


@cache
def quantities() -> Mapping[str, tuple[Entry, ...]]:
    """Return the entries of each numeric category."""
    return {
        "small": _phrases((english_number(n), chinese_number(n, before_measure=True)) for n in range(2, 11)),
        "dozens": _phrases((english_number(n), chinese_number(n)) for n in (*range(11, 31), *range(40, 101, 10))),
        "age": _phrases((english_number(n), chinese_number(n)) for n in range(18, 90)),
        "child_age": _phrases((english_number(n), chinese_number(n, before_measure=True)) for n in range(2, 18)),
        "price": _phrases(_amounts(_PRICES, "yuan", "块")),
        "low_price": _phrases(_amounts(range(2, 51), "yuan", "块")),
        "high_price": _phrases(_amounts((*range(100, 1000, 20), *range(1000, 5000, 100)), "yuan", "块")),
        "sum": _phrases((english_number(n), chinese_number(n)) for n in (*range(10, 100, 5), *range(100, 10000, 50))),
        "figure": _phrases((english_number(n), chinese_number(n)) for n in (*range(0, 100), *range(100, 10000, 37))),
        "digits": _phrases((str(n), str(n)) for n in range(1, 31)),
        "room": _phrases((str(n), str(n)) for floor in range(1, 10) for n in range(100 * floor + 1, 100 * floor + 13)),
        "ordinal": _phrases((english_ordinal(n), "第" + chinese_number(n)) for n in range(1, 11)),
        "floor": _phrases((f"the {english_ordinal(n)} floor", chinese_number(n) + "楼") for n in range(1, 21)),
        "clock": _phrases(clock_times()),
        "day_clock": _phrases(day_clock_times()),
        "date": _phrases(dates()),
        "weekday": _phrases((day, "星期" + name) for day, name in WEEKDAYS.items()),
        "month": _phrases((month, chinese_number(n) + "月") for n, month in enumerate(MONTHS, start=1)),
        "year": _phrases((str(n), f"{n}年") for n in range(1985, 2026)),
        "nights": _phrases(_counted(range(1, 15), "night", "个晚上")),
        "days": _phrases(_counted(range(1, 15), "day", "天")),
        "weeks": _phrases(_counted(range(1, 9), "week", "个星期")),
        "months": _phrases(_counted(range(1, 12), "month", "个月")),
        "years": _phrases(_counted(range(1, 31), "year", "年")),
        "hours": _phrases((*_counted(range(1, 13), "hour", "个小时"), ("half an hour", "半个小时"))),
        "minutes": _phrases(_counted((2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 45, 50), "minute", "分钟")),
        "degrees": _phrases(_amounts(range(2, 39), "degrees", "度")),
        "kilometers": _phrases(_counted((*range(1, 13), *range(15, 100, 5)), "kilometer", "公里")),
        "meters": _phrases(_counted((50, 100, 200, 300, 400, 500, 600, 800), "meter", "米")),
        "discount": _phrases((f"{english_number(n)} percent", name + "折") for n, name in _DISCOUNTS.items()),
    }
