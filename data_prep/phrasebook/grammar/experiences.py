"""What people did, have done and do again and again."""

RULES = """
[did: verb]
{gathering} {recent} = {recent}{gathering.le}
{excursion} {recent_day} = {recent_day}{excursion.le}
{homely} {recent_word} = {recent_word}{homely.le}
{chore} {recent} = {recent}{chore.le}
{small_chore} {recent_word} = {recent_word}{small_chore.le}
{project} {past} = {past}{project.le}

[not_done: verb]
{gathering} {recent} = {recent}没有{gathering}
{excursion} {recent_day} = {recent_day}没有{excursion}
{homely} {recent_word} = {recent_word}没有{homely}
{chore} {recent} = {recent}没有{chore}
{small_chore} {recent_word} = {recent_word}没有{small_chore}

# As a question: did they do it, not have they finished it.
[done: verb]
{gathering} {recent} = {recent}{gathering}了
{excursion} {recent_day} = {recent_day}{excursion}了
{homely} {recent_word} = {recent_word}{homely}了
{chore} {recent} = {recent}{chore}了
{small_chore} {recent_word} = {recent_word}{small_chore}了
{project} {past} = {past}{project}了

[joined_in: verb]
{gathering} = {gathering.le}
{excursion} = {excursion.le}

[sentences]
{subject} {did.past}. = {subject}{did}。
{subject} did not {not_done}. | {subject} didn't {not_done}. = {subject}{not_done}。
Did {asked} {done}? = {asked}{done}吗？
{subject} {subject.have} already {finished.pp}. = {subject}已经{finished.done}。
{subject} {subject.have} not {finished.pp} yet. | {subject} {subject.have}n't {finished.pp} yet.
    = {subject}还没有{finished}。
{subject} {subject.have} never {experience.pp}. = {subject}从来没有{experience.guo}。
Have you ever {experience.pp}? = 你{experience.guo}吗？
{subject} {subject.be} {process.ing}. | {subject} {subject.be} {process.ing} now. = {subject}正在{process}。
{subject} {daily.pres@subject} {daily_habit}. = {subject}{daily_habit}都{daily}。
{subject} {weekly.pres@subject} {weekly_habit}. = {subject}{weekly_habit}都{weekly}。
{subject} {monthly.pres@subject} every month. = {subject}每个月都{monthly}。
{subject} {subject.do} not {daily} every day. | {subject} {subject.do}n't {daily} every day.
    = {subject}不是每天都{daily}。
{subject} {subject.do} not {weekly} {weekly_habit}. | {subject} {subject.do}n't {weekly} {weekly_habit}.
    = {subject}不是{weekly_habit}都{weekly}。
{subject} {rate} {weekly.pres@subject}. = {subject}{rate}{weekly}。
{subject} {commute.pres@subject} to work every day. = {subject}每天都{commute}上班。
{subject} {custom} {commute.pres@subject} to work. = {subject}{custom}{commute}上班。
{somebody} was {process.ing} when I arrived. = 我到的时候{somebody}正在{process}。
{subject} {joined_in.past} with {subject.own} {fellow.pl} {recent_day}.
    = {subject}{recent_day}和{fellow}一起{joined_in}。
{subject} {trip.past} in {city} {past}. = {subject}{past}在{city}{trip.le}。
"""
