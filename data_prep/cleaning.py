"""Rules that drop or repair pairs of the training input. All are off by default; each pair counts under one rule."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from .dropped import Entry, Record
from .errors import DataError
from .pairs import Pair
from .split import folded_keys

CONTROL_ACTIONS = ("keep", "drop", "remove")
MOJIBAKE_ACTIONS = ("keep", "drop", "repair")
DUPLICATE_KINDS = ("exact", "normalised")

# Controls without the tab, which is white space; invisible characters of format without the joiners U+200C and U+200D,
# which scripts need; private use, lone surrogates, separators of lines and paragraphs.
_CONTROL = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
_REPLACEMENT = "\ufffd"  # stands for bytes that could not be decoded


@dataclass(frozen=True, kw_only=True)
class CleaningOptions:
    """Which pairs are dropped or repaired.

    Attributes:
        drop_malformed: drop lines that cannot be read as a pair, instead of refusing the input.
        drop_empty: drop blank lines and pairs with an empty side, instead of refusing the input.
        drop_leaks: with the user's own validation and test set, drop training pairs that share a sentence with them.
        control_characters: what to do with control and invisible format characters: "keep", "drop" the pair or "remove"
            them.
        mojibake: what to do with text that was decoded with the wrong encoding: "keep", "drop" the pair or "repair" it,
            and drop it if that fails. Needs ftfy.
        max_chinese: maximum number of Chinese characters without white space; 0 for no limit.
        max_english: maximum number of English words, separated by white space; 0 for no limit.
        max_ratio: maximum ratio of Chinese characters to English words, and of these to those; 0 for no limit.
        min_script: minimum share of Han among the letters of the Chinese side, and of Latin among those of the English
            side; 0 for no limit. A side without letters passes.
        duplicates: keep only the first of "exact" duplicates, or of pairs that differ only in case, width, script or
            punctuation ("normalised"); None to keep all.

    Raises:
        DataError: an option is out of range, or ftfy is missing.
    """

    drop_malformed: bool = False
    drop_empty: bool = False
    drop_leaks: bool = False
    control_characters: str = "keep"
    mojibake: str = "keep"
    max_chinese: int = 0
    max_english: int = 0
    max_ratio: float = 0.0
    min_script: float = 0.0
    duplicates: str | None = None

    def __post_init__(self) -> None:
        for option, choice, choices in (
            ("--control-characters", self.control_characters, CONTROL_ACTIONS),
            ("--mojibake", self.mojibake, MOJIBAKE_ACTIONS),
            ("--drop-duplicates", self.duplicates, (None, *DUPLICATE_KINDS)),
        ):
            if choice not in choices:
                raise DataError(f"{option} {choice}: choose one of {', '.join(map(str, choices))}")
        if self.max_ratio and not self.max_ratio >= 1:
            raise DataError(f"--max-ratio {self.max_ratio}: must be at least 1, or 0 for no limit")
        if self.mojibake != "keep":
            try:
                import ftfy  # noqa: F401
            except ModuleNotFoundError:
                raise DataError(
                    f"--mojibake {self.mojibake}: needs the package ftfy; install the extra 'data' "
                    "(pip install '.[data]')"
                ) from None


def clean_pairs(pairs: Iterable[Pair], options: CleaningOptions, record: Record) -> Iterator[Pair]:
    """Yield the pairs that pass all rules, repaired where the options say so; list the others in `record`.

    Mojibake and control characters come first, then lengths, ratio and script, and duplicates last: a pair is judged as
    it is used.
    """
    rules = _rules(options)
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        given = pair
        repairs: list[str] = []
        reason: str | None = None
        # Mojibake first: the control characters in it are bytes of the letters.
        if options.mojibake != "keep":
            pair, reason = _without_mojibake(pair, options.mojibake == "repair", repairs)
        if reason is None and options.control_characters != "keep":
            pair, reason = _without_control(pair, options.control_characters == "remove", repairs)
        if reason is None:
            reason = next((reason for rule in rules if (reason := rule(pair))), None)
        if reason is None and options.duplicates is not None:
            key = _duplicate_key(pair, options.duplicates)
            if key in seen:
                reason = f"{options.duplicates} duplicate"
            seen.add(key)
        if reason is not None:
            record.dropped.append(Entry(reason, given.origin, given.english, given.chinese))
            continue
        record.repaired += [Entry(repair, given.origin, given.english, given.chinese) for repair in repairs]
        yield pair


def chinese_length(text: str) -> int:
    """Return the number of characters that are not white space."""
    return sum(not c.isspace() for c in text)


def script_share(text: str, script: str) -> float:
    """Return the share of letters of a script ("CJK" or "LATIN") among the letters of a text; 1 if it has none."""
    scripts = [_script(c) for c in text if c.isalpha()]
    return scripts.count(script) / len(scripts) if scripts else 1.0


def _rules(options: CleaningOptions) -> list[Callable[[Pair], str | None]]:
    """Return the rules that are on. Each returns the reason for which a pair is dropped, or None."""
    rules: list[Callable[[Pair], str | None]] = []
    if options.max_chinese:
        reason = f"more than {options.max_chinese} Chinese characters"
        rules.append(lambda pair: reason if chinese_length(pair.chinese) > options.max_chinese else None)
    if options.max_english:
        words = f"more than {options.max_english} English words"
        rules.append(lambda pair: words if len(pair.english.split()) > options.max_english else None)
    if options.max_ratio:
        rules.append(lambda pair: _unequal(pair, options.max_ratio))
    if options.min_script:
        rules.append(lambda pair: _wrong_script(pair, options.min_script))
    return rules


def _unequal(pair: Pair, most: float) -> str | None:
    lengths = chinese_length(pair.chinese), len(pair.english.split())
    return f"lengths differ by more than a factor of {most:g}" if max(lengths) > most * min(lengths) else None


def _wrong_script(pair: Pair, least: float) -> str | None:
    if script_share(pair.chinese, "CJK") < least:
        return "wrong script on the Chinese side"
    return "wrong script on the English side" if script_share(pair.english, "LATIN") < least else None


def _without_control(pair: Pair, remove: bool, repairs: list[str]) -> tuple[Pair, str | None]:
    if not (_CONTROL.search(pair.chinese) or _CONTROL.search(pair.english)):
        return pair, None
    if not remove:
        return pair, "control character"
    # A space where white space was removed, so that words are not joined; format characters have no width.
    chinese, english = (_CONTROL.sub(_blank, text) for text in (pair.chinese, pair.english))
    if not (chinese.strip() and english.strip()):
        return pair, "only control characters on one side"
    repairs.append("control character")
    return replace(pair, chinese=chinese, english=english), None


def _blank(found: re.Match[str]) -> str:
    return " " if found[0].isspace() else ""


def _without_mojibake(pair: Pair, repair: bool, repairs: list[str]) -> tuple[Pair, str | None]:
    import ftfy
    from ftfy.badness import is_bad

    sides = (pair.chinese, pair.english)
    # Mostly the repair changes nothing, and what it changes is mojibake; what looks bad afterwards cannot be repaired.
    repaired = tuple(map(ftfy.fix_encoding, sides))
    if any(_REPLACEMENT in text or is_bad(text) for text in repaired):
        return pair, "mojibake that cannot be repaired" if repair else "mojibake"
    if repaired == sides:
        return pair, None
    if not repair:
        return pair, "mojibake"
    repairs.append("mojibake")
    return replace(pair, chinese=repaired[0], english=repaired[1]), None


def _duplicate_key(pair: Pair, kind: str) -> tuple[str, str]:
    if kind == "exact":
        return pair.chinese, pair.english
    # Pairs without a key, of punctuation alone, are compared as they are.
    chinese, english = folded_keys(pair)
    return chinese or pair.chinese, english or pair.english


@cache
def _script(character: str) -> str:
    """Return the first word of a character's name, which for letters is their script: "CJK", "LATIN", "HIRAGANA"."""
    name = unicodedata.name(character, "").removeprefix("FULLWIDTH ")
    return "CJK" if name.startswith("IDEOGRAPHIC ") else name.partition(" ")[0]
