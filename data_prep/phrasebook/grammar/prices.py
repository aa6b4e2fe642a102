"""Prices, discounts and paying."""

RULES = """
[tasty: phrase]
sweet = 甜
sour = 酸
ripe = 熟了
fresh = 新鲜

[sentences]
{cheap_good.that} {cheap_good} cost me {low_price}. | I paid {low_price} for {cheap_good.that} {cheap_good}.
    = 那{cheap_good.mw}{cheap_good}花了我{low_price}。
{middle_good.that} {middle_good} cost me {middle_price}. | I paid {middle_price} for {middle_good.that} {middle_good}.
    = 那{middle_good.mw}{middle_good}花了我{middle_price}。
{dear_good.that} {dear_good} cost me {high_price}. | I paid {high_price} for {dear_good.that} {dear_good}.
    = 那{dear_good.mw}{dear_good}花了我{high_price}。
That is {price} altogether. | That's {price} altogether. | It costs {price} altogether. = 一共{price}。
{few} {orchard_fruit.pl} cost {fruit_price}. = {few}{orchard_fruit.mw}{orchard_fruit}{fruit_price}。
{few} {vegetable.pl} cost {vegetable_price}. = {few}{vegetable.mw}{vegetable}{vegetable_price}。
How much do {small} {piece_fruit.pl} cost? | How much are {small} {piece_fruit.pl}?
    = {small}{piece_fruit.mw}{piece_fruit}多少钱？
I would like {small} {piece_fruit.pl}. | I'd like {small} {piece_fruit.pl}. | I want {small} {piece_fruit.pl}.
    = 我要{small}{piece_fruit.mw}{piece_fruit}。
Please give me {small} {piece_fruit.pl}. | Give me {small} {piece_fruit.pl}, please.
    = 请给我{small}{piece_fruit.mw}{piece_fruit}。
The {fruit.pl} are very fresh today. = 今天的{fruit}很新鲜。
Are the {sweet_fruit.pl} {tasty}? = {sweet_fruit}{tasty}吗？
The {sweet_fruit.pl} are too sour. = {sweet_fruit}太酸了。
The {fruit.pl} are too expensive. = {fruit}太贵了。
Can I pay {payment}? | May I pay {payment}? = 可以{payment}付款吗？ | 我可以{payment}付款吗？
I would like to pay {payment}. | I'd like to pay {payment}. = 我想{payment}付款。
{subject} paid {middle_price} {payment}. = {subject}{payment}付了{middle_price}。
Here is {low_price}. | Here you are, {low_price}. = 给你{low_price}。
Can you give me a discount of {discount}? | Could you give me a discount of {discount}? = 能给我打{discount}吗？
Everything is {discount} off {stay}. = {stay}全部商品打{discount}。
{garment.this} {garment} {garment.be} {discount} off. = 这{garment.mw}{garment}打{discount}。
That is too expensive. Can I have it for {middle_price}? | That's too expensive. Can I have it for {middle_price}?
    = 太贵了。{middle_price}可以吗？
{creditor} lent me {middle_price} {past}. = {creditor}{past}借给了我{middle_price}。
{subject} spent {middle_price} at the {spending} {recent_day}. = {subject}{recent_day}在{spending}花了{middle_price}。
A {plain_room} costs {room_price} a night. = {plain_room}一个晚上{room_price}。
A suite costs {suite_price} a night. = 套房一个晚上{suite_price}。
How much is a ticket to {cn_city}? | How much does a ticket to {cn_city} cost? = 去{cn_city}的票多少钱？
A ticket to {cn_city} costs {fare}. = 去{cn_city}的票{fare}。
{few} tickets to {cn_city} cost {fare}. = {few}张去{cn_city}的票{fare}。
{middle_good.this} {middle_good} {middle_good.be} worth {middle_price}.
    = 这{middle_good.mw}{middle_good}值{middle_price}。
I need a receipt for {middle_price}. = 我需要一张{middle_price}的收据。
Your change is {low_price}. | Here is your change, {low_price}. = 找你{low_price}。
Do you have change for {note}? | Can you change {note}? = 你能换开{note}吗？
"""
