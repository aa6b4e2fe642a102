"""All input of a run: the corpora are read and cleaned, then split into training, validation and test set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from .cleaning import clean_pairs, script_share
from .dropped import Entry, Record
from .errors import DataError
from .held_out import read_held_out
from .like import held_out_pairs
from .options import Options
from .pairs import Columns, Pair, read_parallel, read_tsv
from .split import PARTS, Example, assign_parts, examples_by_part, leaks_from, pair_keys
from .synthetic_part import usable_pairs
from .workers import Workers

_INSPECTED = 1000
"""Number of training pairs whose languages are checked."""


@dataclass
class SplitInput:
    """The input split into parts.

    Attributes:
        parts: the examples of each part.
        synthetic: usable synthetic pairs, see `usable_pairs`.
        record: what was dropped or repaired.
        warnings: messages for the user.
    """

    parts: dict[str, list[Example]]
    synthetic: list[Pair]
    record: Record
    warnings: list[str]


def read_and_split(options: Options, workers: Workers | None = None) -> SplitInput:
    """Read and clean the input and split it by `assign_parts`, or as the user's own validation and test sets say.

    `assign_parts` needs a key on both sides. A pair with a side without letters and digits has none, so it is dropped
    and counted. With the user's own split every pair that passes the cleaning is kept, except leaks if the options say
    so. Validation and test sets that the user gives are never cleaned; sentences that they share give a warning.

    Args:
        options: the options.
        workers: processes that share the work. Default: none, it is done in this one

    Raises:
        DataError: a file cannot be read or is malformed, or there are no pairs for training, validation or test.
    """
    record = Record(options.tolerated)
    pairs = list(clean_pairs(_read_corpora(options, record), options, record))
    warnings = []
    if options.held_out:
        held_out = {
            part: read_held_out(option, files, record, options.columns)
            for part, (option, files) in options.held_out.items()
        }
        is_leak = leaks_from(pair for examples in held_out.values() for example in examples for pair in example.pairs)
        if shared := _shared(held_out["valid"], held_out["test"]):
            warnings.append(
                f"{shared} sentences of the test set that you gave are in the valid set, too, in at least one "
                "language; what is tuned on the valid set has seen them"
            )
        pairs = _checked_for_leaks(pairs, is_leak, "that you gave", options, record, warnings)
        parts = {"train": [Example((pair,)) for pair in pairs], **held_out}
    else:
        assigned = assign_parts(pairs, options.test_permille, options.valid_permille, workers)
        _record_keyless(pairs, assigned, record)
        parts = examples_by_part(pairs, assigned)
        for part, permille in (("valid", options.valid_permille), ("test", options.test_permille)):
            if permille and not parts[part]:
                warnings.append(
                    f"no pair fell into {part}: with so few pairs, provide your own split (--valid-tsv, --test-tsv)"
                )
    known = [] if options.like is None else list(held_out_pairs(options.like))
    if known:
        pairs = [example.pairs[0] for example in parts["train"]]
        pairs = _checked_for_leaks(pairs, leaks_from(known), f"of {options.like}", options, record, warnings)
        parts["train"] = [Example((pair,)) for pair in pairs]
    elif options.like is not None:
        warnings.append(
            f"{options.like} does not contain its valid and test set; the training pairs may contain sentences of them"
        )
    if not parts["train"]:
        read = [str(path) for name, path in options.inputs.items() if not name.startswith(("valid", "test"))]
        raise DataError(f"no training pairs in {' and '.join(read)}: nothing to train on")
    _check_languages(parts["train"][:_INSPECTED])
    return SplitInput(parts, _read_synthetic(options, parts, known, record), record, warnings)


def _check_languages(examples: Sequence[Example]) -> None:
    """Check that the sides of training pairs are in the languages that they should be in.

    Raises:
        DataError: most of the letters of one side are of another script.
    """
    pairs = [pair for example in examples for pair in example.pairs]
    for language, script, texts in (
        ("Chinese", "CJK", [pair.chinese for pair in pairs]),
        ("English", "LATIN", [pair.english for pair in pairs]),
    ):
        share = sum(script_share(text, script) for text in texts) / len(texts)
        if share < 0.5:
            raise DataError(
                f"only {share:.0%} of the letters on the {language} side of the first training pairs are {language}, "
                f"such as {texts[0][:40]!r}: name the Chinese column or file first (--tsv-columns, --parallel); other "
                "languages are not supported"
            )


def _shared(valid: Iterable[Example], test: Iterable[Example]) -> int:
    """Return the number of examples of `test` that share a sentence with `valid`."""
    is_leak = leaks_from(pair for example in valid for pair in example.pairs)
    return sum(any(map(is_leak, example.pairs)) for example in test)


def _checked_for_leaks(
    pairs: list[Pair],
    is_leak: Callable[[Pair], bool],
    whose: str,
    options: Options,
    record: Record,
    warnings: list[str],
) -> list[Pair]:
    """Return the training pairs, without leaks if the options say so; otherwise a warning counts them.

    Args:
        pairs: the training pairs.
        is_leak: whether one shares a sentence with a valid or test set.
        whose: which valid or test set that is.
        options: the options.
        record: lists the pairs that are dropped.
        warnings: takes the warning.
    """
    if options.drop_leaks:
        return list(_without_leaks(pairs, is_leak, record))
    if leaks := sum(map(is_leak, pairs)):
        warnings.append(
            f"{leaks} training pairs share a sentence with the valid or test set {whose}; --drop-leaks drops them"
        )
    return pairs


def _without_leaks(pairs: Iterable[Pair], is_leak: Callable[[Pair], bool], record: Record) -> Iterator[Pair]:
    """Yield the pairs that are not leaks; list the others in the record."""
    for pair in pairs:
        if is_leak(pair):
            reason = "shares a sentence with valid or test"
            record.dropped.append(Entry(reason, pair.origin, pair.english, pair.chinese))
        else:
            yield pair


def _read_synthetic(
    options: Options, parts: Mapping[str, Sequence[Example]], known: Sequence[Pair], record: Record
) -> list[Pair]:
    """Return the usable synthetic pairs.

    Args:
        options: the options.
        parts: the examples of each part.
        known: the pairs of the valid and test set of `options.like`.
        record: lists the pairs that are not usable.

    Raises:
        DataError: a file cannot be read or is malformed, or no pair of it is usable.
    """
    if not options.synthetic_tsv:
        return []
    synthetic = _read_files([(path,) for path in options.synthetic_tsv], record)
    train, *held_out = ([pair for example in parts[part] for pair in example.pairs] for part in PARTS)
    usable = list(usable_pairs(synthetic, train, chain(*held_out, known), record))
    if not usable:
        raise DataError(
            "--synthetic-tsv: no pair is usable: each repeats another, shares a sentence with the valid or test set, "
            "or has no letter or digit on a side"
        )
    return usable


def _read_corpora(options: Options, record: Record) -> Iterator[Pair]:
    """Yield the pairs of all corpora in the order of the options."""
    return _read_files(options.corpora, record, options.columns)


def _read_files(corpora: Iterable[tuple[Path, ...]], record: Record, columns: Columns | None = None) -> Iterator[Pair]:
    for files in corpora:
        corpus = read_tsv(files[0], record, columns) if len(files) == 1 else read_parallel(files[0], files[1], record)
        record.blank_last_lines += corpus.blank_last_lines
        record.byte_order_marks += corpus.byte_order_marks
        yield from corpus.pairs


def _record_keyless(pairs: Iterable[Pair], assigned: Iterable[str | None], record: Record) -> None:
    """List the pairs without a part: one of their sides has no key."""
    for pair, part in zip(pairs, assigned, strict=True):
        if part is None:
            reason = f"no letter or digit on the {'English' if pair_keys(pair)[0] else 'Chinese'} side"
            record.dropped.append(Entry(reason, pair.origin, pair.english, pair.chinese))
