"""On the telephone."""

RULES = """
[sentences]
May I speak to {title}? | Could I speak to {title}? = 请问，{title}在吗？ | 我可以和{title}通话吗？
{title} will not be here {future}. | {title} won't be here {future}. = {title}{future}不在。
Please tell {acquainted} that I will call again {soon}. = 请告诉{acquainted}我{soon}再打电话来。
I will call {somebody.obj} at {set_clock}. = 我{set_clock}给{somebody}打电话。
{somebody} called you {recent_word}. | {somebody} phoned you {recent_word}. = {somebody}{recent_word}给你打过电话。
This is {given} speaking. = 我是{given}。
Please tell me your {detail}. | Please give me your {detail}. = 请告诉我你的{detail}。
What is your {number_detail}? = 你的{number_detail}是多少？
What is your address? = 你的地址是什么？
When is your birthday? = 你的生日是哪天？
What is your name? = 你叫什么名字？
Please send the {document} to {title}. = 请把{document}发给{title}。
{title} sent me {document.a} {recent}. = {title}{recent}给我发了{document.a}。
{somebody} sent me {message.a} {recent_word}. = {somebody}{recent_word}给我发了{message.a}。
"""
