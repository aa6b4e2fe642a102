"""Clock times, dates and durations."""

RULES = """
[sentences]
It is {clock} now. | It's {clock} now. = 现在{clock}。
Today is {date}. = 今天是{date}。
My birthday is on {date}. = 我的生日是{date}。
Today is {weekday}. | It is {weekday} today. = 今天{weekday}。
The {event} starts at {day_clock}. | The {event} begins at {day_clock}. = {event}{day_clock}开始。
The {event} will be over at {clock}. = {event}{clock}结束。
The {event} lasts {hours}. = {event}要{hours}。
When does the {event} start? | What time does the {event} start? = {event}几点开始？
{place.the} is open from {clock} to {clock2}. = {place}从{clock}开到{clock2}。
{place.the} is closed on {weekday}. = {place}{weekday}不开门。
{subject} {subject.have} been waiting for {minutes}. = {subject}等了{minutes}了。
{subject} came to China {years} ago. = {subject}{years}前来到了中国。
We have known each other for {years}. = 我们认识{years}了。
{somebody} was born on {date}. = {somebody}是{date}出生的。
"""
