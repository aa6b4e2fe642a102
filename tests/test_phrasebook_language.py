"""The language of the phrasebook: properties that every pair has, whatever the seed, because of the grammar's rules."""

from __future__ import annotations

import re

import pytest

from data_prep.pairs import Pair
from data_prep.phrasebook import generate_pairs
from data_prep.phrasebook.entries import load_lexicon

CITIES = sorted(entry.english for entry in load_lexicon()["city"])
CHINESE_CITIES = sorted(entry.chinese for entry in load_lexicon()["city"])
NUMBERS = re.findall(
    r"\w+",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety",
)


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """The default pairs of three seeds."""
    return [pair for seed in (1, 2, 3) for pair in generate_pairs(seed=seed)]


def select(pairs: list[Pair], english: str = "", chinese: str = "", at_least: int = 30) -> list[Pair]:
    """The pairs in which both patterns occur; there must be enough of them for the test to mean something."""
    chosen = [pair for pair in pairs if re.search(english, pair.english) and re.search(chinese, pair.chinese)]
    assert len(chosen) >= at_least
    return chosen


def violations(pairs: list[Pair], english: str = "", chinese: str = "") -> list[Pair]:
    return [pair for pair in pairs if re.search(english, pair.english) and re.search(chinese, pair.chinese)]


def test_every_time_takes_dou(pairs: list[Pair]) -> None:
    """每天都, not 每天, also after 不是; with a duration (每天工作八个小时) 都 is not needed."""
    repeated = select(pairs, chinese="每", at_least=500)
    assert not violations(repeated, chinese=r"每(?!天工作\w+个?小时)(?!.*都)")
    assert violations(repeated, chinese="不是每.+都")


def test_symptoms_are_not_bare_verbs(pairs: list[Pair]) -> None:
    select(pairs, chinese="发烧|感冒|拉肚子|流鼻血|咳嗽|流鼻涕|头晕|恶心")
    assert not violations(pairs, chinese="(发烧|感冒|拉肚子|流鼻血)(?![了药])")
    assert not violations(pairs, chinese="(?<!一直)(咳嗽|流鼻涕)")
    assert not violations(pairs, chinese="(?<!觉得)(头晕|恶心)")


def test_patience_and_politeness_are_had(pairs: list[Pair]) -> None:
    """很有耐心, 没有礼貌; as nouns (谢谢你的耐心) they stand alone."""
    select(pairs, chinese="没有(耐心|礼貌)")
    select(pairs, chinese="比.+有(耐心|礼貌)")
    assert not violations(pairs, chinese="(?<!有)(?<!你的)(耐心|礼貌)|不有")


def test_completed_actions_have_a_result(pairs: list[Pair]) -> None:
    """修好了电脑, 已经修好电脑了, not 修了电脑; what is not done has none: 没有修电脑."""
    for english, verb, result in (
        ("repaired the", "修", "好"),
        (r"packed \w+ luggage", "收拾", "好"),
        ("locked the door", "锁", "好"),
        ("closed the windows", "关", "好"),
        ("washed the", "洗", "好"),
        (r"reserved a \w+(?! for)\b", "订", "好"),
        (r"written \w+ composition", "写", "完"),
    ):
        for pair in select(pairs, english, verb, at_least=5):
            negated = re.search(r"(not|n't) (\w+ )?" + english, pair.english)
            assert re.search(verb + ("(?!好|完)" if negated else result), pair.chinese), pair
    assert not violations(pairs, chinese="(修|收拾|锁|关|洗|订)了(电脑|自行车|行李|门|窗户|衣服|车|房间|座位)")


def test_plain_objects_come_before_le(pairs: list[Pair]) -> None:
    """昨天打网球了, not 昨天打了网球; 打了两个小时网球 is fine."""
    lexicon = load_lexicon()
    entries = {
        entry for name in ("outing", "pause", "homely", "excursion") for entry in lexicon[name] if entry.result == "-"
    }
    plain = "|".join(sorted({re.sub(r"^(.*)\*(.*)$", r"\1了\2", entry.chinese) for entry in entries}))
    ended = "|".join(sorted({entry.chinese.replace("*", "") + "了" for entry in entries}))
    select(pairs, chinese=ended, at_least=300)
    assert not violations(pairs, chinese=plain)


def test_times_before_the_hour_only_tell_the_time(pairs: list[Pair]) -> None:
    """Such times stand in "It is five to ten now." alone, never in "from five to five to ten o'clock"."""
    before = rf"(?<!past )\b(five|ten|twenty) to ({'|'.join(NUMBERS)})\b(?! o'clock)"
    for pair in select(pairs, before):
        assert re.fullmatch(rf"(It is|It's) {before} now\.", pair.english), pair
    assert not [pair for pair in pairs if re.search("(?<!^现在)差.+分.+点", pair.chinese)]


