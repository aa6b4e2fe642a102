"""Weather and seasons."""

RULES = """
[sentences]
It will be {daily_weather} in {city} {future}. = {future}{city}是{daily_weather}。
It was very {weather_adj} in {city} {past}. = {past}{city}很{weather_adj}。
It is very {weather_adj} in {city} in {season}. = {city}的{season}很{weather_adj}。
It is {degrees} in {city} today. | The temperature in {city} is {degrees} today. = 今天{city}{degrees}。
It will be {weather_adj.er} {future}. = {future}会更{weather_adj}。
Is it {weather_adj} in {city} in {month}? = {city}{month}{weather_adj}吗？
I like {season} best. | My favorite season is {season}. = 我最喜欢{season}。
It is too {weather_adj} today. | It's too {weather_adj} today. = 今天太{weather_adj}了。
How is the weather in {city}? | What is the weather like in {city}? = {city}的天气怎么样？
{city} is {weather_adj.er} than {city2}. = {city}比{city2}{weather_adj}。
"""
