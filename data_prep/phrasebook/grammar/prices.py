"""Prices, discounts and paying."""

RULES = """
[sentences]
{good.that} {good} cost me {price}. | I paid {price} for {good.that} {good}.
    = 那{good.mw}{good}花了我{price}。
That is {price} altogether. | That's {price} altogether. | It costs {price} altogether. = 一共{price}。
{small} {fruit.pl} cost {low_price}. = {small}{fruit.mw}{fruit}{low_price}。
How much do {small} {fruit.pl} cost? | How much are {small} {fruit.pl}? = {small}{fruit.mw}{fruit}多少钱？
I would like {small} {fruit.pl}. | I'd like {small} {fruit.pl}. | I want {small} {fruit.pl}.
    = 我要{small}{fruit.mw}{fruit}。
Please give me {small} {fruit.pl}. | Give me {small} {fruit.pl}, please. = 请给我{small}{fruit.mw}{fruit}。
The {fruit.pl} are very fresh today. = 今天的{fruit}很新鲜。
Are the {fruit.pl} {tasty}? = {fruit}{tasty}吗？
The {fruit.pl} are too {priced}. = {fruit}太{priced}了。
Can I pay {payment}? | May I pay {payment}? = 可以{payment}付款吗？ | 我可以{payment}付款吗？
I would like to pay {payment}. | I'd like to pay {payment}. = 我想{payment}付款。
{subject} paid {price} {payment}. = {subject}{payment}付了{price}。
Here is {price}. | Here you are, {price}. = 给你{price}。
Can you give me a discount of {discount}? | Could you give me a discount of {discount}?
    = 能给我打{discount}吗？
We have a discount of {discount} {future}. = {future}我们打{discount}。
{garment.this} {garment} {garment.be} {discount} off. = 这{garment.mw}{garment}打{discount}。
That is too expensive. Can I have it for {price}? | That's too expensive. Can I have it for {price}?
    = 太贵了。{price}可以吗？
{somebody} lent me {price} {past}. = {somebody}{past}借给我{price}。
{subject} spent {price} at the {shop} {past}. = {subject}{past}在{shop}花了{price}。
A {room_type} costs {high_price} a night. = {room_type}一个晚上{high_price}。
How much is a ticket to {city}? | How much does a ticket to {city} cost? = 去{city}的票多少钱？
A ticket to {city} costs {high_price}. = 去{city}的票{high_price}。
{small} tickets to {city} cost {high_price}. = {small}张去{city}的票{high_price}。
{garment.this} {garment} {garment.be} worth {price}. = 这{garment.mw}{garment}值{price}。
I need a receipt for {price}. = 我需要一张{price}的收据。
Your change is {price}. | Here is your change, {price}. = 找你{price}。
Do you have change for {price}? | Can you change {price}? = 你能换开{price}吗？

[tasty: phrase]
sweet = 甜
sour = 酸
fresh = 新鲜
expensive = 贵
ripe = 熟

[priced: phrase]
expensive = 贵
small = 小
sour = 酸
big = 大
"""
