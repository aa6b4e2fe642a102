"""What people did, have done and do again and again."""

RULES = """
[sentences]
{subject} {activity.past} {past}. = {subject}{past}{activity.le}。 | {past}{subject}{activity.le}。
{subject} did not {activity} {past}. | {subject} didn't {activity} {past}. = {subject}{past}没有{activity}。
Did {subject} {activity} {past}? = {subject}{past}{activity.le}吗？
{subject} {subject.have} already {activity.pp}. = {subject}已经{activity.le}。
{subject} {subject.have} never {activity.pp}. = {subject}从来没有{activity.guo}。
{subject} {subject.be} {activity.ing} now. = {subject}现在正在{activity}。
{subject} {activity.pres@subject} {habit}. = {subject}{habit}{activity}。
{subject} {frequency} {activity.pres@subject}. = {subject}{frequency}{activity}。
{subject} {subject.do} not {activity} {habit}. = {subject}不是{habit}{activity}。
{subject} {subject.was} {activity.ing} when I came. = 我来的时候{subject}正在{activity}。
{subject} {activity.past} with {named} {past}. = {subject}{past}和{named}{activity.le}。
{subject} {activity.past} in {city} {past}. = {subject}{past}在{city}{activity.le}。
"""
