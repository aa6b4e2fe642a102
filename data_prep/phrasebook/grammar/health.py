"""At the doctor's and the pharmacy."""

RULES = """
[doses: phrase]
once = 一次
twice = 两次
three times = 三次
four times = 四次

[sentences]
I {symptom}. = 我{symptom}。
{somebody} {symptom.s}. = {somebody}{symptom}。
{somebody} has had a pain in {somebody.own} {body} for {sick_days}. = {somebody}{body}疼了{sick_days}了。
My {body} hurts. = 我{body}疼。
Does your {body} hurt? = 你{body}疼吗？
Take this medicine {doses} a day. = 这种药一天吃{doses}。
I would like {remedy.a}. | I'd like {remedy.a}. = 我要买{remedy.a}。
Do you have any {remedy.pl}? | Have you got any {remedy.pl}? = 你们有{remedy}吗？
{somebody} has been ill for {sick_days}. = {somebody}病了{sick_days}了。
{somebody} must stay in bed for {sick_days}. | {somebody} has to stay in bed for {sick_days}.
    = {somebody}必须卧床休息{sick_days}。
{somebody} is in the hospital. = {somebody}住院了。
{single} {single.be} allergic to {allergy}. = {single}对{allergy}过敏。
I feel very {feeling} today. | I am very {feeling} today. = 我今天很{feeling}。
{subject} {subject.be} very {mood}. = {subject}很{mood}。
Why is {asked} so {past_mood}? = {asked}为什么这么{past_mood}？
{subject} {subject.was} very {past_mood} {recent_word}. = {subject}{recent_word}很{past_mood}。
"""
