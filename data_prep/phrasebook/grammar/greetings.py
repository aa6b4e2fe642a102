"""Greetings, introductions, wishes and thanks."""

RULES = """
[origin: phrase]
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
I come from {origin}. | I am from {origin}. | I'm from {origin}. = 我来自{origin}。
{somebody} {somebody.be} from {origin}. | {somebody} comes from {origin}.
    = {somebody}来自{origin}。
Is {asked} from {origin}? = {asked}来自{origin}吗？
{subject} {subject.be} {nationality}. = {subject}是{nationality}。
{subject} {subject.be} not {nationality}. = {subject}不是{nationality}。
Is {asked} {nationality}? = {asked}是{nationality}吗？
This is my {kin}. | Let me introduce my {kin}. = 这是我{kin}。
This is my {acquaintance}, {given}. = 这是我的{acquaintance}{given}。
How is {asked}? = {asked}好吗？
How is {asked} today? = {asked}今天怎么样？
Please say hello to {somebody.obj} for me. | Please give {somebody.obj} my regards.
    = 请替我向{somebody}问好。
I have heard a lot about {named}. | I've heard a lot about {named}.
    = 我听说过很多关于{named}的事。
I wish you {wish}! | We wish you {wish}! = 祝你{wish}！
Thank you for {thanks}. | Thanks for {thanks}. = 谢谢你{thanks}。
Welcome to {origin}! = 欢迎来到{origin}！
Do you know {asked.obj}? = 你认识{asked}吗？
I don't know {asked.obj}. | I do not know {asked.obj}. = 我不认识{asked}。
I met {acquainted} in {city} {past}. = 我{past}在{city}认识了{acquainted}。
I have known {acquainted} for {years}. | I've known {acquainted} for {years}. = 我认识{acquainted}{years}了。

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
