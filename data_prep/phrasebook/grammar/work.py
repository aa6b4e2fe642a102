"""Jobs and offices."""

RULES = """
[sentences]
My {kin} is a {job}. = 我{kin}是{job}。
{somebody} wants to become a {job}. | {somebody} wants to be a {job}. = {somebody}想当{job}。
{somebody} has been a {job} for {years}. = {somebody}当{job}{years}了。
{somebody} works {place.at}. = {somebody}在{place}工作。
{somebody} works {hours} a day. = {somebody}每天工作{hours}。
Have you finished the {written}? | Have you finished writing the {written}? = 你写完{written}了吗？
The {event} is on {weekday} at {clock}. = {event}在{weekday}{clock}。
Please give this {document} to {title}. = 请把这{document.mw}{document}交给{title}。
"""
