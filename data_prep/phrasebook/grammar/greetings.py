"""Greetings, introductions, wishes and thanks."""

RULES = """
[country_food: phrase]
{country.the} = {country}
{city} = {city}

[sentences]
Hello! | Hi! = 你好！
Good morning! = 早上好！
Good evening! = 晚上好！
Good night! = 晚安！
Goodbye! | Bye! = 再见！
See you tomorrow! = 明天见！
Nice to meet you. | Pleased to meet you. = 很高兴认识你。 | 认识你很高兴。
How are you? | How are you doing? = 你好吗？
Thank you very much. | Thanks a lot. = 非常感谢。
You are welcome. | Don't mention it. = 不客气。
I am sorry. | Sorry. = 对不起。
Good morning, {title}! = {title}，早上好！
Good evening, {title}! = {title}，晚上好！
Hello, {given}! | Hi, {given}! = 你好，{given}！
Goodbye, {title}! | Bye, {title}! = {title}，再见！
See you {future}, {given}! = {given}，{future}见！
See you at {clock}! = {clock}见！
See you {future} at {clock}! = {future}{clock}见！
See you {future}! = {future}见！
My name is {given}. | I am called {given}. = 我叫{given}。 | 我的名字是{given}。
I come from {country_food}. | I am from {country_food}. | I'm from {country_food}. = 我来自{country_food}。
{somebody} {somebody.be} from {country_food}. | {somebody} comes from {country_food}.
    = {somebody}来自{country_food}。
Is {somebody} from {country_food}? = {somebody}来自{country_food}吗？
{subject} {subject.be} {nationality}. = {subject}是{nationality}。
{subject} {subject.be} not {nationality}. = {subject}不是{nationality}。
Is {somebody} {nationality}? = {somebody}是{nationality}吗？
This is my {kin}. | Let me introduce my {kin}. = 这是我{kin}。
This is my {acquaintance}, {given}. = 这是我的{acquaintance}{given}。
How is {named}? = {named}好吗？
How is {somebody} today? = {somebody}今天怎么样？
Please say hello to {somebody.obj} for me. | Please give {somebody.obj} my regards.
    = 请替我向{somebody}问好。
I have heard a lot about {named}. | I've heard a lot about {named}. = 我经常听说{named}。
I wish you {wish}! | We wish you {wish}! = 祝你{wish}！
Thank you for {thanks}. | Thanks for {thanks}. = 谢谢你{thanks}。
Welcome to {country_food}! = 欢迎来到{country_food}！
Do you know {somebody.obj}? = 你认识{somebody}吗？
I don't know {somebody.obj}. | I do not know {somebody.obj}. = 我不认识{somebody}。
I met {named} in {city} {past}. = 我{past}在{city}认识了{named}。
I have known {named} for {years}. | I've known {named} for {years}. = 我认识{named}{years}了。

[thanks: phrase]
your help = 的帮助
your advice = 的建议
your letter = 的信
your invitation = 的邀请
your present = 的礼物
your dinner = 的晚饭
your hospitality = 的款待
your patience = 的耐心
your email = 的邮件
"""
