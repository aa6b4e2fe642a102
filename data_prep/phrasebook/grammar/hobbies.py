"""Free time."""

RULES = """
# Like is compared with like.
[choice: phrase]
{ball_game} than {ball_game2} = 比起{ball_game2}，我更想{ball_game}
{instrument} than {instrument2} = 比起{instrument2}，我更想{instrument}
{at_home} than {at_home2} = 比起{at_home2}，我更想{at_home}
{open_air} than {open_air2} = 比起{open_air2}，我更想{open_air}
{snow_sport} than {snow_sport2} = 比起{snow_sport2}，我更想{snow_sport}
have tea than coffee = 比起喝咖啡，我更想喝茶
have coffee than tea = 比起喝茶，我更想喝咖啡
eat {cuisine} than {cuisine2} = 比起{cuisine2}，我更想吃{cuisine}
go {local_mode} than {local_mode2} = 比起{local_mode2}，我更想{local_mode}
go to {city} than to {city2} = 比起{city2}，我更想去{city}

[sentences]
{subject} {subject.do} not know how to {skill}. | {subject} {subject.do}n't know how to {skill}.
    = {subject}不会{skill}。
Can {asked} {skill}? | Does {asked} know how to {skill}? = {asked}会{skill}吗？
{subject} {regularly} {social.pres@subject} with {subject.own} {fellow.pl}.
    = {subject}{regularly}和{fellow}一起{social}。
Do you like to {pastime}? = 你喜欢{pastime}吗？
{subject} {lasting.past} for {short_hours} {recent_word}.
    = {subject}{recent_word}{lasting.verb}了{short_hours}{lasting.object}。
My {adult} likes to {pastime}. = 我{adult}喜欢{pastime}。
{subject} {regular.pres@subject} {weekly_habit}. = {subject}{weekly_habit}都{regular}。
My hobby is {pastime.ing}. = 我的爱好是{pastime}。
Where can I {venue}? = 哪里可以{venue}？
I would rather {choice}. | I'd rather {choice}. = {choice}。
{somebody} keeps a diary. = {somebody}有写日记的习惯。
"""
