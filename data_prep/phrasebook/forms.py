"""The forms of an entry that a template can request, such as `{garment.pl}` or `{activity.past}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .entries import ASPECT, OWN, PRONOUNS, RESULTS, Entry, irregular_verbs
from .morphology import compare, inflect_verb_phrase, possessive

_AGREEING = {
    "be": {"1sg": "am", "3sg": "is", "pl": "are"},
    "was": {"1sg": "was", "3sg": "was", "pl": "were"},
    "do": {"1sg": "do", "3sg": "does", "pl": "do"},
    "have": {"1sg": "have", "3sg": "has", "pl": "have"},
}


def _agreement(entry: Entry) -> str:
    return "pl" if entry.number == "pair" else PRONOUNS[entry.pronoun].agreement


def _indefinite(entry: Entry) -> str:
    # `fix_articles` turns "a" into "an" in the complete sentence, because an adjective may follow the article.
    return {"count": "a ", "mass": "some ", "pair": "a pair of "}[entry.number] + entry.english


def _counted(entry: Entry) -> str:
    return f"pairs of {entry.english}" if entry.number == "pair" else entry.plural


def _verb(form: str) -> Callable[[Entry], str]:
    return lambda entry: inflect_verb_phrase(entry.english, form, irregular_verbs())


def _agreeing(name: str) -> Callable[[Entry], str]:
    return lambda entry: _AGREEING[name][_agreement(entry)]


def _is_pronoun(entry: Entry) -> bool:
    return entry.english in PRONOUNS


_NUMBERED: Mapping[str, Callable[[Entry], str]] = {
    "a": _indefinite,
    "pl": lambda entry: entry.plural,
    "counted": _counted,
    "this": lambda entry: "these" if entry.number == "pair" else "this",
    "that": lambda entry: "those" if entry.number == "pair" else "that",
    "it": lambda entry: "them" if entry.number == "pair" else "it",
    "they": lambda entry: "they" if entry.number == "pair" else "it",
    "one": lambda entry: "pair" if entry.number == "pair" else "one",
    "ones": lambda entry: "ones" if entry.number == "pair" else "one",
    "those": lambda entry: "those" if entry.number == "pair" else "that one",
}
_SUBJECT: Mapping[str, Callable[[Entry], str]] = {name: _agreeing(name) for name in _AGREEING}

_ENGLISH: Mapping[str, Mapping[str, Callable[[Entry], str]]] = {
    "phrase": _SUBJECT,
    "noun": {**_NUMBERED, **_SUBJECT},
    "place": {
        **_NUMBERED,
        **_SUBJECT,
        "the": lambda entry: f"{entry.article} {entry.english}".strip(),
        "at": lambda entry: f"{entry.preposition} {entry.article} {entry.english}".replace("  ", " "),
    },
    "person": {
        **_SUBJECT,
        "pl": lambda entry: entry.plural,
        "obj": lambda entry: PRONOUNS[entry.english].object if _is_pronoun(entry) else entry.english,
        "poss": lambda entry: PRONOUNS[entry.english].possessive if _is_pronoun(entry) else possessive(entry.english),
        "own": lambda entry: PRONOUNS[entry.pronoun].possessive,
        "self": lambda entry: PRONOUNS[entry.pronoun].reflexive,
        "pron": lambda entry: entry.pronoun,
    },
    "verb": {form: _verb(form) for form in ("s", "past", "pp", "ing")},
    "adjective": {
        "er": lambda entry: compare(entry.english)[0],
        "est": lambda entry: compare(entry.english)[1],
    },
}


def _experienced(entry: Entry) -> str:
    return entry.chinese.replace(ASPECT, "过")


def _carried_out(entry: Entry) -> str:
    after_verb = RESULTS[entry.result][0]
    return entry.chinese.replace(ASPECT, after_verb) + ("" if "了" in after_verb else "了")


def _completed(entry: Entry) -> str:
    return entry.chinese.replace(ASPECT, RESULTS[entry.result][1]) + "了"


def _negated(entry: Entry) -> str:
    # 有礼貌, 有耐心 contain the verb 有.
    return ("没" if entry.chinese.startswith("有") else "不") + entry.chinese


_MEASURED: Mapping[str, Callable[[Entry], str]] = {
    "mw": lambda entry: entry.measure,
    "a": lambda entry: "一" + entry.measure + entry.chinese,
}
_CHINESE: Mapping[str, Mapping[str, Callable[[Entry], str]]] = {
    "phrase": {},
    "noun": _MEASURED,
    "place": _MEASURED,
    "person": {"mw": lambda entry: entry.measure, "pron": lambda entry: {"he": "他", "she": "她"}[entry.pronoun]},
    "verb": {
        "le": _carried_out,
        "done": _completed,
        "guo": _experienced,
        # Separately, because a duration comes between them: 打了两个小时网球.
        "verb": lambda entry: entry.chinese.partition(ASPECT)[0],
        "object": lambda entry: entry.chinese.partition(ASPECT)[2],
    },
    "adjective": {"attr": lambda entry: entry.attributive, "not": _negated},
}


def english_form(entry: Entry, form: str, controller: Entry | None = None) -> str:
    """Return the English text of an entry.

    Args:
        entry: the entry.
        form: name of the form; empty for the plain text.
        controller: the subject that a verb in the form "pres" agrees with, and that "one's" in a verb phrase refers to.

    Raises:
        KeyError: entries of this kind do not have this form.
    """
    if form == "pres":
        if controller is None or entry.kind != "verb":
            raise KeyError("pres")
        form = "s" if _agreement(controller) == "3sg" else ""
    text = _ENGLISH[entry.kind][form](entry) if form else entry.english
    return text if controller is None else text.replace(OWN, PRONOUNS[controller.pronoun].possessive)


def chinese_form(entry: Entry, form: str) -> str:
    """Return the Chinese text of an entry; it may contain the mark `ASPECT`.

    Args:
        entry: the entry.
        form: name of the form; empty for the plain text.

    Raises:
        KeyError: entries of this kind do not have this form.
    """
    return _CHINESE[entry.kind][form](entry) if form else entry.chinese