def test_please_is_qing(pairs: list[Pair]) -> None:
    polite = select(pairs, r"(?i)please\b", at_least=500)
    assert not [pair for pair in polite if "请" not in pair.chinese]
    reminders = select(pairs, "on't forget", at_least=30)
    assert not [pair for pair in reminders if ("lease" in pair.english) != ("请" in pair.chinese)]


def test_pets_are_brought_into_places(pairs: list[Pair]) -> None:
    for pair in select(pairs, "bring pets"):
        assert re.search(r"bring pets (here|into the \w+)", pair.english), pair
        assert re.search("这里.*带宠物|带宠物进", pair.chinese), pair


def test_yesterday_is_not_a_day_ago(pairs: list[Pair]) -> None:
    select(pairs, "days ago", "天前")
    assert not violations(pairs, r"\b(a day|one day|two days) ago")
    assert not violations(pairs, chinese="[一两]天前")


def owner(pair: Pair) -> str:
    """The possessive of the subject of an English sentence."""
    people = load_lexicon()
    pronouns = {entry.english: entry.pronoun for name in ("adult", "title", "given") for entry in people[name]}
    own = {"i": "my", "we": "our", "they": "their", "he": "his", "she": "her", "you": "your"}
    english = re.sub("^(Did|Has|Will) ", "", pair.english)
    english = re.sub("^(His|Her|your) (?=[a-z])", "My ", english[:1].upper() + english[1:], flags=re.IGNORECASE)
    subject = re.match(r"(I|We|They|He|She|You)\b|My ((?:older |younger )?\w+)|((?:\w+\. )?\w+ ?\w*)", english)
    assert subject
    name = subject[2] or subject[1] or ""
    if name.lower() not in own:
        name = next(pronouns[known] for known in pronouns if re.search(rf"^(My )?{known}\b", english))
    return own[name.lower()]


def test_company_belongs_to_the_subject(pairs: list[Pair]) -> None:
    """Nobody reads books with the roommates of somebody else."""
    found = 0
    for pair in pairs:
        company = re.search(r"\bwith (my|your|his|her|our|their) (friends|colleagues|neighbors)\b", pair.english)
        if company:
            found += 1
            assert owner(pair) == company[1], pair
    assert found >= 100


def test_what_one_does_with_ones_own_belongs_to_the_subject(pairs: list[Pair]) -> None:
    """My son reviews his lessons, and I pack my luggage."""
    owned = "lessons|composition|homework|luggage|medicine"
    done = "review|wr[io]t|do|did|does|pack|take|taking|took"
    found: dict[str, int] = {}
    for pair in pairs:
        thing = re.search(rf"\b(?:{done})\w* (?!not\b)(\w+) ({owned})\b", pair.english)
        if thing and not re.match("(Take|Please|Don't|Thank)", pair.english) and thing[1] != "this":
            found[thing[2]] = found.get(thing[2], 0) + 1
            assert owner(pair) == thing[1], pair
    assert set(found) == set(owned.split("|")) and min(found.values()) >= 10, found


#: What may be preferred to each other.
LIKE = (
    "play (tennis|basketball|football|table tennis|badminton|volleyball)",
    "play the (piano|violin|guitar)",
    "ski|skate",
    "watch television|listen to music|read|play cards|play chess",
    "go (hiking|fishing|cycling|swimming|running)",
    r"(eat )?[A-Z]\w+ food",
    r"(go )?(by \w+|on foot)",
    "(have )?(tea|coffee)",
    f"(go )?to ({'|'.join(CITIES)})",
)


def test_like_is_compared_with_like(pairs: list[Pair]) -> None:
    """Nobody would rather cycle than drink tea."""
    seen = set()
    for pair in select(pairs, "(would|'d) rather", "^比起.+，我更想"):
        compared = re.fullmatch(r"I(?: would|'d) rather (.+) than (.+)\.", pair.english)
        assert compared
        shared = [group for group in LIKE if all(re.fullmatch(group, side) for side in compared.groups())]
        assert shared, pair
        seen.update(shared)
    assert len(seen) >= 7


