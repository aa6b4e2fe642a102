"""English inflection: plurals, verb forms, comparison, possessives, a/an and sentence case."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SIBILANT = re.compile(r"(s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")
# Words of one syllable with a single vowel letter before a final consonant: plan, stop, swim.
_DOUBLING = re.compile(r"^[^aeiou]*[aeiou][^aeiouwxy]$")
_DOUBLING_LONGER = frozenset({"begin", "forget", "prefer", "refer", "permit", "admit"})
_VOWEL_LETTER = re.compile(r"[aeiou]", re.IGNORECASE)
# Words whose first sound differs from what their first letter suggests.
_SPOKEN_VOWEL = re.compile(r"(hour|honest|honou?r|heir|8|11\b|18\b|X-ray|ATM)")
_SPOKEN_CONSONANT = re.compile(r"(?i:uni(?!n)|use|usu|euro|one\b|once\b|ubiq)|U[A-Z]")
_ARTICLE = re.compile(r"\b([Aa]) (?=([A-Za-z0-9][\w'-]*))")
_IRREGULAR_COMPARISON = {
    "good": ("better", "best"),
    "bad": ("worse", "worst"),
    "far": ("farther", "farthest"),
}


def plural(noun: str) -> str:
    """Return the regular plural of a noun, or of a noun phrase whose last word is its head."""
    if _CONSONANT_Y.search(noun):
        return noun[:-1] + "ies"
    return noun + ("es" if _SIBILANT.search(noun) else "s")


def third_person(verb: str) -> str:
    """Return the third person singular, present tense, of a verb given in its base form."""
    irregular = {"be": "is", "have": "has", "do": "does", "go": "goes"}
    return irregular.get(verb) or plural(verb)


def _stem(word: str) -> str:
    """Return the form to which -ed, -ing, -er or -est is added: the last consonant is doubled where necessary."""
    return word + word[-1] if word in _DOUBLING_LONGER or _DOUBLING.match(word) else word


def regular_past(verb: str) -> str:
    """Return the past tense, which is also the past participle, of a regular verb."""
    if verb.endswith("e"):
        return verb + "d"
    if _CONSONANT_Y.search(verb):
        return verb[:-1] + "ied"
    return _stem(verb) + "ed"


def gerund(verb: str) -> str:
    """Return the -ing form of a verb."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")) and verb != "be":
        return verb[:-1] + "ing"
    return _stem(verb) + "ing"


def inflect_verb_phrase(phrase: str, form: str, irregular: Mapping[str, tuple[str, str]]) -> str:
    """Inflect the first word of a verb phrase ("visit the museum").

    Args:
        phrase: verb phrase in the base form.
        form: "s" (third person singular), "past", "pp" (past participle) or "ing".
        irregular: past tense and past participle of each irregular verb.

    Raises:
        ValueError: there is no such form.
    """
    verb, space, rest = phrase.partition(" ")
    if form == "s":
        inflected = third_person(verb)
    elif form == "past":
        inflected = irregular[verb][0] if verb in irregular else regular_past(verb)
    elif form == "pp":
        inflected = irregular[verb][1] if verb in irregular else regular_past(verb)
    elif form == "ing":
        inflected = gerund(verb)
    else:
        raise ValueError(f"no verb form {form!r}; the forms are s, past, pp and ing")
    return inflected + space + rest


def compare(adjective: str) -> tuple[str, str]:
    """Return the comparative and the superlative (without article) of an adjective."""
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
    """Return the possessive form of a singular noun phrase ("my father's")."""
    return noun + "'s"


def starts_with_vowel_sound(word: str) -> bool:
    """True if a word takes "an": an hour, an umbrella, but a university."""
    if _SPOKEN_VOWEL.match(word):
        return True
    return bool(_VOWEL_LETTER.match(word)) and not _SPOKEN_CONSONANT.match(word)


def fix_articles(sentence: str) -> str:
    """Replace each article "a" of a sentence by "an" if the next word starts with a vowel sound."""
    return _ARTICLE.sub(lambda m: f"{m[1]}n " if starts_with_vowel_sound(m[2]) else m[0], sentence)


def capitalise(sentence: str) -> str:
    """Return the sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]
