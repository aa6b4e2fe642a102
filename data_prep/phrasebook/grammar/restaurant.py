"""Eating out: tables, ordering, tastes and the bill."""

RULES = """
[order: noun]
{serving} = {serving}
{drink} = {drink}

[like_food: verb]
like {food} = 喜欢{food}
want to eat {dish} = 想吃{dish}

[flavor: phrase]
salty = 咸
sweet = 甜
sour = 酸
spicy = 辣
greasy = 油腻

[sentences]
I would like {order.a}. | I'd like {order.a}. | I will have {order.a}. = 我想要{order.a}。 | 我要{order.a}。
Please bring us {order.a}. | Bring us {order.a}, please. = 请给我们来{order.a}。 | 请给我们上{order.a}。
Could you bring me {order.a}? | Can you bring me {order.a}? = 可以给我来{order.a}吗？ | 能给我来{order.a}吗？
{small} {serving.pl}, please. = 请来{small}{serving.mw}{serving}。
{small} {drink.pl}, please. = 请来{small}{drink.mw}{drink}。
{serving.a} and {drink.a}, please. = 请来{serving.a}和{drink.a}。
We would like {small1} {serving.pl} and {small2} {drink.pl}. | We'd like {small1} {serving.pl} and {small2} {drink.pl}.
    = 我们想要{small1}{serving.mw}{serving}和{small2}{drink.mw}{drink}。
Would you like {order.a}? | Do you want {order.a}? = 你想要{order.a}吗？ | 你要{order.a}吗？
I ordered {order1.a}, not {order2.a}. = 我点的是{order1.a}，不是{order2.a}。
{subject} ordered {order.a}. = {subject}点了{order.a}。
{subject} {like_food.pres@subject}. = {subject}{like_food}。
{subject} {subject.do} not {like_food}. = {subject}不{like_food}。
Does {somebody} {like_food}? = {somebody}{like_food}吗？
Do you {like_food}? = 你{like_food}吗？
The {dish} {dish.be} very {taste}. | The {dish} {dish.be} really {taste}. = {dish}很{taste}。 | {dish}非常{taste}。
The {dish} {dish.be} too {toofood}. = {dish}太{toofood}了。
{dish.be} the {dish} {taste}? = {dish}{taste}吗？
Please don't make the {dish} too {flavor}. = {dish}请不要做得太{flavor}。
Please don't put any {spice} in the {dish}. | Please make the {dish} without {spice}. = {dish}里请不要放{spice}。
Could you pass me the {spice}? | Can you pass me the {spice}? = 你能把{spice}递给我吗？ | 可以把{spice}递给我吗？
Please bring me {tableware.a}. | Bring me {tableware.a}, please. = 请给我拿{tableware.a}。
Could you bring us {small} {tableware.counted}? | Can you bring us {small} {tableware.counted}?
    = 可以给我们拿{small}{tableware.mw}{tableware}吗？
Waiter, I need {tableware.a}. = 服务员，我需要{tableware.a}。
Waiter, we need {small} {tableware.counted}. = 服务员，我们需要{small}{tableware.mw}{tableware}。
There {tableware.be} no {tableware} on our table. = 我们的桌子上没有{tableware}。
Do you have a table for {small} people? | Is there a table for {small} people? = 有{small}个人的座位吗？
I would like to reserve a table for {small} people {when}. | I'd like to reserve a table for {small} people {when}.
    = 我想预订{when}{small}个人的座位。
I reserved a table for {small} people. | I have reserved a table for {small} people. = 我预订了{small}个人的座位。
Have you ever eaten {dish}? | Have you ever tried {dish}? = 你吃过{dish}吗？
{subject} {subject.have} never eaten {dish}. | {subject} {subject.have} never tried {dish}. = {subject}从来没吃过{dish}。
{subject} {subject.have} eaten {dish} before. = {subject}以前吃过{dish}。
Let's eat {cuisine} {soon}. | Let us eat {cuisine} {soon}. = 我们{soon}吃{cuisine}吧。
Where can we eat {cuisine}? | Where can we get {cuisine}? = 我们在哪里可以吃到{cuisine}？ | 哪里可以吃到{cuisine}？
{cuisine1} tastes better than {cuisine2}. = {cuisine1}比{cuisine2}好吃。
I like {cuisine1} better than {cuisine2}. | I prefer {cuisine1} to {cuisine2}. = 比起{cuisine2}，我更喜欢{cuisine1}。
{subject} ate {serving.a} {recent}. | {subject} had {serving.a} {recent}. = {subject}{recent}吃了{serving.a}。
{subject} drank {drink.a} {recent}. = {subject}{recent}喝了{drink.a}。
{subject} {subject.be} drinking {drink.a}. = {subject}在喝{drink.a}。 | {subject}正在喝{drink.a}。
What did you eat for {meal}? | What did you have for {meal}? = 你{meal}吃了什么？
What do you want to eat for {meal}? | What would you like to eat for {meal}? = {meal}你想吃什么？ | 你{meal}想吃什么？
Let me invite you to {meal}. | Let me treat you to {meal}. = 我请你吃{meal}。
Which is cheaper, the {dish1} or the {dish2}? = {dish1}和{dish2}，哪个便宜？
What would you like to drink? | What do you want to drink? = 你想喝什么？
The bill, please. | Please bring us the bill. = 请结账。 | 买单。
This is not what I ordered. = 这不是我点的菜。
Cheers! = 干杯！
I am full. | I'm full. = 我吃饱了。
"""
