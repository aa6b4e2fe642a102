"""What people will do, would like to do, and cannot."""

RULES = """
[companion: person]
my {partner} = 我{partner}
my {brother_or_sister} = 我{brother_or_sister}
my {offspring} = 我{offspring}
my {acquaintance} = 我的{acquaintance}
{title} = {title}
{given} = {given}

# What takes an effort or a day of its own may be planned for next Tuesday; small things are for today or tomorrow, and
# what one plans long before may be far.
[will: verb]
{outing} {near} = {near}要{outing}
{pause} {hours_word} = {hours_word}要{pause}
{excursion} {daytime} = {daytime}要{excursion}
{evening_act} {tonight} = {tonight}要{evening_act}
{duty} {near} = {near}要{duty}
{chore} {chore_word} = {chore_word}要{chore}
{small_chore} {hours_word} = {hours_word}要{small_chore}
{dated} {future} = {future}要{dated}
{project} {far} = {far}要{project}

[will_not: verb]
{engagement} {near} = {near}不{engagement}
{excursion} {daytime} = {daytime}不{excursion}
{evening_off} {tonight} = {tonight}不{evening_off}
{refusable} {far_word} = {far_word}不{refusable}

[cannot: verb]
{engagement} {near} = {near}不能{engagement}
{excursion} {daytime} = {daytime}不能{excursion}
{commitment} {near} = {near}不能{commitment}

[must: verb]
{duty} {near} = {near}必须{duty}
{obligation} {chore_word} = {chore_word}必须{obligation}
{small_chore} {hours_word} = {hours_word}必须{small_chore}

[shared_plan: verb]
{outing} {near} = {near}{outing}
{pause} {hours_word} = {hours_word}{pause}
{excursion} {daytime} = {daytime}{excursion}

[sentences]
{subject} will {will@subject}. | {subject} {subject.be} going to {will@subject}. = {subject}{will}。
{subject} will not {will_not@subject}. | {subject} won't {will_not@subject}. = {subject}{will_not}。
Will {asked} {will@asked}? = {asked}{will}吗？
{subject} would like to {desire@subject}. = {subject}想{desire}。
I would like to {joining} with {companion}. | I'd like to {joining} with {companion}.
    | I want to {joining} with {companion}.
    = 我想和{companion}一起{joining}。
{subject} can't {cannot@subject}. | {subject} cannot {cannot@subject}. = {subject}{cannot}。
Let's {shared_plan}. = 我们{shared_plan}吧。
{subject} must {must@subject}. | {subject} {subject.have} to {must@subject}. = {subject}{must}。
{listener} must {must@listener}. | {listener} have to {must@listener}. = {listener}{must}。
{subject} will {preparation@subject} before going to {city}. = {subject}去{city}以前要{preparation}。
{subject} will {travel_preparation@subject} before going to {foreign_city}.
    = {subject}去{foreign_city}以前要{travel_preparation}。
Would you like to {joining} with us? | Do you want to {joining} with us? = 你想和我们一起{joining}吗？
{subject} decided to {decision@subject}. = {subject}决定{decision}。
{subject} will {appointment@subject} at {set_clock}. = {subject}{set_clock}要{appointment}。
"""
