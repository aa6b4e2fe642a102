"""Weather and seasons."""

RULES = """
[weather_past: phrase]
{weather_past_word} = {weather_past_word}
last {weekday} = 上{weekday}

[forecast_day: phrase]
{day_word} = {day_word}
this weekend = 这个周末
next {weekday} = 下{weekday}

[sentences]
It will be {daily_weather} in {city} {forecast_day}. = {forecast_day}{city}是{daily_weather}。
It will rain in {city} {near}. | It is going to rain in {city} {near}. = {near}{city}会下雨。
It will snow in {temperate} {near}. | It is going to snow in {temperate} {near}. = {near}{temperate}会下雪。
It was very {weather_adj} in {temperate} {weather_past}. = {weather_past}{temperate}很{weather_adj}。
It is very {spring_adj} in {temperate} in spring. = {temperate}的春天很{spring_adj}。
It is very hot in {hot_summer} in summer. = {hot_summer}的夏天很热。
It is very humid in {humid_summer} in summer. = {humid_summer}的夏天很潮湿。
It is very {autumn_adj} in {temperate} in autumn. = {temperate}的秋天很{autumn_adj}。
It is very cold in {cold_winter} in winter. = {cold_winter}的冬天很冷。
It is very dry in {dry_winter} in winter. = {dry_winter}的冬天很干燥。
It is {degrees} in {temperate} today. | The temperature in {temperate} is {degrees} today. = 今天{temperate}{degrees}。
It will be {temperature.er} {forecast_day}. = {forecast_day}会更{temperature}。
Is it {summer_adj} in {temperate} in {summer_month}? = {temperate}{summer_month}{summer_adj}吗？
Is it {winter_adj} in {temperate} in {winter_month}? = {temperate}{winter_month}{winter_adj}吗？
I like {season} best. | My favorite season is {season}. = 我最喜欢{season}。
It is too {harsh} today. | It's too {harsh} today. = 今天太{harsh}了。
How is the weather in {city}? | What is the weather like in {city}? = {city}的天气怎么样？
Is {temperate} {weather_adj.er} than {temperate2}? | Is it {weather_adj.er} in {temperate} than in {temperate2}?
    = {temperate}比{temperate2}{weather_adj}吗？
Did it rain in {city} {weather_past}? = {weather_past}{city}下雨了吗？
Did it snow in {temperate} {weather_past}? = {weather_past}{temperate}下雪了吗？
"""
