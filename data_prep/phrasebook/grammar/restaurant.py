"""Restaurants: booking a table, ordering, tastes and paying the bill."""

RULES = """
[order: noun]
{serving} = {serving}
{drink} = {drink}

# What one remembers of a meal.
[ate: verb]
eat {tasty_dish.a} = 吃了{tasty_dish.a}
drink {tasty_drink.a} = 喝了{tasty_drink.a}

# What goes together.
[together: phrase]
{meal_dish.a} and {meal_drink.a} = {meal_dish.a}和{meal_drink.a}
{snack.a} and {snack_drink.a} = {snack.a}和{snack_drink.a}

[portion: noun]
{meal_dish} = {meal_dish}
{drink} = {drink}

[liking: verb]
like {plain} = 喜欢吃{plain}
like tofu = 喜欢豆腐
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

[sentences]
I would like {order.a}, please. | I'd like {order.a}, please. = 请给我来{order.a}。 | 请给我{order.a}。
I would like {order.a}. | I'd like {order.a}. | I want {order.a}. = 我想要{order.a}。
{subject} would like {together}. = {subject}想要{together}。
{few} {portion.counted}, please. = 请来{few}{portion.mw}{portion}。
{group} ordered {few} {portion.counted}. = {group}点了{few}{portion.mw}{portion}。
{single} ordered {order.a}. = {single}点了{order.a}。
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
The {dish} {dish.be} too {seasoning}. = {dish}太{seasoning}了。
The {served_hot} {served_hot.be} too {warmth}. = {served_hot}太{warmth}了。
The {dish} here {dish.be} really {taste}. = 这里的{dish}很{taste}。
The {hot_dish} {hot_dish.be} too spicy. = {hot_dish}太辣了。
The {hot_dish} here {hot_dish.be} very spicy. = 这里的{hot_dish}很辣。
{dish.be} the {dish} {taste}? = {dish}{taste}吗？
{hot_dish.be} the {hot_dish} spicy? = {hot_dish}辣吗？
Please don't put any {topping} in my {topped}. | No {topping} in my {topped}, please.
    = 我的{topped}里请不要放{topping}。
Please don't put too much {spice} in the {seasoned}. | Not too much {spice} in the {seasoned}, please.
    = {seasoned}里请少放点{spice}。
Can I have some more {condiment}? | May I have some more {condiment}? = 我可以再要一点{condiment}吗？
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
{subject} {ate.past} {recent_meal_word}. = {subject}{recent_meal_word}{ate}。 | {recent_meal_word}{subject}{ate}。
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
