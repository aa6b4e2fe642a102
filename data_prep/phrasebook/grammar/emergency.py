"""Losses, theft and help."""

RULES = """
[sentences]
I lost my {lost} at {place.the}. | I have lost my {lost} at {place.the}. = 我在{place}丢了{lost}。
I left my {lost} in the taxi. = 我把{lost}忘在出租车上了。
{subject} lost {subject.own} {lost} {past}. = {subject}{past}丢了{lost}。
Somebody stole my {lost} at {place.the}. | My {lost} {lost.was} stolen at {place.the}. = 有人在{place}偷了我的{lost}。
Have you seen my {lost}? | Did you see my {lost}? = 你看到我的{lost}了吗？
{somebody} found your {lost} at {place.the}. = {somebody}在{place}找到了你的{lost}。
There has been {vague} near {place.the}. | There was {vague} near {place.the}. = {place}附近发生了{vague}。
Help! Call the police! = 救命！快叫警察！
Please call a doctor! | Call a doctor, please! = 请叫医生！
Where is the nearest {place}? = 最近的{place}在哪里？
"""
