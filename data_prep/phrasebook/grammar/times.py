"""Clock times, dates and durations."""

RULES = """
[sentences]
It is {clock} now. | It's {clock} now. = 现在{clock}。
Today is {date}. = 今天是{date}。
My birthday is on {date}. = 我的生日是{date}。
Today is {weekday}. | It is {weekday} today. = 今天{weekday}。
The {day_event} starts at {work_clock}. | The {day_event} begins at {work_clock}. = {day_event}{work_clock}开始。
The {night_event} starts at {evening_clock}. | The {night_event} begins at {evening_clock}.
    = {night_event}{evening_clock}开始。
The {day_event} will be over at {day_end}. | The {day_event} ends at {day_end}. = {day_event}{day_end}结束。
The {night_event} will be over at {night_end}. | The {night_event} ends at {night_end}. = {night_event}{night_end}结束。
The {day_event} lasts {event_hours}. = {day_event}要{event_hours}。
When does the {event} start? | What time does the {event} start? = {event}几点开始？
The {opening_shop} is open {shop_hours}. = {opening_shop}的营业时间是{shop_hours}。
The {leisure_hall} is open {shop_hours}. = {leisure_hall}的开放时间是{shop_hours}。
The {exhibition} is open {exhibition_hours}. = {exhibition}的开放时间是{exhibition_hours}。
The {small_shop} is closed on {weekday}s. = {small_shop}{weekday}不开门。
The {opening_hall} is closed on {quiet_day}s. = {opening_hall}{quiet_day}不开放。
{subject} {subject.have} been waiting for {minutes}. = {subject}等了{minutes}了。
{foreigner} came to China {years} ago. = {foreigner}是{years}前来中国的。
We have known each other for {years}. = 我们认识{years}了。
{somebody} was born on {date}. = {somebody}是{date}出生的。
"""
