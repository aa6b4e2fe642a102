"""Trains, buses, taxis and cars."""

RULES = """
[trip_quality: adjective]
fast = 快
cheap = 便宜
safe = 安全
comfortable = 舒服
expensive = 贵
slow = 慢

[sentences]
When does the next {trip} to {city} leave? | What time does the next {trip} to {city} leave?
    = 去{city}的下一班{trip}几点出发？
When does the {trip} from {city} arrive? | What time does the {trip} from {city} arrive? = 从{city}来的{trip}几点到？
The {trip} to {city} leaves at {clock}. | The {trip} to {city} departs at {clock}. = 去{city}的{trip}{clock}出发。
The {trip} from {city} arrives at {clock}. = 从{city}来的{trip}{clock}到。
The {trip} to {city} leaves {when}. = 去{city}的{trip}{when}出发。
The {trip} to {city} will be {minutes} late. = 去{city}的{trip}会晚点{minutes}。
The {trip} from {city} was {minutes} late {recent}. = {recent}从{city}来的{trip}晚点了{minutes}。
{subject} missed the {trip} to {city}. = {subject}错过了去{city}的{trip}。
{small} tickets to {city}, please. | Please give me {small} tickets to {city}. = 请给我{small}张去{city}的票。
I would like a {trip} ticket to {city}. | I'd like a {trip} ticket to {city}. = 我想要一张去{city}的{trip}票。
I would like to buy {small} {trip} tickets to {city}. | I'd like to buy {small} {trip} tickets to {city}.
    = 我想买{small}张去{city}的{trip}票。
{subject} bought {small} {trip} tickets to {city}. = {subject}买了{small}张去{city}的{trip}票。
How long does it take to get to {city} {long_mode}? = {long_mode}到{city}要多长时间？
It takes {hours} to get to {city} {long_mode}. = {long_mode}到{city}要{hours}。
{subject} went to {city} {long_mode} {past}. = {subject}{past}{long_mode}去了{city}。
{subject} {subject.be} going to {city} {long_mode} {future}. = {subject}{future}要{long_mode}去{city}。
{somebody} goes to work {mode} every day. = {somebody}每天{mode}上班。
How do you go to work? | How do you get to work? = 你怎么上班？
Does {somebody} go to work {mode}? = {somebody}{mode}上班吗？
Does this bus go to {building.the}? = 这辆公共汽车去{building}吗？
Which bus goes to {building.the}? = 哪路公共汽车去{building}？
Bus number {digits} goes to {building.the}. | The number {digits} bus goes to {building.the}.
    = {digits}路公共汽车去{building}。
Take bus number {digits} and get off at {place.the}. = 坐{digits}路公共汽车，在{place}下车。
Where do I get off for {sight.the}? | Where should I get off for {sight.the}? = 去{sight}在哪里下车？
Please take me to {building.the}. | Take me to {building.the}, please. = 请带我去{building}。 | 请送我去{building}。
Could you take {subject.obj} to {place.the}? | Can you take {subject.obj} to {place.the}? = 你能送{subject}去{place}吗？
How much is a taxi to {building.the}? | How much does a taxi to {building.the} cost? = 坐出租车去{building}多少钱？
A taxi to {building.the} costs {cheap_price}. = 坐出租车去{building}要{cheap_price}。
Please stop {side} {building.the}. = 请在{building}{side}停车。
Where is the nearest {station}? | Where can I find the nearest {station}? = 最近的{station}在哪里？
Let me off {place.at}, please. | Please let me off {place.at}. = 请让我在{place}下车。
How many stops is it to {building.the}? = 到{building}有几站？
It is {small} stops to {building.the}. = 到{building}有{small}站。
The train to {city} leaves from platform {digits}. = 去{city}的火车从{digits}号站台出发。
Which platform does the train to {city} leave from? = 去{city}的火车从几号站台出发？
My seat number is {digits}. = 我的座位号是{digits}。
I would like to rent {own.a} for {days}. | I'd like to rent {own.a} for {days}. = 我想租{own.a}，租{days}。
How much does it cost to rent {own.a} for {days}? = 租{own.a}，租{days}多少钱？
{subject} drove from {city1} to {city2}. = {subject}从{city1}开车到了{city2}。
It is {kilometers} from {place1.the} to {place2.the}. = 从{place1}到{place2}有{kilometers}。
Going {long_mode1} is {trip_quality.er} than going {long_mode2}. = {long_mode1}比{long_mode2}{trip_quality}。
Is going {long_mode1} {trip_quality.er} than going {long_mode2}? = {long_mode1}比{long_mode2}{trip_quality}吗？
Can I get to {city} {long_mode}? | Can I go to {city} {long_mode}? = 我可以{long_mode}去{city}吗？
Is this the {trip} to {city}? = 这是去{city}的{trip}吗？
{subject} took a taxi to {place.the} {recent}. = {subject}{recent}坐出租车去了{place}。
Is this seat free? | Is anyone sitting here? = 这个座位有人吗？
Please drive more slowly. | Drive more slowly, please. = 请开慢一点。
"""
