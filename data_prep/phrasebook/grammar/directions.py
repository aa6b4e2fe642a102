"""Asking for and giving directions."""

RULES = """
[sentences]
Where is {anywhere.the}? | Where can I find {anywhere.the}? = {anywhere}在哪里？ | {anywhere}在哪儿？
Excuse me, where is {asked_place.the}? = 请问，{asked_place}在哪里？ | 请问，{asked_place}在哪儿？
Excuse me, how do I get {destination}? | Excuse me, how can I get {destination}? = 请问，去{destination}怎么走？
How far is it {destination}? = 去{destination}有多远？
How far is it from here to {place.the}? | How far is {place.the} from here? = 从这里到{place}有多远？
Is {outdoors.the} far from here? | Is it far from here to {outdoors.the}? = {outdoors}离这里远吗？
{outdoors.the} is not far from here. | It is not far to {outdoors.the}. = {outdoors}离这里不远。
{distant.the} is {kilometers} from here. = {distant}离这里有{kilometers}。
It is {kilometers} from {distant1.the} to {distant2.the}. | It's {kilometers} from {distant1.the} to {distant2.the}.
    = 从{distant1}到{distant2}有{kilometers}。
It takes {walk_minutes} to walk to {handy_place.the}. = 走路去{handy_place}要{walk_minutes}。
It takes {ride_minutes} {ride} to get to {far_place.the}. | It takes {ride_minutes} to get to {far_place.the} {ride}.
    = {ride}去{far_place}要{ride_minutes}。
{landmark1.the} is {beside} {landmark2.the}. = {landmark1}在{landmark2}{beside}。
{handy_place.the} is {outer_side} {landmark.the}. = {handy_place}在{landmark}{outer_side}。
Is there a {handy_place1} {side} {handy_place2.the}? = {handy_place2}{side}有{handy_place1}吗？
There is a {handy_place1} {side} {handy_place2.the}. = {handy_place2}{side}有{handy_place1.a}。
The {spot_inside1} is {beside} {spot_inside2.the}. = {spot_inside1}在{spot_inside2}{beside}。
Go straight ahead for {meters}. | Walk straight ahead for {meters}. = 一直往前走{meters}。
Turn {turn} at {landmark.the}. = 在{landmark}往{turn}拐。
Turn {turn} after {meters}. = 走{meters}以后往{turn}拐。
Go straight ahead and turn {turn} at {landmark.the}. | Walk straight ahead and turn {turn} at {landmark.the}.
    = 一直往前走，在{landmark}往{turn}拐。
Take the {crossing} street on the {turn}. = 在{crossing}个路口往{turn}拐。
Turn {turn} at the {crossing} traffic light. = 在{crossing}个红绿灯往{turn}拐。
{place.the} is on the {turn}. = {place}在{turn}边。
You will see {place.the} on your {turn}. | You'll see {place.the} on your {turn}. = 你会在{turn}边看到{place}。
Is this the way {destination}? = 这是去{destination}的路吗？
{subject} {subject.be} looking for {place.the}. = {subject}在找{place}。
I cannot find {findable.the}. | I can't find {findable.the}. = 我找不到{findable}。
Can I go to {far_place.the} {public_mode}? | Can I get to {far_place.the} {public_mode}?
    = 我可以{public_mode}去{far_place}吗？
Could you tell me the way {destination}? | Can you tell me the way {destination}? = 你能告诉我去{destination}怎么走吗？
Please show me {place.the} on the map. | Show me {place.the} on the map, please. = 请在地图上给我指一下{place}。
I am lost. | I'm lost. | I have lost my way. = 我迷路了。
{distant.the} is in the {compass} of the city. = {distant}在城{compass}。
I want to go {destination}. | I'd like to go {destination}. = 我想去{destination}。
Which floor is {facility.the} on? | On which floor is {facility.the}? = {facility}在几楼？
Please wait for me {meeting_place.at}. | Wait for me {meeting_place.at}, please. = 请在{meeting_place}等我。
Let's meet {meeting_place.at} at {set_clock}. | Let's meet at {set_clock} {meeting_place.at}.
    = 我们{set_clock}在{meeting_place}见面吧。
"""
