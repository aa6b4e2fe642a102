"""Trains, buses and taxis."""

RULES = """
[sentences]
{few} tickets to {cn_city}, please. | I would like {few} tickets to {cn_city}. = 请给我{few}张去{cn_city}的票。
A ticket to {cn_city} for {hours_word}, please. = 请给我一张{hours_word}去{cn_city}的票。
When does the {vehicle} to {cn_city} leave? | What time does the {vehicle} to {cn_city} leave?
    = 去{cn_city}的{vehicle}几点出发？
The {vehicle} to {cn_city} leaves at {day_clock}. = 去{cn_city}的{vehicle}{day_clock}出发。
The {vehicle} from {cn_city} arrives at {day_clock}. = 从{cn_city}来的{vehicle}{day_clock}到。
The {vehicle} to {cn_city} is {minutes} late. = 去{cn_city}的{vehicle}晚点了{minutes}。
How long does it take to get to {cn_city} {far_mode}? = {far_mode}去{cn_city}要多长时间？
How long does it take to get from {cn_city} to {cn_city2}? = 从{cn_city}到{cn_city2}要多长时间？
{subject} {subject.be} going to {cn_city} {far_mode} {future}. = {subject}{future}{far_mode}去{cn_city}。
{subject} went to {cn_city} {far_mode} {past}. = {subject}{past}{far_mode}去了{cn_city}。
Can we go to {far_place.the} {public_mode}? = 我们可以{public_mode}去{far_place}吗？
Please take me {bus_destination}. | {bus_destination}, please. = 请送我去{bus_destination}。
Which platform does the train to {cn_city} leave from? = 去{cn_city}的火车从哪个站台出发？
The train to {cn_city} leaves from platform {platform}. = 去{cn_city}的火车从{platform}号站台出发。
Does bus number {digits} go {bus_destination}? = {digits}路公共汽车去{bus_destination}吗？
Take bus number {digits} {bus_destination}. = 坐{digits}路公共汽车去{bus_destination}。
I missed the {vehicle} to {cn_city}. = 我没赶上去{cn_city}的{vehicle}。
"""
