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


def round_clock_times(hours: Iterable[int], quarters: bool = True) -> Iterable[tuple[str, str]]:
    """Yield the times for which things are arranged: at the hour or half past it, never "five to five".

    Args:
        hours: the hours, 1 to 12.
        quarters: also a quarter past the hour.
    """
    for hour in hours:
        name, chinese = english_number(hour), chinese_number(hour, before_measure=True) + "点"
        yield f"{name} o'clock", chinese
        yield f"half past {name}", chinese + "半"
        if quarters:
            yield f"a quarter past {name}", chinese + "一刻"


def day_clock_times(part: str, chinese_part: str, hours: Iterable[int]) -> Iterable[tuple[str, str]]:
    """Yield times with the part of the day, such as ("nine o'clock in the morning", 上午九点).

    Args:
        part: part of the day in English.
        chinese_part: the same in Chinese.
        hours: the hours, 1 to 12.
    """
    for hour in hours:
        name, chinese = english_number(hour), chinese_number(hour, before_measure=True)
        yield f"{name} o'clock in the {part}", f"{chinese_part}{chinese}点"
        yield f"half past {name} in the {part}", f"{chinese_part}{chinese}点半"


def spans(first: Iterable[tuple[str, str]], last: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Yield the spans from each time of `first` to each of `last`: ("from six o'clock to nine o'clock", 六点到九点)."""
    ends = list(last)
    for start, chinese_start in first:
        for end, chinese_end in ends:
            yield f"from {start} to {end}", f"{chinese_start}到{chinese_end}"


def rooms_on_floors() -> Iterable[tuple[str, str]]:
    """Yield rooms with their floor, such as ("room 305 is on the third floor", 305号房间在三楼)."""
    for floor in range(1, 10):
        for room in range(100 * floor + 1, 100 * floor + 13):
            english = f"room {room} is on the {english_ordinal(floor)} floor"
            yield english, f"{room}号房间在{chinese_number(floor)}楼"


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
    early = list(day_clock_times("morning", "早上", range(6, 9)))
    late_morning = list(day_clock_times("morning", "上午", range(9, 12)))
    afternoon = list(day_clock_times("afternoon", "下午", range(1, 6)))
    evening = list(day_clock_times("evening", "晚上", range(6, 11)))
    months = _phrases((month, chinese_number(n) + "月") for n, month in enumerate(MONTHS, start=1))
    lengths = [
        *_counted(range(1, 4), "hour", "个小时"),
        ("an hour and a half", "一个半小时"),
        ("two and a half hours", "两个半小时"),
    ]
    return {
        **_counts(),
        **_money(),
        "clock": _phrases(clock_times()),
        "set_clock": _phrases(round_clock_times(range(1, 13))),
        "wake_clock": _phrases(round_clock_times(range(5, 9))),
        "dinner_clock": _phrases(round_clock_times((6, 7))),
        "day_end": _phrases(round_clock_times((11, 12, 3, 4, 5), False)),
        "night_end": _phrases(round_clock_times((9, 10), False)),
        "late_clock": _phrases((*round_clock_times((10, 11)), ("twelve o'clock", "十二点"))),
        "breakfast_hours": _phrases(spans(round_clock_times((6, 7), False), round_clock_times((9, 10), False))),
        "lunch_hours": _phrases(spans(round_clock_times([11], False), round_clock_times((1, 2), False))),
        "dinner_hours": _phrases(spans(round_clock_times([5], False), round_clock_times((8, 9), False))),
        "shop_hours": _phrases(spans([*early[4:], *late_morning[:3]], evening[1:8])),
        "exhibition_hours": _phrases(spans([*early[4:], *late_morning[:3]], [*afternoon[-4:], evening[0]])),
        "work_clock": _phrases([*early[4:], *late_morning[:4], *afternoon[1:7]]),
        "evening_clock": _phrases(evening[1:6]),
        "day_clock": _phrases([*early, *late_morning, *afternoon, *evening]),
        "opening_clock": _phrases([*early[4:], *late_morning[:3]]),
        "closing_clock": _phrases(evening[1:8]),
        "date": _phrases(dates()),
        "quiet_day": _phrases((day, "星期" + WEEKDAYS[day]) for day in ("Monday", "Tuesday", "Wednesday")),
        "weekday": _phrases((day, "星期" + name) for day, name in WEEKDAYS.items()),
        "month": months,
        "summer_month": months[5:8],
        "winter_month": (*months[:2], months[11]),
        "nights": _phrases([("one night", "一个晚上"), *_counted(range(2, 15), "night", "个晚上")]),
        "sick_days": _phrases(_counted((*range(2, 8), 10), "day", "天")),
        # Before 前 and ago: "a day ago" and "two days ago" have names of their own, yesterday and the day before.
        "days_ago": _phrases(_counted((3, 4, 5, 6, 10), "day", "天")),
        "weeks": _phrases(_counted(range(1, 7), "week", "个星期")),
        "years": _phrases(_counted(range(1, 31), "year", "年")),
        "career_years": _phrases(_counted(range(2, 21), "year", "年")),
        "school_years": _phrases(_counted(range(1, 7), "year", "年")),
        "europe_hours": _phrases(_counted(range(10, 14), "hour", "个小时")),
        "america_hours": _phrases(_counted(range(13, 16), "hour", "个小时")),
        "work_hours": _phrases(_counted(range(6, 12), "hour", "个小时")),
        "event_hours": _phrases(lengths),
        "short_hours": _phrases([("half an hour", "半个小时"), *lengths]),
        "walk_minutes": _phrases(_counted((5, 8, 10, 12, 15, 20, 25), "minute", "分钟")),
        "ride_minutes": _phrases(_counted((10, 12, 15, 20, 25, 30, 40, 45, 50), "minute", "分钟")),
        "minutes": _phrases(_counted((5, 8, 10, 12, 15, 20, 25, 30, 40, 45, 50), "minute", "分钟")),
    }


def _counts() -> Mapping[str, tuple[Entry, ...]]:
    """Return the categories of plain numbers, ages, measures and numbered things."""
    return {
        "few": _phrases((english_number(n), chinese_number(n, before_measure=True)) for n in range(2, 5)),
        "small": _phrases((english_number(n), chinese_number(n, before_measure=True)) for n in range(2, 11)),
        "child_age": _phrases((english_number(n), chinese_number(n, before_measure=True)) for n in range(3, 18)),
        "young_age": _phrases((english_number(n), chinese_number(n)) for n in range(18, 40)),
        "middle_age": _phrases((english_number(n), chinese_number(n)) for n in range(42, 64)),
        "old_age": _phrases((english_number(n), chinese_number(n)) for n in range(65, 92)),
        "figure": _phrases((english_number(n), chinese_number(n)) for n in (*range(0, 100), *range(100, 10000, 37))),
        "digits": _phrases((str(n), str(n)) for n in range(1, 31)),
        "platform": _phrases((str(n), str(n)) for n in range(1, 17)),
        "room": _phrases((str(n), str(n)) for floor in range(1, 10) for n in range(100 * floor + 1, 100 * floor + 13)),
        "room_on_floor": _phrases(rooms_on_floors()),
        "crossing": _phrases((english_ordinal(n), "第" + chinese_number(n)) for n in range(1, 5)),
        "floor": _phrases((f"the {english_ordinal(n)} floor", chinese_number(n) + "楼") for n in range(1, 13)),
        "low_floor": _phrases((f"the {english_ordinal(n)} floor", chinese_number(n) + "楼") for n in range(1, 7)),
        "degrees": _phrases(_amounts(range(2, 39), "degrees", "度")),
        "kilometers": _phrases(_counted(range(1, 16), "kilometer", "公里")),
        "meters": _phrases(_counted((50, 100, 200, 300, 400, 500, 600, 800), "meter", "米")),
    }


def _money() -> Mapping[str, tuple[Entry, ...]]:
    """Return the categories of prices, sums and discounts."""
    return {
        "price": _phrases(_amounts(_PRICES, "yuan", "块")),
        "low_price": _phrases(_amounts(range(5, 51), "yuan", "块")),
        "fruit_price": _phrases(_amounts(range(4, 16), "yuan", "块")),
        "vegetable_price": _phrases(_amounts(range(2, 10), "yuan", "块")),
        "middle_price": _phrases(_amounts((*range(60, 300, 10), *range(300, 950, 50)), "yuan", "块")),
        "high_price": _phrases(_amounts((*range(1000, 5000, 100), *range(5000, 9500, 500)), "yuan", "块")),
        "room_price": _phrases(_amounts(range(200, 900, 10), "yuan", "块")),
        "suite_price": _phrases(_amounts(range(800, 3000, 50), "yuan", "块")),
        "fare": _phrases(_amounts((*range(100, 1000, 10), *range(1000, 2000, 50)), "yuan", "块")),
        "note": _phrases(_amounts((10, 20, 50, 100), "yuan", "块")),
        "sum": _phrases((english_number(n), chinese_number(n)) for n in range(100, 10000, 50)),
        "discount": _phrases((f"{english_number(n)} percent", name + "折") for n, name in _DISCOUNTS.items()),
    }
