"""Shopping: looking for goods, trying them on, comparing and buying."""

RULES = """
[want_to_buy: verb]
want to buy {ware.a} = 想买{ware.a}
need {need.a} = 需要{need.a}
like {ware.this} {ware} = 喜欢这{ware.mw}{ware}

[better_size: noun]
{size.er} {sized} = {size}一点的{sized}
{extent.er} {lengthy} = {extent}一点的{lengthy}

[sentences]
How much {ware.be} {ware.this} {ware}? | How much {ware.do} {ware.this} {ware} cost? = 这{ware.mw}{ware}多少钱？
How much {colored_good.be} {colored_good.that} {colored_good}? | How much {colored_good.do} {colored_good.that}
    {colored_good} cost?
    = 那{colored_good.mw}{colored_good}多少钱？
I would like to buy {ware.a}. | I'd like to buy {ware.a}. | I want to buy {ware.a}. = 我想买{ware.a}。
I would like to buy {worn.a}. | I'd like to buy {worn.a}. = 我想买{worn.a}。
How much {worn.be} {worn.this} {worn}? | How much {worn.do} {worn.this} {worn} cost? = 这{worn.mw}{worn}多少钱？
I am looking for {colored_garment.a}. | I'm looking for {colored_garment.a}.
    = 我在找{colored_garment.a}。 | 我正在找{colored_garment.a}。
Do you have {garment.this} {garment} in {color}? | Have you got {garment.this} {garment} in {color}?
    = 这{garment.mw}{garment}有{color}吗？
Do you have {better_size.pl}? | Have you got {better_size.pl}? = 你们有{better_size}吗？
May I try on {colored_garment.this} {colored_garment}? | Can I try on {colored_garment.this} {colored_garment}?
    = 我可以试试这{colored_garment.mw}{colored_garment}吗？
{sized.this} {sized} {sized.be} too {size}. = 这{sized.mw}{sized}太{size}了。
{lengthy.this} {lengthy} {lengthy.be} too {extent}. = 这{lengthy.mw}{lengthy}太{extent}了。
{fitted.this} {fitted} {fitted.be} too {fit}. = 这{fitted.mw}{fitted}太{fit}了。
{fitted.this} {fitted} {fitted.be} not {fit} at all. = 这{fitted.mw}{fitted}一点也不{fit}。
{good.this} {good} {good.be} too expensive. = 这{good.mw}{good}太贵了。
{good.this} {good} {good.be} not expensive at all. = 这{good.mw}{good}一点也不贵。
{silk_wear.this} {silk_wear} {silk_wear.be} made of silk. = 这{silk_wear.mw}{silk_wear}是真丝的。
{cotton_wear.this} {cotton_wear} {cotton_wear.be} made of cotton. = 这{cotton_wear.mw}{cotton_wear}是纯棉的。
{wool_wear.be} {wool_wear.this} {wool_wear} made of wool? = 这{wool_wear.mw}{wool_wear}是羊毛的吗？
{leather_wear.be} {leather_wear.this} {leather_wear} made of leather? = 这{leather_wear.mw}{leather_wear}是真皮的吗？
Please show me {colored_good.that} {colored_good}. | Let me see {colored_good.that} {colored_good}, please.
    = 请给我看看那{colored_good.mw}{colored_good}。 | 请让我看看那{colored_good.mw}{colored_good}。
I will take {colored_good.this} {colored_good}. | I'll take {colored_good.this} {colored_good}.
    = 我要这{colored_good.mw}{colored_good}。
I don't like the color of {garment.that} {garment}. = 我不喜欢那{garment.mw}{garment}的颜色。
I like the {color1} {colored}, not the {color2} {colored.ones}. = 我喜欢{color1.attr}{colored}，不喜欢{color2}。
{subject} bought {ware.a} {recent}. = {subject}{recent}买了{ware.a}。 | {recent}{subject}买了{ware.a}。
{subject} bought {dear_good.a} {past}. = {subject}{past}买了{dear_good.a}。 | {past}{subject}买了{dear_good.a}。
{subject} {want_to_buy.pres@subject}. = {subject}{want_to_buy}。
Where did you buy {colored_good.that} {colored_good}? | Where did you get {colored_good.that} {colored_good}?
    = 那{colored_good.mw}{colored_good}你是在哪里买的？ | 你在哪里买的那{colored_good.mw}{colored_good}？
Which {garment} do you like best? = 你最喜欢哪{garment.mw}{garment}？
{good.this} {good} {good.be} {price_adj.er} than {good.those}. = 这{good.mw}{good}比那{good.mw}{price_adj}。
{colored.this} {colored} {colored.be} nicer than {colored.those}. = 这{colored.mw}{colored}比那{colored.mw}好看。
{garment.this} {garment} {garment.be} nicer than {garment.those}. = 这{garment.mw}{garment}比那{garment.mw}好看。
I want to buy a present for {named}. | I'd like to buy a present for {named}. = 我想给{named}买一件礼物。
I would like to buy {gift.a} for {named}. | I'd like to buy {gift.a} for {named}. = 我想给{named}买{gift.a}。
Can I return {garment.this} {garment}? | May I return {garment.this} {garment}?
    = 我可以退这{garment.mw}{garment}吗？ | 这{garment.mw}{garment}可以退吗？
I would like to exchange {sized.this} {sized} for a {size.er} {sized.one}. = 我想把这{sized.mw}{sized}换成{size}一点的。
Where can I buy {good.a}? | Where can I get {good.a}? = 哪里可以买到{good}？ | 在哪里可以买到{good}？
Is there a {shop} near here? | Is there a {shop} nearby? = 这附近有{shop}吗？
What time does the {shop} open? | When does the {shop} open? = {shop}几点开门？
The {shop} opens at {opening_clock} and closes at {closing_clock}. = {shop}{opening_clock}开门，{closing_clock}关门。
Please wrap {handy.this} {handy} for me. = 请帮我把这{handy.mw}{handy}包起来。
Do you sell {good.pl} here? | Do you sell {good.pl} in this shop? = 你们这里卖{good}吗？
"""
