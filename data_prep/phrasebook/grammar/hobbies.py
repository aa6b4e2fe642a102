"""Free time."""

RULES = """
[sentences]
{subject} {subject.do} not know how to {pastime}. = {subject}不会{pastime}。
{subject} {frequency} {pastime.pres@subject} with {named}. = {subject}{frequency}和{named}{pastime}。
Do you like to {pastime}? = 你喜欢{pastime}吗？
{subject} {pastime.past} for {hours} {past}. = {subject}{past}{pastime}{hours}。
My {kin} likes to {pastime}. = 我{kin}喜欢{pastime}。
{subject} {pastime.pres@subject} {habit}. = {subject}{habit}{pastime}。
My hobby is {pastime.ing}. = 我的爱好是{pastime}。
Where can I {pastime}? = 哪里可以{pastime}？
I would rather {pastime} than {activity}. | I'd rather {pastime} than {activity}.
    = 我宁愿{pastime}，也不愿意{activity}。
"""
