"""The hotel: booking, checking in, the room and its faults."""

RULES = """
[room_flaw: phrase]
noisy = 吵
small = 小
hot = 热
cold = 冷
dirty = 脏
dark = 暗
expensive = 贵

[room_wish: phrase]
quieter = 安静一点的
bigger = 大一点的
cheaper = 便宜一点的
cleaner = 干净一点的
brighter = 亮一点的

[facility: phrase]
gym = 健身房
restaurant = 餐厅
swimming pool = 游泳池
front desk = 前台
meeting room = 会议室
laundry = 洗衣房
bar = 酒吧
coffee shop = 咖啡馆

[sentences]
I have a reservation. = 我有预订。
I don't have a reservation. | I do not have a reservation. = 我没有预订。
I would like {room_type.a} for {nights}. | I'd like {room_type.a} for {nights}. = 我想要{room_type.a}，住{nights}。
I would like to reserve {room_type.a} for {date}. | I'd like to reserve {room_type.a} for {date}.
    = 我想预订{date}的{room_type}。
I would like to reserve {small} {room_type.pl} for {date}. | I'd like to reserve {small} {room_type.pl} for {date}.
    = 我想预订{small}个{date}的{room_type}。
Do you have {room_type.a} {day}? | Is there {room_type.a} {day}? = {day}有{room_type}吗？
How much is {room_type.a} for {nights}? | How much does {room_type.a} cost for {nights}? = {room_type}住{nights}多少钱？
How much is {room_type.a} per night? | How much does {room_type.a} cost per night?
    = {room_type}一个晚上多少钱？ | {room_type}每晚多少钱？
{room_type.a} costs {dear_price} per night. | {room_type.a} is {dear_price} per night. = {room_type}一个晚上{dear_price}。
{subject} stayed at the hotel for {nights}. = {subject}在酒店住了{nights}。
{subject} stayed in {city} for {days}. = {subject}在{city}住了{days}。
{subject} {subject.be} going to stay at the hotel for {nights}. | {subject} will stay at the hotel for {nights}.
    = {subject}要在酒店住{nights}。
How many nights are you going to stay? | How many nights will you stay? = 你们要住几个晚上？
My room number is {room}. = 我的房间号是{room}。
{somebody} {somebody.be} staying in room {room}. = {somebody}住在{room}房间。
Is {somebody} staying in room {room}? = {somebody}住在{room}房间吗？
Could you bring {linen.a} to room {room}? | Can you bring {linen.a} to room {room}? = 可以送{linen.a}到{room}房间吗？
Please bring {linen.a} to room {room}. = 请送{linen.a}到{room}房间。
I need {linen.a}. = 我需要{linen.a}。
Could I have {linen.a}? | Can I have {linen.a}? = 可以给我{linen.a}吗？ | 能给我{linen.a}吗？
There {linen.be} no {linen} in room {room}. = {room}房间里没有{linen}。
There {linen.be} no {linen} in the bathroom. = 浴室里没有{linen}。
The {fixture} in room {room} is broken. = {room}房间的{fixture}坏了。
The {fixture} in {subject.poss} room is broken. = {subject}房间的{fixture}坏了。
Could you repair the {fixture} in room {room}? | Can you repair the {fixture} in room {room}?
    = 你能修一下{room}房间的{fixture}吗？
Does the hotel have {amenity}? | Is there {amenity} at the hotel? = 酒店里有{amenity}吗？ | 酒店有{amenity}吗？
Our hotel has {amenity}. = 我们酒店有{amenity}。
The hotel has {amenity1}, but not {amenity2}. = 酒店有{amenity1}，但是没有{amenity2}。
I am looking for a hotel with {amenity} in {city}. | I'm looking for a hotel with {amenity} in {city}.
    = 我在找{city}有{amenity}的酒店。
What time is {meal} served? | When is {meal} served? = {meal}几点开始供应？
{meal} is served at {clock}. = {meal}{clock}开始供应。
Please wake me up at {clock} tomorrow morning. = 请明天早上{clock}叫醒我。
Please wake {subject.obj} up at {clock}. = 请{clock}叫醒{subject}。
{subject} {subject.be} going to check out {when}. | {subject} will check out {when}. = {subject}要{when}退房。
I would like to check out at {clock}. | I'd like to check out at {clock}. = 我想{clock}退房。
Please keep my luggage until {clock}. = 请保管我的行李到{clock}。
{subject.poss} room is on {floor}. = {subject}的房间在{floor}。
The {facility} is on {floor}. = {facility}在{floor}。
Is the {facility} on {floor}? = {facility}在{floor}吗？
When does the {facility} open? | What time does the {facility} open? = {facility}几点开门？
My room is too {room_flaw}. Can I change rooms? | My room is too {room_flaw}. Could I change rooms?
    = 我的房间太{room_flaw}了。可以换房间吗？
I would like a {room_wish} room. | I'd like a {room_wish} room. = 我想要一个{room_wish}房间。
Do you have a {room_wish} room? | Have you got a {room_wish} room? = 有{room_wish}房间吗？
I lost the key to room {room}. | I have lost the key to room {room}. = 我丢了{room}房间的钥匙。
The key to room {room}, please. | Please give me the key to room {room}. = 请给我{room}房间的钥匙。
"""
