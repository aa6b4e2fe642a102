"""Nonterminals that several topics use."""

RULES = """
[subject: person]
{pronoun} = {pronoun}
my {kin} = 我{kin}
{title} = {title}
{given} = {given}

# A third person, whose verb takes an -s.
[somebody: person]
{third} = {third}
my {kin} = 我{kin}
his {blood_relative} = 他{blood_relative}
her {blood_relative} = 她{blood_relative}
{title} = {title}
{given} = {given}

# A third person that one may ask "you" about.
[asked: person]
{third} = {third}
your {kin} = 你{kin}
{title} = {title}
{given} = {given}

# Somebody that one got to know, rather than a relative.
[acquainted: person]
my {acquaintance} = 我的{acquaintance}
{title} = {title}
{given} = {given}

# Somebody in whose company a subject does things: never one of the subjects themselves.
[companion: person]
my {acquaintance} = 我的{acquaintance}
his {acquaintance} = 他的{acquaintance}
her {acquaintance} = 她的{acquaintance}
some friends = 几个朋友

# A person named by a noun, not a pronoun.
[named: person]
my {kin} = 我{kin}
my {acquaintance} = 我的{acquaintance}
{title} = {title}
{given} = {given}

[future: phrase]
{future_word} = {future_word}
next {weekday} = 下{weekday}
on {date} = {date}
in {month} = {month}

[past: phrase]
{past_word} = {past_word}
last {weekday} = 上{weekday}
{days} ago = {days}前
{weeks} ago = {weeks}前

[habit: phrase]
{habit_word} = {habit_word}
every {weekday} = 每个{weekday}

[colored_good: noun]
{color} {colored} = {color.attr}{colored}

[colored_garment: noun]
{color} {garment} = {color.attr}{garment}

[ware: noun]
{good} = {good}
{color} {colored} = {color.attr}{colored}
{fabric} {cloth} = {fabric}{cloth}

[destination: phrase]
to {place.the} = {place}
to {sight.the} = {sight}
to {city} = {city}

[building: place]
{place} = {place}

[anywhere: place]
{place} = {place}
{indoor} = {indoor}
{sight} = {sight}
"""
