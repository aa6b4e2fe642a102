"""What people are like."""

RULES = """
[sentences]
{subject} {subject.be} very {person_quality}. = {subject}很{person_quality}。
{subject} {subject.be} not {person_quality}. = {subject}不{person_quality}。
{somebody} is {person_quality.er} than {title}. = {somebody}比{title}{person_quality}。
Do you think {somebody} is {person_quality}? = 你觉得{somebody}{person_quality}吗？
{subject} {subject.be} interested in {interest}. = {subject}对{interest}感兴趣。
{subject} {subject.be} not interested in {interest}. = {subject}对{interest}不感兴趣。
{subject} {subject.do} not like {animal.pl}. = {subject}不喜欢{animal}。
"""
