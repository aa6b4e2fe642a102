"""Hotels: rooms, services, complaints and leaving."""

RULES = """
[equipment: phrase]
wireless internet = 无线网络
air conditioning = 空调
a balcony = 阳台
a bathtub = 浴缸
a view of the lake = 湖景
a view of the sea = 海景
two beds = 两张床

[thing: phrase]
hot water = 热水
soap = 肥皂
shampoo = 洗发水
toilet paper = 卫生纸
wireless internet = 无线网络
heating = 暖气
air conditioning = 空调

[room_flaw: phrase]
small = 小
noisy = 吵
cold = 冷
hot = 热
dark = 暗
expensive = 贵
dirty = 脏

[room_er: phrase]
bigger = 大
quieter = 安静
cheaper = 便宜
cleaner = 干净
brighter = 亮
warmer = 暖和
more comfortable = 舒服

[sentences]
I would like to book {room_type.a} for {nights}. | I'd like to book {room_type.a} for {nights}.
    = 我想预订{room_type.a}，住{nights}。
I want to reserve {room_type.a} for {night}. | I'd like to reserve {room_type.a} for {night}.
    = 我想预订{night}的{room_type}。
Do you have {room_type.a} free {stay}? | Is there {room_type.a} free {stay}? = {stay}有{room_type}吗？
How much is {room_type.a} for {nights}? | How much does {room_type.a} cost for {nights}? = {room_type}住{nights}多少钱？
I will stay for {nights}. | I'll stay for {nights}. | I'm going to stay for {nights}. = 我要住{nights}。
{subject} stayed at this hotel for {nights}. = {subject}在这家酒店住了{nights}。
Does the hotel have {amenity}? | Is there {amenity} in the hotel? = 酒店有{amenity}吗？
There is no {thing} in my room. | There isn't any {thing} in my room. = 我的房间里没有{thing}。
The {device} in room {room} does not work. | The {device} in room {room} doesn't work. = {room}号房间的{device}坏了。
The {room_fixture} in my room is broken. = 我房间的{room_fixture}坏了。
The door of my room does not close. | The door of my room doesn't close. = 我房间的门关不上。
The lock on my door is broken. = 我房间的门锁坏了。
Please send someone to repair the {room_fixture} in room {room}. = 请派人来修{room}号房间的{room_fixture}。
Could you repair the {fixture}? | Can you repair the {fixture}? = 你能修一下{fixture}吗？
Please bring {linen.a} to room {room}. = 请送{linen.a}到{room}号房间。
Please bring me {linen.a}. | Please get me {linen.a}. = 请给我送{linen.a}来。
I need {linen.a}. | I'd like {linen.a}. = 我需要{linen.a}。
May I borrow {borrowed.a}? | Can I borrow {borrowed.a}? = 我可以借{borrowed.a}吗？
We need {few} more {bedding.pl}. = 我们还需要{few}{bedding.mw}{bedding}。
My room number is {room}. | I am in room {room}. = 我的房间号是{room}。
Please give me the key to room {room}. | The key to room {room}, please. = 请给我{room}号房间的钥匙。
Your room is on {floor}. | Your room's on {floor}. = 你的房间在{floor}。
{room_on_floor}. = {room_on_floor}。
Please wake me up at {wake_clock}. | Wake me up at {wake_clock}, please. = 请{wake_clock}叫醒我。
Please wake me up tomorrow morning at {wake_clock}. | Please wake me up at {wake_clock} tomorrow morning.
    = 请明天早上{wake_clock}叫醒我。
Could you wake me up at {wake_clock}? | Can you wake me up at {wake_clock}? = 你能在{wake_clock}叫醒我吗？
Breakfast is served {breakfast_hours}. = 早餐时间是{breakfast_hours}。
Lunch is served {lunch_hours}. = 午餐时间是{lunch_hours}。
Dinner is served {dinner_hours}. = 晚餐时间是{dinner_hours}。
I will check out {stay}. | I'll check out {stay}. = 我{stay}退房。
{subject} checked in at the hotel {recent}. = {subject}{recent}住进了酒店。
We have to check out before {late_clock}. | We must check out before {late_clock}. = 我们必须在{late_clock}以前退房。
My room is too {room_flaw}. = 我的房间太{room_flaw}了。
I want to change to a {room_er} room. | I'd like to change to a {room_er} room. = 我想换一个{room_er}一点的房间。
I would like a room with {equipment}. | I'd like a room with {equipment}. = 我想要一个有{equipment}的房间。
Please keep my {valuable} in the safe. = 请把我的{valuable}放在保险箱里。
Please put the {desk_item} on the table. = 请把{desk_item}放在桌子上。
I left my {lost} in room {room}. = 我把{lost}忘在{room}号房间了。
I have a reservation for {nights}. | I have booked for {nights}. = 我预订了{nights}。
I want to extend my stay by {nights}. | I'd like to stay {nights} longer. = 我想再住{nights}。
{neighbor.the} is next to our hotel. = {neighbor}在我们酒店旁边。
The {facility} is on {low_floor}. | You can find the {facility} on {low_floor}. = {facility}在{low_floor}。
"""
