"""Free time."""

RULES = """
[sentences]
{subject} {subject.do} not know how to {skill}. | {subject} {subject.do}n't know how to {skill}.
    = {subject}不会{skill}。
Can {asked} {skill}? | Does {asked} know how to {skill}? = {asked}会{skill}吗？
{subject} {frequency} {pastime.pres@subject} with {companion}. = {subject}{frequency}和{companion}一起{pastime}。
Do you like to {pastime}? = 你喜欢{pastime}吗？
{subject} {pastime.past} for {hours} {past}. = {subject}{past}{pastime.verb}了{hours}{pastime.object}。
My {kin} likes to {pastime}. = 我{kin}喜欢{pastime}。
{subject} {pastime.pres@subject} {habit}. = {subject}{habit}{pastime}。
My hobby is {pastime.ing}. = 我的爱好是{pastime}。
Where can I {pastime}? = 哪里可以{pastime}？
I would rather {pastime} than {pastime2}. | I'd rather {pastime} than {pastime2}.
    = 我宁愿{pastime}，也不愿意{pastime2}。
"""
