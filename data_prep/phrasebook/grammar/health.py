"""At the doctor's and the pharmacy."""

RULES = """
[sentences]
{subject} {symptom.pres@subject}. = {subject}{symptom}。
{subject} {subject.have} had a pain in the {body} for {days}. = {subject}的{body}疼了{days}了。
My {body} hurts. = 我的{body}疼。
Does your {body} hurt? = 你的{body}疼吗？
Take this medicine {small} times a day. | Please take this medicine {small} times a day.
    = 这种药一天吃{small}次。
I would like {remedy.a}. | I'd like {remedy.a}. = 我要买{remedy.a}。
Do you have {remedy.a}? | Have you got {remedy.a}? = 你们有{remedy}吗？
{somebody} has been ill for {days}. = {somebody}病了{days}了。
{somebody} must stay in bed for {days}. | {somebody} has to stay in bed for {days}.
    = {somebody}必须卧床{days}。
{somebody} is in the hospital. = {somebody}在医院里。
{subject} {subject.be} allergic to {allergy}. = {subject}对{allergy}过敏。
I feel very {mood} today. = 我今天觉得很{mood}。
{subject} {subject.be} very {mood}. = {subject}很{mood}。
Why {subject.be} {subject} so {mood}? = {subject}为什么这么{mood}？
{subject} {subject.was} very {mood} {past}. = {subject}{past}很{mood}。
"""
