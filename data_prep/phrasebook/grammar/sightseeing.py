"""Sights and animals."""

RULES = """
[sentences]
Have you ever been to {sight.the}? = 你去过{sight}吗？
{subject} {subject.have} never been to {city}. = {subject}从来没有去过{city}。
We want to visit {sight.the} {future}. | We'd like to visit {sight.the} {future}. = 我们{future}想游览{sight}。
{subject} visited {sight.the} {past}. = {subject}{past}游览了{sight}。
How much is the ticket for {sight.the}? | How much does the ticket for {sight.the} cost? = {sight}的门票多少钱？
There are many {crowd} in {city}. | There are a lot of {crowd} in {city}. = {city}有很多{crowd}。
We saw {small} {animal.pl} {past}. = 我们{past}看到了{small}{animal.mw}{animal}。
{city} is very {spot}. = {city}很{spot}。
Is {city} {spot}? = {city}{spot}吗？
{city} is {spot.er} than {city2}. = {city}比{city2}{spot}。
May I {forbid} here? | Can I {forbid} here? = 这里可以{forbid}吗？
You must not {forbid} here. | You may not {forbid} here. = 这里不可以{forbid}。
You must not {forbid} {place.at}. | You may not {forbid} {place.at}. = 在{place}不可以{forbid}。
"""
