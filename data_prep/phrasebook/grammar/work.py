"""Jobs and offices."""

RULES = """
[sentences]
My {adult} is a {job}. = 我{adult}是{job}。
{beginner} wants to become a {job}. | {beginner} wants to be a {job}. = {beginner}想当{job}。
{worker} has been a {job} for {career_years}. = {worker}当了{career_years}{job}了。
{worker} works {workplace.at}. = {worker}在{workplace}工作。
{worker} works {work_hours} a day. = {worker}每天工作{work_hours}。
Have you finished the {written}? | Have you finished writing the {written}? = 你写完{written}了吗？
The {day_event} is on {weekday} at {work_clock}. = {day_event}在{weekday}{work_clock}。
Please give this {paperwork} to {title}. = 请把这{paperwork.mw}{paperwork}交给{title}。
"""
