"""Around the house."""

RULES = """
[fitted_room: phrase]
{appliance.a} in the {living} = {living}里有{appliance.a}
{kitchenware.a} in the kitchen = 厨房里有{kitchenware.a}

[equipped: phrase]
{appliance.a} in the {living} = {living}里有{appliance}
{kitchenware.a} in the kitchen = 厨房里有{kitchenware}

[defect: phrase]
{appliance} in the {living} = {living}里的{appliance}
{kitchenware} in the kitchen = 厨房里的{kitchenware}

[sentences]
There is {fitted_room}. = {fitted_room}。
The {defect} is broken. = {defect}坏了。
{worker} is in the {homeroom}. = {worker}在{homeroom}里。
There are {few} {furniture.counted} in the {living}. = {living}里有{few}{furniture.mw}{furniture}。
Is there {equipped}? = {equipped}吗？
Please buy {small} {piece_fruit.counted} at {grocery}. = 请在{grocery}买{small}{piece_fruit.mw}{piece_fruit}。
The {living} is very {room_spot}. = {living}很{room_spot}。
The {living} is too {room_fault}. = {living}太{room_fault}了。
{subject} cleaned the {homeroom} {recent}. = {subject}{recent}打扫了{homeroom}。
We will paint the {homeroom} {color_name} {far}. = 我们{far}要把{homeroom}刷成{color_name}。

[grocery: phrase]
the market = 市场
the supermarket = 超市

[color_name: phrase]
white = 白色
blue = 蓝色
green = 绿色
yellow = 黄色
pink = 粉红色
gray = 灰色
"""
