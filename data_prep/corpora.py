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
        earlier: the pairs that the data of `--like` hold out.
        record: what was dropped or repaired.
        warnings: messages for the user.
    """

    parts: dict[str, list[Example]]
    synthetic: list[Pair]
    earlier: list[Pair]
    record: Record
    warnings: list[str]


def read_and_split(options: Options, workers: Workers | None = None) -> SplitInput:
    """Read and clean the input and split it by `assign_parts`, or as the user's own validation and test sets say.

    `assign_parts` needs a key on both sides. A pair with a side without letters and digits has none, so it is dropped
    and counted. With the user's own split every pair that passes the cleaning is kept, except leaks if the options say
    so. Validation and test sets that the user gives are never cleaned; sentences that they share give a warning. The
    held-out sentences of `options.like` are treated as those of the user's own sets, whatever the split is.

    Args:
        options: the options.
        workers: processes that share the work. Default: none, it is done in this one

    Raises:
        DataError: a file cannot be read or is malformed, or there are no pairs for training, validation or test.
    """
    record = Record(options.tolerated)
    pairs = list(clean_pairs(_read_corpora(options, record), options, record))
    warnings: list[str] = []
    if options.held_out:
        parts = _parts_as_given(pairs, options, record, warnings)
    else:
        parts = _parts_by_rule(pairs, options, record, warnings, workers)
    earlier = _held_out_by_like(options, warnings)
    parts["train"] = _checked_for_leaks(parts, earlier, options, record, warnings)
    if not parts["train"]:
        read = [str(path) for name, path in options.inputs.items() if not name.startswith(("valid", "test"))]
        raise DataError(f"no training pairs in {' and '.join(read)}: nothing to train on")
    _check_languages(parts["train"][:_INSPECTED])
    return SplitInput(parts, _read_synthetic(options, parts, earlier, record), earlier, record, warnings)


def _parts_as_given(
    pairs: Sequence[Pair], options: Options, record: Record, warnings: list[str]
) -> dict[str, list[Example]]:
    """Return all pairs as the training set, and the user's own validation and test set."""
    held_out = {
        part: read_held_out(option, files, record, options.columns)
        for part, (option, files) in options.held_out.items()
    }
    if shared := _shared(held_out["valid"], held_out["test"]):
        warnings.append(
            f"{shared} sentences of the test set that you gave are in the valid set, too, in at least one language; "
            "what is tuned on the valid set has seen them"
        )
    return {"train": [Example((pair,)) for pair in pairs], **held_out}


def _parts_by_rule(
    pairs: Sequence[Pair], options: Options, record: Record, warnings: list[str], workers: Workers | None
) -> dict[str, list[Example]]:
    """Return the parts of `assign_parts`."""
    assigned = assign_parts(pairs, options.test_permille, options.valid_permille, workers)
    _record_keyless(pairs, assigned, record)
    parts = examples_by_part(pairs, assigned)
    for part, permille in (("valid", options.valid_permille), ("test", options.test_permille)):
        if permille and not parts[part]:
            warnings.append(
                f"no pair fell into {part}: with so few pairs, provide your own split (--valid-tsv, --test-tsv)"
            )
    return parts


def _held_out_by_like(options: Options, warnings: list[str]) -> list[Pair]:
    """Return the held-out pairs of the data of `options.like`.

    Raises:
        DataError: they are damaged, or are missing though leaks should be dropped.
    """
    if options.known is None:
        return []
    pairs = options.known.held_out()
    if pairs is not None:
        return pairs
    lacking = f"--like {options.like} does not contain its validation and test set"
    if options.drop_leaks:
        raise DataError(f"--drop-leaks: {lacking}; give the prepared data, not a copy of their files for translation")
    warnings.append(f"{lacking}; the training pairs may contain sentences of them")
    return []


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
    parts: Mapping[str, list[Example]],
    earlier: Sequence[Pair],
    options: Options,
    record: Record,
    warnings: list[str],
) -> list[Example]:
    """Return the training set, without leaks if the options say so; otherwise a warning counts them.

    Args:
        parts: the examples of each part. A split by rule has no leaks.
        earlier: the held-out pairs of the data of `options.like`.
        options: the options.
        record: lists the pairs that are dropped.
        warnings: takes the warning.
    """
    given = [pair for part in options.held_out for example in parts[part] for pair in example.pairs]
    whose = [name for name, pairs in (("that you gave", given), (f"of --like {options.like}", earlier)) if pairs]
    if not whose:
        return parts["train"]
    is_leak = leaks_from([*given, *earlier])
    train = [pair for example in parts["train"] for pair in example.pairs]
    if options.drop_leaks:
        return [Example((pair,)) for pair in _without_leaks(train, is_leak, record)]
    if leaks := sum(map(is_leak, train)):
        warnings.append(
            f"{leaks} training pairs share a sentence with the valid or test set {' or '.join(whose)}; "
            "--drop-leaks drops them"
        )
    return parts["train"]


def _without_leaks(pairs: Iterable[Pair], is_leak: Callable[[Pair], bool], record: Record) -> Iterator[Pair]:
    """Yield the pairs that are not leaks; list the others in the record."""
    for pair in pairs:
        if is_leak(pair):
            reason = "shares a sentence with valid or test"
            record.dropped.append(Entry(reason, pair.origin, pair.english, pair.chinese))
        else:
            yield pair


def _read_synthetic(
    options: Options, parts: Mapping[str, Sequence[Example]], earlier: Sequence[Pair], record: Record
) -> list[Pair]:
    """Return the usable synthetic pairs.

    Args:
        options: the options.
        parts: the examples of each part.
        earlier: the held-out pairs of the data of `options.like`.
        record: lists the pairs that are not usable.

    Raises:
        DataError: a file cannot be read or is malformed, or no pair of it is usable.
    """
    if not options.synthetic_tsv:
        return []
    synthetic = _read_files([(path,) for path in options.synthetic_tsv], record)
    train, *held_out = ([pair for example in parts[part] for pair in example.pairs] for part in PARTS)
    usable = list(usable_pairs(synthetic, train, chain(*held_out, earlier), record))
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
