"""English inflection: plurals, verb forms, comparison, possessives, a/an and sentence case."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SIBILANT = re.compile(r"(s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")
# One vowel letter between consonants in a word of one syllable: plan, stop, swim.
_DOUBLING = re.compile(r"^[^aeiou]*[aeiou][^aeiouwxy]$")
_DOUBLING_LONGER = frozenset({"begin", "forget", "prefer", "refer", "permit", "admit"})
_VOWEL_LETTER = re.compile(r"[aeiou]", re.IGNORECASE)
# Words whose first sound is not what their first letter says.
_SPOKEN_VOWEL = re.compile(r"(hour|honest|honou?r|heir|8|11\b|18\b|X-ray|ATM)")
_SPOKEN_CONSONANT = re.compile(r"(uni(?!n)|use|usu|euro|one\b|once\b|ubiq|U[A-Z])", re.IGNORECASE)
_ARTICLE = re.compile(r"\b([Aa]) (?=([A-Za-z0-9][\w'-]*))")
_IRREGULAR_COMPARISON = {
    "good": ("better", "best"),
    "bad": ("worse", "worst"),
    "far": ("farther", "farthest"),
}


def plural(noun: str) -> str:
    """The regular plural of a noun or noun phrase whose last word is its head."""
    if _CONSONANT_Y.search(noun):
        return noun[:-1] + "ies"
    return noun + ("es" if _SIBILANT.search(noun) else "s")


def third_person(verb: str) -> str:
    """The third person singular of the present tense of a verb given in its base form."""
    irregular = {"be": "is", "have": "has", "do": "does", "go": "goes"}
    return irregular.get(verb) or plural(verb)


def _stem(verb: str) -> str:
    """The verb with its last consonant doubled where -ed and -ing ask for it."""
    return verb + verb[-1] if verb in _DOUBLING_LONGER or _DOUBLING.match(verb) else verb


def regular_past(verb: str) -> str:
    """The past tense and past participle of a regular verb."""
    if verb.endswith("e"):
        return verb + "d"
    if _CONSONANT_Y.search(verb):
        return verb[:-1] + "ied"
    return _stem(verb) + "ed"


def gerund(verb: str) -> str:
    """The -ing form of a verb."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")) and verb != "be":
        return verb[:-1] + "ing"
    return _stem(verb) + "ing"


def inflect_verb_phrase(phrase: str, form: str, irregular: Mapping[str, tuple[str, str]]) -> str:
    """Inflect the first word of a verb phrase (``visit the museum``).

    ``form`` is one of ``base``, ``s``, ``past``, ``pp`` (past participle) and ``ing``; ``irregular`` maps a verb to its
    past tense and participle. Raises ValueError at any other form.
    """
    verb, space, rest = phrase.partition(" ")
    if form == "base":
        inflected = verb
    elif form == "s":
        inflected = third_person(verb)
    elif form == "past":
        inflected = irregular[verb][0] if verb in irregular else regular_past(verb)
    elif form == "pp":
        inflected = irregular[verb][1] if verb in irregular else regular_past(verb)
    elif form == "ing":
        inflected = gerund(verb)
    else:
        raise ValueError(f"no verb form {form!r}; the forms are base, s, past, pp and ing")
    return inflected + space + rest


def compare(adjective: str) -> tuple[str, str]:
    """The comparative and the superlative (without its article) of an adjective."""
    if adjective in _IRREGULAR_COMPARISON:
        return _IRREGULAR_COMPARISON[adjective]
    syllables = len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", adjective)))
    if syllables > 1 and not (syllables == 2 and _CONSONANT_Y.search(adjective)):
        return f"more {adjective}", f"most {adjective}"
    if adjective.endswith("e"):
        return adjective + "r", adjective + "st"
    stem = adjective[:-1] + "i" if _CONSONANT_Y.search(adjective) else _stem(adjective)
    return stem + "er", stem + "est"


def possessive(noun: str) -> str:
    """The possessive form of a noun phrase in the singular (``my father's``)."""
    return noun + "'s"


def starts_with_vowel_sound(word: str) -> bool:
    """Whether a word takes ``an``: an hour, an umbrella, but a university."""
    if _SPOKEN_VOWEL.match(word):
        return True
    return bool(_VOWEL_LETTER.match(word)) and not _SPOKEN_CONSONANT.match(word)


def fix_articles(sentence: str) -> str:
    """Turn each article ``a`` of a sentence into ``an`` where the next word starts with a vowel sound."""
    return _ARTICLE.sub(lambda m: f"{m[1]}n " if starts_with_vowel_sound(m[2]) else m[0], sentence)


def capitalise(sentence: str) -> str:
    """The sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]
