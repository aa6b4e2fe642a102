"""Losses, theft and help."""

RULES = """
[sentences]
I lost my {lost} {place.at}. = 我在{place}丢了{lost}。
I left my {lost} in the taxi. = 我把{lost}忘在出租车上了。
{somebody} lost {somebody.own} {lost} {recent}. = {somebody}{recent}丢了{lost}。
My {valuable} {valuable.was} stolen {busy_place.at}. = 我的{valuable}在{busy_place}被偷了。
Somebody stole my {valuable} {busy_place.at}. = 有人在{busy_place}偷了我的{valuable}。
Have you seen my {lost}? | Did you see my {lost}? = 你看到我的{lost}了吗？
{somebody} found your {lost} {place.at}. = {somebody}在{place}找到了你的{lost}。
There has been {vague} near {landmark.the}. | There was {vague} near {landmark.the}. = {landmark}附近发生了{vague}。
Help! Call the police! = 救命！快叫警察！
Please call a doctor! | Call a doctor, please! = 请叫医生！
Where is the nearest {handy_place}? = 最近的{handy_place}在哪里？
"""
