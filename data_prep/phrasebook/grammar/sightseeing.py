"""Sights and animals."""

RULES = """
[tour: verb]
visit {scenic.the} = 游览{scenic}
visit {exhibit.the} = 参观{exhibit}

[toured: verb]
visit {scenic.the} = 游览了{scenic}
visit {exhibit.the} = 参观了{exhibit}

[tour_day: phrase]
{daytime} = {daytime}
on {date} = {date}

[sentences]
Have you ever been to {sight.the}? = 你去过{sight}吗？
{subject} {subject.have} never been to {city}. = {subject}从来没有去过{city}。
We want to {tour} {tour_day}. | We'd like to {tour} {tour_day}. = 我们想{tour_day}去{tour}。
{subject} {toured.past} {recent_day}. = {subject}{recent_day}{toured}。
How much is the ticket for {ticketed.the}? | How much does the ticket for {ticketed.the} cost?
    = {ticketed}的门票多少钱？
There are many {crowd} in {city}. | There are a lot of {crowd} in {city}. = {city}有很多{crowd}。
We saw {few} {farm_animal.pl} on the farm {recent_day}.
    = 我们{recent_day}在农场看到了{few}{farm_animal.mw}{farm_animal}。
We saw {few} {wild.pl} at the zoo {recent_day}. = 我们{recent_day}在动物园看到了{few}{wild.mw}{wild}。
{city} is very {spot}. = {city}很{spot}。
Is {city} {spot_asked}? = {city}{spot_asked}吗？
{city} is {spot_asked.er} than {city2}. = {city}比{city2}{spot_asked}。
May I {allow} here? | Can I {allow} here? = 这里可以{allow}吗？
You must not {allow} here. | You may not {allow} here. = 这里不可以{allow}。
You must not {indoor_ban} in {hushed.the}. | You may not {indoor_ban} in {hushed.the}.
    = {hushed}里不可以{indoor_ban}。
You must not {outdoor_ban} {green_place.at}. | You may not {outdoor_ban} {green_place.at}.
    = {green_place}里不可以{outdoor_ban}。
You must not bring pets into {pet_place.the}. | You may not bring pets into {pet_place.the}.
    = 不可以带宠物进{pet_place}。
"""
