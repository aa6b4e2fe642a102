"""What people will do, would like to do, and cannot."""

RULES = """
# What one does often is near; what one plans long before may be far.
[will: verb]
{gathering} {near} = {near}要{gathering}
{excursion} {daytime} = {daytime}要{excursion}
{homely} {hours_word} = {hours_word}要{homely}
{chore} {near} = {near}要{chore}
{small_chore} {hours_word} = {hours_word}要{small_chore}
{dated} {future} = {future}要{dated}
{project} {far} = {far}要{project}

[will_not: verb]
{engagement} {near} = {near}不{engagement}
{excursion} {daytime} = {daytime}不{excursion}
{homely} {hours_word} = {hours_word}不{homely}
{dated} {far} = {far}不{dated}

[cannot: verb]
{engagement} {near} = {near}不能{engagement}
{excursion} {daytime} = {daytime}不能{excursion}
{commitment} {near} = {near}不能{commitment}

[must: verb]
{chore} {near} = {near}必须{chore}
{small_chore} {hours_word} = {hours_word}必须{small_chore}

[shared_plan: verb]
{gathering} {near} = {near}{gathering}
{excursion} {daytime} = {daytime}{excursion}

[joined: verb]
{gathering} = {gathering}
{excursion} = {excursion}

[sentences]
{subject} will {will}. | {subject} {subject.be} going to {will}. = {subject}{will}。
{subject} will not {will_not}. | {subject} won't {will_not}. = {subject}{will_not}。
Will {asked} {will}? = {asked}{will}吗？
{subject} would like to {desire}. = {subject}想{desire}。
I would like to {joined} with {named}. | I'd like to {joined} with {named}. | I want to {joined} with {named}.
    = 我想和{named}一起{joined}。
{subject} can't {cannot}. | {subject} cannot {cannot}. = {subject}{cannot}。
Let's {shared_plan}. = 我们{shared_plan}吧。
{subject} must {must}. | {subject} {subject.have} to {must}. = {subject}{must}。
You must {must}. | You have to {must}. = 你{must}。
{subject} will {preparation} before going to {city}. = {subject}去{city}以前要{preparation}。
Would you like to {joined} with us? | Do you want to {joined} with us? = 你想和我们一起{joined}吗？
{subject} decided to {decision}. = {subject}决定{decision}。
{subject} will {appointment} at {set_clock}. = {subject}{set_clock}要{appointment}。
"""
