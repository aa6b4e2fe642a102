"""Schools and languages."""

RULES = """
[pupil: person]
{third} = {third}
{given} = {given}
my {youth} = 我{youth}

[asked_pupil: person]
{third} = {third}
{given} = {given}
your {youth} = 你{youth}

[teacher: person]
{third} = {third}
{teaching} = {teaching}
my {adult} = 我{adult}

[sentences]
{pupil} has already {school_act.pp@pupil}. = {pupil}已经{school_act.done}。
{pupil} is {school_act.ing@pupil}. = {pupil}正在{school_act}。
Has {asked_pupil} {school_act.pp@asked_pupil}? = {asked_pupil}{school_act.done}吗？
{pupil} has already done {pupil.own} homework. = {pupil}已经做完作业了。
{pupil} is doing {pupil.own} homework. = {pupil}正在做作业。
{pupil} does {pupil.own} homework {daily_habit}. = {pupil}{daily_habit}都做作业。
Has {asked_pupil} done {asked_pupil.own} homework? = {asked_pupil}做完作业了吗？
{subject} {subject.do} not speak {foreign_language}. = {subject}不会说{foreign_language}。
Can {asked} speak {foreign_language}? | Does {asked} speak {foreign_language}? = {asked}会说{foreign_language}吗？
{subject} {subject.have} studied {foreign_language} for {school_years}.
    = {subject}学了{school_years}{foreign_language}了。
{foreigner} has studied Chinese for {school_years}. = {foreigner}学了{school_years}中文了。
I think {school_subject} is very {subject_adj}. | In my opinion, {school_subject} is very {subject_adj}.
    = 我觉得{school_subject}很{subject_adj}。
{language} is {language_adj.er} than {language2}. = {language}比{language2}{language_adj}。
How do you say this in {language}? | How do you say that in {language}? = 这个用{language}怎么说？
{teacher} teaches {school_subject}. = {teacher}教{school_subject}。
{beginner} will study {major} in {city} {term}. = {beginner}{term}要去{city}学{major}。
{worker} studied {major} in {city} for {school_years}. = {worker}在{city}学了{school_years}{major}。
"""
