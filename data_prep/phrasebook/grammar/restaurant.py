"""Restaurants: booking a table, ordering, tastes and paying the bill."""

RULES = """
[order: noun]
{serving} = {serving}
{drink} = {drink}

[ate: verb]
eat {meal_dish.a} = 吃了{meal_dish.a}
drink {drink.a} = 喝了{drink.a}

[liking: verb]
like {plain} = 喜欢吃{plain}
like {special} = 喜欢吃{special}
like {cuisine} = 喜欢吃{cuisine}
like {beverage} = 喜欢喝{beverage}

[disliked: phrase]
{plain} = 吃{plain}
{cuisine} = 吃{cuisine}
{beverage} = 喝{beverage}

[cuisine_act: verb]
want to eat {cuisine} = 想吃{cuisine}
want to make {home_dish} = 想做{home_dish}
know how to make {home_dish} = 会做{home_dish}

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

[recent_meal: phrase]
{recent_meal_word} = {recent_meal_word}
last {weekday} = 上{weekday}

[sentences]
I would like {order.a}, please. | I'd like {order.a}, please. = 请给我来{order.a}。 | 请给我{order.a}。
I would like {order.a}. | I'd like {order.a}. | I want {order.a}. = 我想要{order.a}。
We would like {serving.a} and {drink.a}. | We'd like {serving.a} and {drink.a}. = 我们想要{serving.a}和{drink.a}。
{few} {order.counted}, please. = 请来{few}{order.mw}{order}。
{subject} ordered {few} {drink.counted}. = {subject}点了{few}{drink.mw}{drink}。
{subject} had {meal_dish.a} for {main_meal}. | {subject} ate {meal_dish.a} for {main_meal}.
    = {subject}{main_meal}吃了{meal_dish.a}。
{subject} had {light_meal.a} for breakfast. | {subject} ate {light_meal.a} for breakfast.
    = {subject}早饭吃了{light_meal.a}。
Would you like {order.a}? | Do you want {order.a}? = 你想要{order.a}吗？
How much does {order.a} cost? | How much is {order.a}? = {order.a}多少钱？
Do you have {dish}? | Do you serve {dish}? = 你们有{dish}吗？
{subject} {subject.do} not eat {plain}. | {subject} {subject.do}n't eat {plain}. = {subject}不吃{plain}。
{somebody} does not like {disliked}. | {somebody} doesn't like {disliked}. = {somebody}不喜欢{disliked}。
{subject} {liking.pres@subject} very much. | {subject} really {liking.pres@subject}. = {subject}很{liking}。
Have you ever tried {special}? | Have you ever eaten {special}? = 你吃过{special}吗？
I have never tried {special}. | I've never tried {special}. = 我从来没吃过{special}。
The {dish} {dish.be} too {toofood}. = {dish}太{toofood}了。
The {dish} here {dish.be} really {taste}. = 这里的{dish}很{taste}。
The {hot_dish} {hot_dish.be} too spicy. = {hot_dish}太辣了。
The {hot_dish} here {hot_dish.be} very spicy. = 这里的{hot_dish}很辣。
{dish.be} the {dish} {taste}? = {dish}{taste}吗？
{hot_dish.be} the {hot_dish} spicy? = {hot_dish}辣吗？
Please don't put any {spice} in the {seasoned}. | No {spice} in the {seasoned}, please. = {seasoned}里请不要放{spice}。
Can I have some more {spice}? | May I have some more {spice}? = 我可以再要一点{spice}吗？
Please bring me {tableware.a}. = 请给我拿{tableware.a}。
Could you bring us {few} {tableware.counted}? | Can you bring us {few} {tableware.counted}?
    = 你能给我们拿{few}{tableware.mw}{tableware}吗？
I would like to reserve a table for {small} people {dinner_time}. | I'd like to reserve a table for {small} people
    {dinner_time}.
    = 我想预订{dinner_time}{small}个人的座位。
Do you have a table for {small}? | Do you have a table for {small} people? = 你们有{small}个人的座位吗？
We have reserved a table for {dinner_clock}. | We've reserved a table for {dinner_clock}.
    = 我们预订了{dinner_clock}的座位。
Is there a {cuisine_adj} restaurant near here? | Is there a {cuisine_adj} restaurant nearby?
    = 这附近有{cuisine_adj}餐馆吗？
What time is {meal} served? | When is {meal} served? = 几点供应{meal}？ | {meal}几点供应？
Let's have {cuisine} {dinner_near}. | Let's eat {cuisine} {dinner_near}. = 我们{dinner_near}吃{cuisine}吧。
{subject} {ate.past} {recent_meal}. = {subject}{recent_meal}{ate}。 | {recent_meal}{subject}{ate}。
{subject} {cuisine_act.pres@subject}. = {subject}{cuisine_act}。
Have you ever eaten {cuisine}? | Have you ever tried {cuisine}? = 你吃过{cuisine}吗？
Which do you prefer, {special1} or {special2}? | Do you prefer {special1} or {special2}?
    = 你更喜欢{special1}还是{special2}？
{subject} would like {special1} and {special2}. = {subject}想要{special1}和{special2}。
The bill, please. | Check, please. = 请结账。
Can I see the menu? | May I see the menu? = 我可以看看菜单吗？
This is not what I ordered. | I didn't order this. = 这不是我点的。
I am full. | I'm full. = 我吃饱了。
It is delicious. | It's delicious. = 很好吃。
Cheers! = 干杯！
Enjoy your meal! = 用餐愉快！
"""
