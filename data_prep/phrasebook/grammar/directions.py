"""Asking and telling the way."""

RULES = """
[sentences]
Where is {anywhere.the}? | Where can I find {anywhere.the}? = {anywhere}在哪里？ | {anywhere}在哪儿？
Excuse me, where is {anywhere.the}? | Excuse me, where can I find {anywhere.the}? = 请问，{anywhere}在哪里？
How do I get to {building.the}? | How can I get to {building.the}? = 去{building}怎么走？ | {building}怎么走？
How do I get from {place1.the} to {place2.the}? | How can I get from {place1.the} to {place2.the}?
    = 从{place1}到{place2}怎么走？
How far is it to {building.the}? | How far is {building.the} from here? = 到{building}有多远？ | {building}离这里有多远？
How far is it from {place.the} to {sight.the}? = 从{place}到{sight}有多远？
Is {building.the} far from here? | Is it far to {building.the}? = {building}离这里远吗？
{building.the} is not far from here. | {building.the} isn't far from here. = {building}离这里不远。
{building.the} is {meters} from here. = {building}离这里{meters}。
{sight.the} is {kilometers} from here. = {sight}离这里{kilometers}。
{place1.the} is {side} {place2.the}. = {place1}在{place2}{side}。
Is {place1.the} {side} {place2.the}? = {place1}在{place2}{side}吗？
There is {shop.a} {side} {place.the}. = {place}{side}有{shop.a}。
Is there {shop.a} {side} {place.the}? = {place}{side}有{shop}吗？
Is there {place.a} near here? | Is there {place.a} nearby? = 这附近有{place}吗？ | 附近有{place}吗？
There is {place.a} near here. | There is {place.a} nearby. = 这附近有{place.a}。
There are {small} {shop.pl} near {sight.the}. = {sight}附近有{small}家{shop}。
Turn {turn} at {place.the}. = 在{place}往{turn}拐。 | 在{place}向{turn}转。
Turn {turn} at the {ordinal} crossroads. = 在{ordinal}个路口往{turn}拐。
Go straight ahead for {meters}. = 一直往前走{meters}。
Go {compass} for {meters}. = 往{compass}走{meters}。
Go {compass} for {kilometers}. = 往{compass}走{kilometers}。
Go straight ahead, then turn {turn} at {place.the}. = 一直往前走，然后在{place}往{turn}拐。
Go straight ahead for {meters}, then turn {turn}. = 一直往前走{meters}，然后往{turn}拐。
Walk past {place.the}, then turn {turn}. = 走过{place}，然后往{turn}拐。
{place.the} is on the {turn}. = {place}在{turn}边。
Is {place.the} on the {turn}? = {place}在{turn}边吗？
{place.the} is on the {turn}, {side} {sight.the}. = {place}在{turn}边，在{sight}{side}。
It takes {minutes} to get to {building.the} {mode}. = {mode}到{building}要{minutes}。
How long does it take to get to {building.the} {mode}? = {mode}到{building}要多长时间？
You can go to {building.the} {mode}. | You can get to {building.the} {mode}. = 你可以{mode}去{building}。
Can I go to {building.the} {mode}? | Can I get to {building.the} {mode}? = 我可以{mode}去{building}吗？
Is this the way to {building.the}? | Is this the right way to {building.the}? = 这是去{building}的路吗？
I am looking for {anywhere.the}. | I'm looking for {anywhere.the}. = 我在找{anywhere}。 | 我正在找{anywhere}。
Could you tell me the way to {building.the}? | Can you tell me the way to {building.the}?
    = 你能告诉我去{building}怎么走吗？ | 可以告诉我去{building}怎么走吗？
Could you tell me where {anywhere.the} is? | Can you tell me where {anywhere.the} is?
    = 你能告诉我{anywhere}在哪里吗？
Do you know where {anywhere.the} is? = 你知道{anywhere}在哪里吗？
{subject} {subject.do} not know where {anywhere.the} is. = {subject}不知道{anywhere}在哪里。
I cannot find {anywhere.the}. | I can't find {anywhere.the}. = 我找不到{anywhere}。
Please show me {sight.the} on the map. | Show me {sight.the} on the map, please. = 请在地图上指给我看{sight}。
I am lost. Where is {building.the}? | I'm lost. Where is {building.the}? = 我迷路了。{building}在哪里？
{somebody} {somebody.be} waiting for us {place.at}. = {somebody}在{place}等我们。 | {somebody}正在{place}等我们。
Let's meet {building.at} {when}. | Let us meet {building.at} {when}. = 我们{when}在{building}见面吧。
What street is this? | Which street is this? = 这是什么街？
I am lost. | I'm lost. = 我迷路了。
"""
