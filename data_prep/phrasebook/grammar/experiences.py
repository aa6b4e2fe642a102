"""What people did, have done and do again and again."""

RULES = """
[sentences]
{subject} {activity.past} {past}. = {subject}{past}{activity.le}。 | {past}{subject}{activity.le}。
{subject} did not {activity} {past}. | {subject} didn't {activity} {past}. = {subject}{past}没有{activity}。
Did {asked} {activity} {past}? = {asked}{past}{activity.le}吗？
{subject} {subject.have} already {activity.pp}. = {subject}已经{activity.le}。
{subject} {subject.have} never {activity.pp}. = {subject}从来没有{activity.guo}。
{subject} {subject.be} {activity.ing} now. = {subject}现在正在{activity}。
{subject} {routine.pres@subject} {habit}. = {subject}{habit}{routine}。
{subject} {frequency} {routine.pres@subject}. = {subject}{frequency}{routine}。
{subject} {subject.do} not {routine} {habit}. | {subject} {subject.do}n't {routine} {habit}.
    = {subject}不是{habit}{routine}。
{subject} {subject.was} {activity.ing} when I came. = 我来的时候{subject}正在{activity}。
{subject} {activity.past} with {companion} {past}. = {subject}{past}和{companion}一起{activity.le}。
{subject} {activity.past} in {city} {past}. = {subject}{past}在{city}{activity.le}。
"""
