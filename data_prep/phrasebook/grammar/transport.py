"""Trains, buses and taxis."""

RULES = """
[sentences]
{small} tickets to {city}, please. | I would like {small} tickets to {city}. = 请给我{small}张去{city}的票。
A ticket to {city} for {future}, please. = 请给我一张{future}去{city}的票。
When does the {trip} to {city} leave? | What time does the {trip} to {city} leave? = 去{city}的{trip}几点出发？
The {trip} to {city} leaves at {day_clock}. = 去{city}的{trip}{day_clock}出发。
The {trip} from {city} arrives at {day_clock}. = 从{city}来的{trip}{day_clock}到。
The {trip} to {city} is {minutes} late. = 去{city}的{trip}晚点了{minutes}。
How long does it take to get to {city} {mode}? = {mode}去{city}要多长时间？
It takes {hours} to get from {city} to {city2}. = 从{city}到{city2}要{hours}。
{subject} {subject.be} going to {city} {mode} {future}. = {subject}{future}{mode}去{city}。
{subject} went to {city} {mode} {past}. = {subject}{past}{mode}去了{city}。
Can we go to {anywhere.the} {mode}? = 我们可以{mode}去{anywhere}吗？
Please take me to {anywhere.the}. | To {anywhere.the}, please. = 请带我去{anywhere}。
How much is a ticket to {city}? | How much does a ticket to {city} cost? = 去{city}的票多少钱？
A ticket to {city} costs {price}. = 去{city}的票{price}。
Which platform does the train to {city} leave from? = 去{city}的火车从哪个站台出发？
The train to {city} leaves from platform {digits}. = 去{city}的火车从{digits}号站台出发。
Does bus number {digits} go to {anywhere.the}? = {digits}路公共汽车去{anywhere}吗？
Take bus number {digits} to {anywhere.the}. = 坐{digits}路公共汽车去{anywhere}。
I missed the {trip} to {city}. = 我没赶上去{city}的{trip}。
"""
