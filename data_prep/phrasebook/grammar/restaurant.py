"""Restaurants: booking a table, ordering, tastes and paying the bill."""

RULES = """
[order: noun]
{serving} = {serving}
{drink} = {drink}

[ate: verb]
eat {serving.a} = 吃*{serving.a}
drink {drink.a} = 喝*{drink.a}
order {dish} = 点*{dish}

[sentences]
I would like {order.a}, please. | I'd like {order.a}, please. = 请给我来{order.a}。 | 请给我{order.a}。
I would like {order.a}. | I'd like {order.a}. | I want {order.a}. = 我想要{order.a}。
We would like {serving.a} and {drink.a}. | We'd like {serving.a} and {drink.a}.
    = 我们想要{serving.a}和{drink.a}。
{small} {order.counted}, please. = 请来{small}{order.mw}{order}。
{subject} ordered {small} {drink.counted}. = {subject}点了{small}{drink.mw}{drink}。
{subject} had {serving.a} for {meal}. | {subject} ate {serving.a} for {meal}.
    = {subject}{meal}吃了{serving.a}。
Would you like {order.a}? | Do you want {order.a}? = 你想要{order.a}吗？
How much does {order.a} cost? | How much is {order.a}? = {order.a}多少钱？
Do you have {dish}? | Do you serve {dish}? = 你们有{dish}吗？
{subject} {subject.do} not eat {edible}. | {subject} {subject.do}n't eat {edible}. = {subject}不吃{edible}。
{somebody} does not like {food}. | {somebody} doesn't like {food}. = {somebody}不喜欢{food}。
{subject} {liking.pres@subject} very much. | {subject} really {liking.pres@subject}.
    = {subject}很{liking}。
Have you ever tried {dish}? | Have you ever eaten {dish}? = 你吃过{dish}吗？
I have never tried {dish}. | I've never tried {dish}. = 我从来没吃过{dish}。
The {dish} {dish.be} too {toofood}. = {dish}太{toofood}了。
The {dish} here {dish.be} very {taste}. = 这里的{dish}很{taste}。
{dish.be} the {dish} {taste}? = {dish}{taste}吗？
Please don't put any {spice} in the {dish}. | No {spice} in the {dish}, please. = {dish}里请不要放{spice}。
Can I have some more {spice}? | May I have some more {spice}? = 我可以再要一点{spice}吗？
Please bring me {tableware.a}. = 请给我拿{tableware.a}。
Could you bring us {small} {tableware.counted}? | Can you bring us {small} {tableware.counted}?
    = 你能给我们拿{small}{tableware.mw}{tableware}吗？
I would like to reserve a table for {small} people {future}. | I'd like to reserve a table for {small} people {future}.
    = 我想预订{future}{small}个人的座位。
Do you have a table for {small}? | Do you have a table for {small} people? = 你们有{small}个人的座位吗？
We have reserved a table for {clock}. | We've reserved a table for {clock}. = 我们预订了{clock}的座位。
Is there a {cuisine_adj} restaurant near here? | Is there a {cuisine_adj} restaurant nearby?
    = 这附近有{cuisine_adj}餐馆吗？
What time is {meal} served? | When is {meal} served? = 几点供应{meal}？ | {meal}几点供应？
Let's have {cuisine} {soon}. | Let's eat {cuisine} {soon}. = 我们{soon}吃{cuisine}吧。
{subject} {ate.past} {past}. = {subject}{past}{ate.le}。 | {past}{subject}{ate.le}。
{subject} {cuisine_act.pres@subject}. = {subject}{cuisine_act}。
Have you ever eaten {cuisine}? | Have you ever tried {cuisine}? = 你吃过{cuisine}吗？
Which do you prefer, {dish1} or {dish2}? | Do you prefer {dish1} or {dish2}? = 你更喜欢{dish1}还是{dish2}？
{subject} would like {dish1} and {dish2}. = {subject}想要{dish1}和{dish2}。
The bill, please. | Check, please. = 请结账。
Can I see the menu? | May I see the menu? = 我可以看看菜单吗？
This is not what I ordered. | I didn't order this. = 这不是我点的。
I am full. | I'm full. = 我吃饱了。
It is very delicious. | It's very delicious. = 很好吃。
Cheers! = 干杯！

[liking: verb]
like {food} = 喜欢{food}
like {dish} = 喜欢{dish}
like {cuisine} = 喜欢{cuisine}

[cuisine_act: verb]
hate {cuisine} = 讨厌{cuisine}
want to eat {cuisine} = 想吃{cuisine}
want to cook {dish} = 想做{dish}
know how to cook {dish} = 会做{dish}

[cuisine_adj: phrase]
Chinese = 中国
Japanese = 日本
Italian = 意大利
French = 法国
Indian = 印度
Thai = 泰国
Korean = 韩国
Mexican = 墨西哥
Greek = 希腊
"""
