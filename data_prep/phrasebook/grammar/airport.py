"""Flights and luggage."""

RULES = """
[sentences]
I would like {flight_seat}. | I'd like {flight_seat}. = 我想要{flight_seat}。
My flight to {air_city} leaves at {day_clock}. = 我去{air_city}的航班{day_clock}起飞。
When does the flight to {air_city} leave? | What time does the flight to {air_city} leave?
    = 去{air_city}的航班几点起飞？
The flight from {air_city} has been canceled. = 从{air_city}来的航班取消了。
The flight to {air_city} leaves from gate {digits}. = 去{air_city}的航班在{digits}号登机口登机。
The flight to {air_city} is {minutes} late. = 去{air_city}的航班晚点了{minutes}。
I have {few} {luggage.counted} with me. = 我带了{few}{luggage.mw}{luggage}。
We are flying from {air_city} to {air_city2} {journey}. | We will fly from {air_city} to {air_city2} {journey}.
    = 我们{journey}从{air_city}飞往{air_city2}。
The flight from {hub} to {european_city} takes {europe_hours}. = 从{hub}到{european_city}的航班要飞{europe_hours}。
The flight from {hub} to {american_city} takes {america_hours}.
    = 从{hub}到{american_city}的航班要飞{america_hours}。
{somebody} will pick me up at the airport {journey}. = {somebody}{journey}会来机场接我。
Please show me your {paper}. | Let me see your {paper}, please. = 请给我看看你的{paper}。
"""
