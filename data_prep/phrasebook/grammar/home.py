"""Around the house."""

RULES = """
[sentences]
There is {appliance.a} in the {homeroom}. = {homeroom}里有{appliance.a}。
The {appliance} in the {homeroom} is broken. | The {appliance} in the {homeroom} does not work.
    = {homeroom}里的{appliance}坏了。
{somebody} is in the {homeroom}. = {somebody}在{homeroom}里。
There are {small} {furniture.counted} in the {homeroom}. = {homeroom}里有{small}{furniture.mw}{furniture}。
Is there {appliance.a} in the {homeroom}? = {homeroom}里有{appliance}吗？
Please buy {small} {fruit.counted} at {grocery}. = 请在{grocery}买{small}{fruit.mw}{fruit}。
The {homeroom} is very {room_spot}. = {homeroom}很{room_spot}。
The {homeroom} is too {room_spot}. = {homeroom}太{room_spot}了。
{subject} cleaned the {homeroom} {past}. = {subject}{past}打扫了{homeroom}。
We will paint the {homeroom} {color_name} {future}. = 我们{future}要把{homeroom}刷成{color_name}。

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
