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
{somebody} has had a pain in {somebody.own} {body} for {days}. = {somebody}{body}疼了{days}了。
My {body} hurts. = 我{body}疼。
Does your {body} hurt? = 你{body}疼吗？
Take this medicine {doses} a day. = 这种药一天吃{doses}。
I would like {remedy.a}. | I'd like {remedy.a}. = 我要买{remedy.a}。
Do you have any {remedy.pl}? | Have you got any {remedy.pl}? = 你们有{remedy}吗？
{somebody} has been ill for {days}. = {somebody}病了{days}了。
{somebody} must stay in bed for {days}. | {somebody} has to stay in bed for {days}. = {somebody}必须卧床休息{days}。
{somebody} is in the hospital. = {somebody}住院了。
{subject} {subject.be} allergic to {allergy}. = {subject}对{allergy}过敏。
I feel very {feeling} today. | I am very {feeling} today. = 我今天很{feeling}。
{subject} {subject.be} very {mood}. = {subject}很{mood}。
Why is {asked} so {mood}? = {asked}为什么这么{mood}？
{subject} {subject.was} very {past_mood} {recent}. = {subject}{recent}很{past_mood}。
"""
