"""What people did, have done and do again and again."""

RULES = """
# Small things are remembered for a day or so.
[did: verb]
{outing} {recent} = {recent}{outing.le}
{pause} {just_word} = {just_word}{pause.le}
{excursion} {recent_day} = {recent_day}{excursion.le}
{homely} {just_word} = {just_word}{homely.le}
{duty} {recent} = {recent}{duty.le}
{chore} {recent_word} = {recent_word}{chore.le}
{small_chore} {just_word} = {just_word}{small_chore.le}
{project} {past} = {past}{project.le}

[not_done: verb]
{outing} {recent} = {recent}没有{outing}
{pause} {just_word} = {just_word}没有{pause}
{excursion} {recent_day} = {recent_day}没有{excursion}
{homely} {just_word} = {just_word}没有{homely}
{duty} {recent} = {recent}没有{duty}
{chore} {recent_word} = {recent_word}没有{chore}
{small_chore} {just_word} = {just_word}没有{small_chore}

# As a question: did they do it, not have they finished it.
[done: verb]
{outing} {recent} = {recent}{outing}了
{pause} {just_word} = {just_word}{pause}了
{excursion} {recent_day} = {recent_day}{excursion}了
{homely} {just_word} = {just_word}{homely}了
{duty} {recent} = {recent}{duty}了
{chore} {recent_word} = {recent_word}{chore}了
{small_chore} {just_word} = {just_word}{small_chore}了
{project} {past_word} = {past_word}{project}了

# What one sees somebody do, rather than says of oneself.
[seen_act: verb]
{process} = {process}
{seen} = {seen}

[monthly_act: verb]
{monthly} = {monthly}
{monthly_one} = {monthly_one}

[joined_in: verb]
{outing} = {outing.le}
{excursion} = {excursion.le}

[sentences]
{subject} {did.past@subject}. = {subject}{did}。
{subject} did not {not_done@subject}. | {subject} didn't {not_done@subject}. = {subject}{not_done}。
Did {asked} {done@asked}? = {asked}{done}吗？
{subject} {subject.have} already {finished.pp@subject}. = {subject}已经{finished.done}。
{subject} {subject.have} not {finished.pp@subject} yet. | {subject} {subject.have}n't {finished.pp@subject} yet.
    = {subject}还没有{finished}。
{subject} {subject.have} never {experience.pp}. = {subject}从来没有{experience.guo}。
Have you ever {experience.pp}? = 你{experience.guo}吗？
{subject} {subject.be} {process.ing@subject}. | {subject} {subject.be} {process.ing@subject} now.
    = {subject}正在{process}。
{subject} {daily.pres@subject} {daily_habit}. = {subject}{daily_habit}都{daily}。
{subject} {weekly.pres@subject} {weekly_habit}. = {subject}{weekly_habit}都{weekly}。
{single} {monthly_act.pres@single} every month. = {single}每个月都{monthly_act}。
{subject} {subject.do} not {daily@subject} every day. | {subject} {subject.do}n't {daily@subject} every day.
    = {subject}不是每天都{daily}。
{subject} {subject.do} not {weekly@subject} {weekly_habit}. | {subject} {subject.do}n't {weekly@subject} {weekly_habit}.
    = {subject}不是{weekly_habit}都{weekly}。
{subject} {rate} {weekly.pres@subject}. = {subject}{rate}{weekly}。
{subject} {commute.pres@subject} to work every day. = {subject}每天都{commute}上班。
{subject} {custom} {commute.pres@subject} to work. = {subject}{custom}{commute}上班。
{somebody} is {seen.ing}. | {somebody} is {seen.ing} now. = {somebody}正在{seen}。
{somebody} was {seen_act.ing@somebody} when I arrived. = 我到的时候{somebody}正在{seen_act}。
{subject} {joined_in.past} with {subject.own} {fellow.pl} {recent_day}.
    = {subject}{recent_day}和{fellow}一起{joined_in}。
{subject} {pause.past} with {subject.own} {fellow.pl} {recent_day_word}.
    = {subject}{recent_day_word}和{fellow}一起{pause.le}。
{subject} {trip.past@subject} in {city} {past}. = {subject}{past}在{city}{trip.le}。
"""
