"""Asking for favours."""

RULES = """
# What is asked for in advance: what one does at once is not for next Tuesday.
[in_advance: phrase]
{timed} {hours_word} = {hours_word}能{timed}
{dated_favour} {near} = {near}能{dated_favour}

[at_a_time: phrase]
{timed} = {timed}
{dated_favour} = {dated_favour}

# People that one asks politely, rather than relatives.
[outsider: person]
my {acquaintance} = 我的{acquaintance}
{title} = {title}
{given} = {given}

[family_favour: phrase]
{favour} = {favour}
{home_favour} = {home_favour}

[sentences]
Could you {request}? | Can you {request}? = 你能{request}吗？
Could you {request}, please? | Would you {request}, please? = 请你{request}，好吗？
Please {request}. = 请{request}。
Please {at_a_time} at {set_clock}. = 请{set_clock}{at_a_time}。
I asked {outsider} to {favour}. = 我请{outsider}{favour}。
I asked my {adult} to {family_favour}. = 我让我{adult}{family_favour}。
Don't forget to {reminder}. = 别忘了{reminder}。
Please don't forget to {reminder}. = 请别忘了{reminder}。
May I {leave}? | Can I {leave}? = 我可以{leave}吗？
Could you {in_advance}? | Can you {in_advance}? = 你{in_advance}吗？
"""