def test_city_buses_stay_in_the_city(pairs: list[Pair]) -> None:
    select(pairs, "bus number", "路公共汽车")
    assert not violations(pairs, rf"bus number .+ to ({'|'.join(CITIES)})[.?]")
    assert not violations(pairs, chinese=rf"公共汽车(去|到)({'|'.join(CHINESE_CITIES)})[。？要]|去.*的公共汽车")
    select(pairs, "bus (to|from) |by bus", "长途汽车")


def test_meals_are_at_their_time_of_day(pairs: list[Pair]) -> None:
    select(pairs, chinese="早饭|早餐")
    assert not violations(pairs, chinese="(下午|晚上).*(早饭|早餐)|(早上|上午|下午).*晚[饭餐]|晚上.*午[饭餐]")
    assert not violations(pairs, "breakfast.*(afternoon|evening)|dinner.*(morning|afternoon)")
    for pair in select(pairs, r"^Breakfast is served from"):
        hours = re.findall(rf"\b({'|'.join(NUMBERS)})\b", pair.english)
        assert 6 <= NUMBERS.index(hours[0]) + 1 < NUMBERS.index(hours[-1]) + 1 <= 10, pair


def test_places_open_before_they_close(pairs: list[Pair]) -> None:
    select(pairs, "(is open from|opens at)")
    for pair in pairs:
        if "is open from" in pair.english:
            assert re.search(r"from .+ in the morning to .+ in the (afternoon|evening)\.", pair.english), pair
        if "opens at" in pair.english:
            assert re.search(r"at .+ in the morning and closes at .+ in the (afternoon|evening)\.", pair.english), pair
    assert not violations(pairs, r"(bus stop|airport|park|gas station|beach) is (open|closed)")


def test_the_part_of_the_day_suits_the_hour(pairs: list[Pair]) -> None:
    hours = {
        "一": 1,
        "两": 2,
        "三": 3,
        "四": 4,
        "五": 5,
        "六": 6,
        "七": 7,
        "八": 8,
        "九": 9,
        "十": 10,
        "十一": 11,
        "十二": 12,
    }
    spans = {"早上": range(5, 9), "上午": range(9, 12), "下午": range(1, 6), "晚上": range(6, 11)}
    found = 0
    for pair in pairs:
        for part, hour in re.findall(r"(早上|上午|下午|晚上)([一两三四五六七八九十]{1,2})点", pair.chinese):
            assert hours[hour] in spans[part], pair
            found += 1
    assert found >= 500


def test_rooms_are_on_their_floor(pairs: list[Pair]) -> None:
    ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
    for pair in select(pairs, r"^Room \d+ is on"):
        room, floor = re.findall(r"Room (\d)\d\d is on the (\w+) floor", pair.english)[0]
        assert ordinals[int(room) - 1] == floor, pair


def test_ages_suit_the_generation(pairs: list[Pair]) -> None:
    assert not violations(pairs, r"My (grand\w+) is (?!(sixty|seventy|eighty|ninety)).* years old")
    assert not violations(pairs, r"My (son|daughter) is (twenty|thirty|forty|fifty|sixty|seventy|eighty).* years old")
    select(pairs, r"My grand\w+ is .+ years old", "今年.+岁")


def test_small_things_are_not_planned_by_date(pairs: list[Pair]) -> None:
    """What one does every day is done tomorrow or this evening, not "in May" or "next year"."""
    lexicon = load_lexicon()
    small = "|".join(sorted({entry.english for name in ("homely", "small_chore") for entry in lexicon[name]}))
    planned = select(pairs, rf"\b(will|won't|must|has to|have to|going to) (not )?({small})\b", at_least=30)
    assert not violations(planned, r"next (week|month|year)| in [A-Z]| the \w+(-\w+)? of ")


def test_seasons_have_their_weather(pairs: list[Pair]) -> None:
    select(pairs, r"in (summer|winter)\.")
    assert not violations(pairs, r"(cold|dry) in [\w' ]+ in summer\.|(hot|cool|humid) in [\w' ]+ in winter\.")
    assert not violations(pairs, "(?i)snow.*(Singapore|Bangkok|Hong Kong|Sydney)")


def test_nobody_is_compared_with_a_second_spouse(pairs: list[Pair]) -> None:
    partner = "(wife|husband|boyfriend|girlfriend)"
    select(pairs, f"My {partner} is .+ than my ")
    assert not violations(pairs, f"My {partner} (is .+ than|and) my {partner}")


def test_nobody_asks_about_what_he_knows(pairs: list[Pair]) -> None:
    select(pairs, "^(Is|Why is|How is|How old is|Can|Will|Did|Has) (your|he|she)")
    assert not violations(pairs, r"^(Is|Why is|How is|How old is|Will|Did|Has|Can) my\b")
