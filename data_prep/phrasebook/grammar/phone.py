"""On the telephone."""

RULES = """
[sentences]
May I speak to {title}? | Could I speak to {title}? = 我可以跟{title}说话吗？
{title} will not be here {future}. | {title} won't be here {future}. = {title}{future}不在。
Please tell {named} that I will call again {future}. = 请告诉{named}我{future}再打电话。
I will call {somebody.obj} at {clock}. = 我{clock}给{somebody}打电话。
{somebody} called you {past}. | {somebody} phoned you {past}. = {somebody}{past}给你打了电话。
This is {given} speaking. = 我是{given}。
Please give me your {paper_detail}. = 请给我你的{paper_detail}。
What is your {paper_detail}? = 你的{paper_detail}是什么？
Please send the {sendable} to {named}. = 请把{sendable}发给{named}。
{somebody} sent me {sendable.a} {past}. = {somebody}{past}给我发了{sendable.a}。
"""
