"""Greetings, introductions, wishes and thanks."""

RULES = """
[origin: phrase]
{country.the} = {country}
{city} = {city}

[stranger: person]
{third} = {third}
{western} = {western}
your {partner} = 你{partner}
your {acquaintance} = 你的{acquaintance}

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
See you at {set_clock}! = {set_clock}见！
See you {day} at {set_clock}! = {day}{set_clock}见！
See you {future}! = {future}见！
My name is {given}. | I'm {given}. = 我叫{given}。 | 我的名字叫{given}。
I come from {origin}. | I am from {origin}. | I'm from {origin}. = 我来自{origin}。
{foreigner} is from {origin}. | {foreigner} comes from {origin}. = {foreigner}来自{origin}。
Is {stranger} from {origin}? = {stranger}来自{origin}吗？
I am {nationality}. | I'm {nationality}. = 我是{nationality}。
{foreigner} is {nationality}. = {foreigner}是{nationality}。
{foreigner} is not {nationality}. | {foreigner} isn't {nationality}. = {foreigner}不是{nationality}。
Is {stranger} {nationality}? = {stranger}是{nationality}吗？
This is my {kin}. = 这是我{kin}。
Let me introduce my {kin}. = 我来介绍一下，这是我{kin}。
This is my {acquaintance}, {given}. = 这是我的{acquaintance}{given}。
How is {asked}? = {asked}好吗？
How is {asked} today? = {asked}今天怎么样？
Please say hello to {known} for me. | Please give {known} my regards. = 请替我向{known}问好。
I have heard a lot about {known}. | I've heard a lot about {known}. = 我听说过很多关于{known}的事。
I wish you {wish}! | We wish you {wish}! = 祝你{wish}！
Thank you for {thanks}. | Thanks for {thanks}. = 谢谢你{thanks}。
Welcome to {origin}! = 欢迎来到{origin}！
Do you know {named}? = 你认识{named}吗？
I don't know {known}. | I do not know {known}. = 我不认识{known}。
I met {acquainted} in {city} {past}. = 我{past}在{city}认识了{acquainted}。
I have known {acquainted} for {years}. | I've known {acquainted} for {years}. = 我认识{acquainted}{years}了。

[thanks: phrase]
your help = 的帮助
your advice = 的建议
your letter = 的信
your invitation = 的邀请
your present = 的礼物
your hospitality = 的款待
your patience = 的耐心
your email = 的邮件
"""
