"""Schools and languages."""

RULES = """
[sentences]
{subject} {subject.do} not speak {language}. = {subject}不会说{language}。
Can {asked} speak {language}? | Does {asked} speak {language}? = {asked}会说{language}吗？
{subject} {subject.have} studied {language} for {years}. = {subject}学了{years}{language}了。
I think {school_subject} is very {subject_adj}. | In my opinion {school_subject} is very {subject_adj}.
    = 我觉得{school_subject}很{subject_adj}。
{language} is {subject_adj.er} than {language2}. = {language}比{language2}{subject_adj}。
How do you say this in {language}? | How do you say that in {language}? = 这个用{language}怎么说？
{somebody} teaches {school_subject}. = {somebody}教{school_subject}。
{subject} will study {school_subject} in {city} {future}. = {subject}{future}要在{city}学{school_subject}。
{subject} studied {school_subject} in {city} for {years}. = {subject}在{city}学了{years}{school_subject}。
"""
