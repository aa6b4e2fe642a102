"""Pairs that a model has translated, as a further part of the training set.

Published uses: translations of the training sentences by models of both directions (Nguyen et al. 2020), and
back-translations of other text (Sennrich et al. 2016).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from .binarise import binarise_further_part
from .dropped import Entry, Record
from .encoding import Encoding, tokens_of_raw
from .files import write_lines
from .pairs import Pair
from .split import folded_keys, leaks_from
from .workers import Workers


def usable_pairs(
    synthetic: Iterable[Pair], train: Iterable[Pair], held_out: Iterable[Pair], record: Record
) -> Iterator[Pair]:
    """Yield the synthetic pairs that may be used for training and add something new; list the others in the record.

    A model can translate a training sentence into one of the held-out sets: such a pair would be a leak. A pair that
    differs from one of training, or from an earlier one, by case, width, script or punctuation alone is a repetition.

    Args:
        synthetic: the synthetic pairs.
        train: the pairs of the part "train".
        held_out: the pairs of the validation and the test set.
        record: lists what is dropped.
    """
    is_leak = leaks_from(held_out)
    seen = {folded_keys(pair) for pair in train}
    for pair in synthetic:
        keys = folded_keys(pair)
        if not all(keys):
            reason = "synthetic: no letter or digit on a side"
        elif is_leak(pair):
            reason = "synthetic: shares a sentence with valid or test"
        elif keys in seen:
            reason = "synthetic: repeats a pair"
        else:
            seen.add(keys)
            yield pair
            continue
        record.dropped.append(Entry(reason, pair.origin, pair.english, pair.chinese))


def add_synthetic_part(
    directory: Path, part: str, pairs: Sequence[Pair], encodings: Mapping[str, Encoding], workers: Workers
) -> dict[str, Any]:
    """Write and binarise synthetic pairs as a part of the training set.

    Args:
        directory: directory of the prepared data, whose part "train" is written and binarised.
        part: name of the part: "train1" or higher.
        pairs: pairs from `usable_pairs`.
        encodings: how sentences of the part "train" become tokens, by language: source, target.
        workers: processes that do the work.

    Returns:
        What the manifest records: counts by language.

    Raises:
        DataError: fairseq-preprocess fails.
    """
    for language, encoding in encodings.items():
        texts = (pair.chinese if language == "zh" else pair.english for pair in pairs)
        lines = workers.map(partial(tokens_of_raw, encoding), texts, len(pairs), f"synthetic pairs: {language}")
        write_lines(directory / "text" / f"{part}.{language}", lines)
    counts = binarise_further_part(directory, part, workers=workers.count)
    return {"part": part, "pairs": len(pairs), **{language: asdict(side) for language, side in counts.items()}}
