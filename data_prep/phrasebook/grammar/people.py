"""What people are like."""

RULES = """
[sentences]
{somebody} is very {person_quality}. = {somebody}很{person_quality}。
{somebody} is not {lacking}. = {somebody}{lacking.not}。
{beginner} is still very young. = {beginner}还很年轻。
{title} is {contrast.er} than {title2}. = {title}比{title2}{contrast}。
{given} is {contrast.er} than {given2}. = {given}比{given2}{contrast}。
My {brother_or_sister} is {contrast.er} than {given}. = 我{brother_or_sister}比{given}{contrast}。
My {partner} is {contrast.er} than {given}. = 我{partner}比{given}{contrast}。
Do you think {acquainted} is {character}? = 你觉得{acquainted}{character}吗？
{subject} {subject.be} interested in {interest}. = {subject}对{interest}感兴趣。
{subject} {subject.be} not interested in {interest}. = {subject}对{interest}不感兴趣。
{subject} {subject.do} not like {animal.pl}. = {subject}不喜欢{animal}。
"""
