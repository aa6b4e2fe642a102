"""Shopping: looking for goods, trying them on, comparing and buying."""

RULES = """
[better_good: noun]
{gradable.er} {garment} = 更{gradable}的{garment}

[want_to_buy: verb]
want to buy {ware.a} = 想买{ware.a}
need {ware.a} = 需要{ware.a}
like {ware.this} {ware} = 喜欢这{ware.mw}{ware}

[sentences]
How much {ware.be} {ware.this} {ware}? | How much {ware.do} {ware.this} {ware} cost?
    = 这{ware.mw}{ware}多少钱？
How much {colored_good.be} {colored_good.that} {colored_good}? | How much {colored_good.do} {colored_good.that}
    {colored_good} cost?
    = 那{colored_good.mw}{colored_good}多少钱？
I would like to buy {ware.a}. | I'd like to buy {ware.a}. | I want to buy {ware.a}. = 我想买{ware.a}。
I am looking for {colored_garment.a}. | I'm looking for {colored_garment.a}.
    = 我在找{colored_garment.a}。 | 我正在找{colored_garment.a}。
Do you have {garment.this} {garment} in {color}? | Have you got {garment.this} {garment} in {color}?
    = 这{garment.mw}{garment}有{color}吗？
Do you have {better_good.a}? | Have you got {better_good.a}? = 你们有{better_good}吗？
May I try on {colored_garment.this} {colored_garment}? | Can I try on {colored_garment.this} {colored_garment}?
    = 我可以试试这{colored_garment.mw}{colored_garment}吗？
{garment.this} {garment} {garment.be} too {flaw}. = 这{garment.mw}{garment}太{flaw}了。
{garment.this} {garment} {garment.be} not {flaw} at all. = 这{garment.mw}{garment}一点也不{flaw}。
{cloth.this} {cloth} {cloth.be} made of {fabric}. = 这{cloth.mw}{cloth}是{fabric}做的。
{cloth.be} {cloth.this} {cloth} made of {fabric}? = 这{cloth.mw}{cloth}是{fabric}做的吗？
Please show me {colored_good.that} {colored_good}. | Let me see {colored_good.that} {colored_good}, please.
    = 请给我看看那{colored_good.mw}{colored_good}。 | 请让我看看那{colored_good.mw}{colored_good}。
I will take {colored_good.this} {colored_good}. | I'll take {colored_good.this} {colored_good}.
    = 我要这{colored_good.mw}{colored_good}。
I don't like the color of {garment.that} {garment}. = 我不喜欢那{garment.mw}{garment}的颜色。
I like the {color1} {colored}, not the {color2} {colored.one}. = 我喜欢{color1.attr}{colored}，不喜欢{color2}。
{subject} bought {ware.a} {past}. = {subject}{past}买了{ware.a}。 | {past}{subject}买了{ware.a}。
{subject} {want_to_buy.pres@subject}. = {subject}{want_to_buy}。
Where did you buy {colored_good.that} {colored_good}? | Where did you get {colored_good.that} {colored_good}?
    = 那{colored_good.mw}{colored_good}你是在哪里买的？ | 你在哪里买的那{colored_good.mw}{colored_good}？
Which {garment} do you like best? = 你最喜欢哪{garment.mw}{garment}？
{good.this} {good} {good.be} {quality.er} than that {good.one}.
    = 这{good.mw}{good}比那{good.mw}{quality}。
I want to buy a present for {named}. | I'd like to buy a present for {named}. = 我想给{named}买一件礼物。
I would like to buy {ware.a} for {named}. | I'd like to buy {ware.a} for {named}. = 我想给{named}买{ware.a}。
Can I return {garment.this} {garment}? | May I return {garment.this} {garment}?
    = 我可以退这{garment.mw}{garment}吗？ | 这{garment.mw}{garment}可以退吗？
I would like to exchange {garment.this} {garment} for {better_good.a}.
    = 我想把这{garment.mw}{garment}换成{better_good.a}。
Where can I buy {good.a}? | Where can I get {good.a}? = 哪里可以买到{good}？ | 在哪里可以买到{good}？
Is there a {shop} near here? | Is there a {shop} nearby? = 这附近有{shop}吗？
What time does the {shop} open? | When does the {shop} open? = {shop}几点开门？
The {shop} opens at {clock} and closes at {clock2}. = {shop}{clock}开门，{clock2}关门。
Please wrap {good.this} {good} for me. = 请帮我把这{good.mw}{good}包起来。
Do you sell {good.pl} here? | Do you sell {good.pl} in this shop? = 你们这里卖{good}吗？
"""
