"""Free time."""

RULES = """
[sentences]
{subject} {subject.do} not know how to {skill}. | {subject} {subject.do}n't know how to {skill}.
    = {subject}不会{skill}。
Can {asked} {skill}? | Does {asked} know how to {skill}? = {asked}会{skill}吗？
{subject} {rate} {social.pres@subject} with {subject.own} {fellow.pl}. = {subject}{rate}和{fellow}一起{social}。
Do you like to {pastime}? = 你喜欢{pastime}吗？
{subject} {lasting.past} for {short_hours} {recent}. = {subject}{recent}{lasting.verb}了{short_hours}{lasting.object}。
My {adult} likes to {pastime}. = 我{adult}喜欢{pastime}。
{subject} {social.pres@subject} {weekly_habit}. = {subject}{weekly_habit}都{social}。
My hobby is {pastime.ing}. = 我的爱好是{pastime}。
Where can I {venue}? = 哪里可以{venue}？
I would rather {pastime} than {pastime2}. | I'd rather {pastime} than {pastime2}.
    = 比起{pastime2}，我更想{pastime}。
{somebody} keeps a diary. = {somebody}有写日记的习惯。
"""
