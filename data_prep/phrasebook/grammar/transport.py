"""Trains, buses and taxis."""

RULES = """
[sentences]
{small} tickets to {cn_city}, please. | I would like {small} tickets to {cn_city}. = 请给我{small}张去{cn_city}的票。
A ticket to {cn_city} for {future_word}, please. = 请给我一张{future_word}去{cn_city}的票。
When does the {trip} to {cn_city} leave? | What time does the {trip} to {cn_city} leave? = 去{cn_city}的{trip}几点出发？
The {trip} to {cn_city} leaves at {day_clock}. = 去{cn_city}的{trip}{day_clock}出发。
The {trip} from {cn_city} arrives at {day_clock}. = 从{cn_city}来的{trip}{day_clock}到。
The {trip} to {cn_city} is {minutes} late. = 去{cn_city}的{trip}晚点了{minutes}。
How long does it take to get to {cn_city} {far_mode}? = {far_mode}去{cn_city}要多长时间？
It takes {hours} to get from {cn_city} to {cn_city2}. = 从{cn_city}到{cn_city2}要{hours}。
{subject} {subject.be} going to {cn_city} {far_mode} {future}. = {subject}{future}{far_mode}去{cn_city}。
{subject} went to {cn_city} {far_mode} {past}. = {subject}{past}{far_mode}去了{cn_city}。
Can we go to {place.the} {local_mode}? = 我们可以{local_mode}去{place}吗？
Please take me {destination}. | {destination}, please. = 请带我去{destination}。
Which platform does the train to {cn_city} leave from? = 去{cn_city}的火车从哪个站台出发？
The train to {cn_city} leaves from platform {digits}. = 去{cn_city}的火车从{digits}号站台出发。
Does bus number {digits} go {destination}? = {digits}路公共汽车去{destination}吗？
Take bus number {digits} {destination}. = 坐{digits}路公共汽车去{destination}。
I missed the {trip} to {cn_city}. = 我没赶上去{cn_city}的{trip}。
"""
