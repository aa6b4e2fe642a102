"""Flights and luggage."""

RULES = """
[sentences]
I would like {flight_seat}. | I'd like {flight_seat}. = 我想要{flight_seat}。
My flight to {city} leaves at {day_clock}. = 我去{city}的航班{day_clock}起飞。
When does the flight to {city} leave? | What time does the flight to {city} leave? = 去{city}的航班几点起飞？
The flight from {city} has been canceled. = 从{city}来的航班取消了。
The flight to {city} leaves from gate {digits}. = 去{city}的航班在{digits}号登机口登机。
I have {small} {lost.counted} with me. = 我带了{small}{lost.mw}{lost}。
We are flying from {city} to {city2} {future}. | We will fly from {city} to {city2} {future}.
    = 我们{future}从{city}飞到{city2}。
The flight from {city} to {city2} takes {hours}. = 从{city}到{city2}的航班要{hours}。
{somebody} will pick me up at the airport {future}. = {somebody}{future}会来机场接我。
Please show me your {paper}. | Let me see your {paper}, please. = 请给我看看你的{paper}。
"""
