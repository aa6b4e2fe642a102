"""Nonterminals that several topics use."""

RULES = """
# People who do things. "You" is left to questions, orders and advice.
[subject: person]
{pronoun} = {pronoun}
my {adult} = 我{adult}
{title} = {title}
{given} = {given}

# A third person, whose verb takes an -s.
[somebody: person]
{third} = {third}
my {adult} = 我{adult}
his {relation} = 他{relation}
her {relation} = 她{relation}
{title} = {title}
{given} = {given}

# A third person that one may ask "you" about.
[asked: person]
{third} = {third}
your {adult} = 你{adult}
{title} = {title}
{given} = {given}

# Somebody that one got to know, rather than a relative.
[acquainted: person]
{title} = {title}
{given} = {given}

# A person named by a noun, not a pronoun.
[named: person]
my {adult} = 我{adult}
my {acquaintance} = 我的{acquaintance}
{title} = {title}
{given} = {given}

# The person spoken to has heard of them.
[known: person]
your {adult} = 你{adult}
{title} = {title}
{given} = {given}

# Somebody who may be from abroad.
[foreigner: person]
{third} = {third}
{western} = {western}
my {partner} = 我{partner}
my {acquaintance} = 我的{acquaintance}

# Somebody whose life may still change.
[beginner: person]
{third} = {third}
{given} = {given}
my {youth} = 我{youth}

# Somebody whose occupation the name does not tell.
[worker: person]
{third} = {third}
{given} = {given}
my {adult} = 我{adult}
his {relation} = 他{relation}
her {relation} = 她{relation}

# Days, or parts of days, that are near: for what one does often.
[near: phrase]
{soon} = {soon}
next {weekday} = 下{weekday}

# For what takes daylight.
[daytime: phrase]
{daytime_word} = {daytime_word}
next {weekday} = 下{weekday}

# For what has a clock time of its own.
[day: phrase]
{day_word} = {day_word}
next {weekday} = 下{weekday}
on {date} = {date}

# For restaurants, on the spot and by telephone.
[dinner_near: phrase]
{dinner_word} = {dinner_word}
next {weekday} = 下{weekday}

[dinner_time: phrase]
{dinner_word} = {dinner_word}
next {weekday} = 下{weekday}
on {date} = {date}

# For travel and appointments.
[journey: phrase]
{travel_word} = {travel_word}
next {weekday} = 下{weekday}
on {date} = {date}

# Nights in hotels, after "for".
[night: phrase]
{day_word} = {day_word}
this weekend = 这个周末
next week = 下个星期
next {weekday} = 下{weekday}
{date} = {date}

[stay: phrase]
{day_word} = {day_word}
this weekend = 这个周末
next week = 下个星期
next {weekday} = 下{weekday}
on {date} = {date}

# For what is planned long before.
[future: phrase]
{future_word} = {future_word}
next {weekday} = 下{weekday}
on {date} = {date}
in {month} = {month}

[far: phrase]
{far_word} = {far_word}
in {month} = {month}

[recent: phrase]
{recent_word} = {recent_word}
last {weekday} = 上{weekday}

[recent_day: phrase]
{recent_day_word} = {recent_day_word}
last {weekday} = 上{weekday}

[past: phrase]
{past_word} = {past_word}
last {weekday} = 上{weekday}
{days_ago} ago = {days_ago}前
{weeks} ago = {weeks}前

[weekly_habit: phrase]
{weekly_word} = {weekly_word}
every {weekday} = 每个{weekday}

[colored_good: noun]
{color} {colored} = {color.attr}{colored}

[colored_garment: noun]
{color} {wearable} = {color.attr}{wearable}

[textile: noun]
silk {silk_wear} = 真丝{silk_wear}
cotton {cotton_wear} = 纯棉{cotton_wear}
wool {wool_wear} = 羊毛{wool_wear}

# What anybody may buy, in contrast to skirts and ties.
[ware: noun]
{good} = {good}
{color} {colored} = {color.attr}{colored}

[worn: noun]
{garment} = {garment}
{color} {wearable} = {color.attr}{wearable}
{textile} = {textile}

[destination: phrase]
to {address.the} = {address}
to {city_sight.the} = {city_sight}

[anywhere: place]
{place} = {place}
{indoor} = {indoor}

# What one asks a passer-by for: sights in the city, no mountains, walls and rivers.
[asked_place: place]
{place} = {place}
{indoor} = {indoor}
{city_sight} = {city_sight}

[outdoors: place]
{place} = {place}
{city_sight} = {city_sight}

# What one takes a bus or taxi to.
[far_place: place]
{bus_place} = {bus_place}
{city_sight} = {city_sight}

[bus_destination: phrase]
to {bus_place.the} = {bus_place}
to {city_sight.the} = {city_sight}

# What one may fail to find: not an airport.
[findable: place]
{handy_place} = {handy_place}
{landmark} = {landmark}
{indoor} = {indoor}

# Somebody who borrows and lends: not one's wife.
[creditor: person]
{third} = {third}
my {acquaintance} = 我的{acquaintance}
my {brother_or_sister} = 我{brother_or_sister}
his {relation} = 他{relation}
her {relation} = 她{relation}
{title} = {title}
{given} = {given}

# One person.
[single: person]
{i} = {i}
{third} = {third}
my {adult} = 我{adult}
{title} = {title}
{given} = {given}
"""
