"""Alignment error rate of a model on the phrasebook, whose grammar knows which words translate each other.

A true link is sure or only possible (Och and Ney, 2003). All words of a unit of the grammar are linked: surely if one
of its sides is a single word, else possibly, since nothing says which word of a phrase translates which of the other.
What is left of a rule besides its slots is also linked as possible.

    precision = |A & P| / |A|    recall = |A & S| / |S|    error rate = 1 - (|A & S| + |A & P|) / (|A| + |S|)

for the links A of an aligner, the sure links S, and P, the possible links including S.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from data_prep.errors import DataError
from data_prep.files import read_lines
from data_prep.word_alignment import Link, align_words
from reencoder.text.pieces import SPACE

from .alignment import Aligner, Method, diagonal
from .prepared import check_unchanged
from .sentence_pairs import SentencePair, split_pairs
from .split import read_split

if TYPE_CHECKING:
    from data_prep.phrasebook.alignment import Unit


@dataclass(frozen=True)
class Gold:
    """What is known of the true alignment of a sentence pair.

    Attributes:
        sure: links that must be there.
        possible: links that may be there, `sure` included.
    """

    sure: frozenset[Link]
    possible: frozenset[Link]


@dataclass(frozen=True)
class ErrorRate:
    """How well an aligner does.

    Attributes:
        precision: share of its links that are possible, 0 to 1.
        recall: share of the sure links that it has, 0 to 1.
        error_rate: alignment error rate, 0 to 1; lower is better.
        links: number of its links.
    """

    precision: float
    recall: float
    error_rate: float
    links: int

    def to_json(self) -> dict[str, Any]:
        """Return the figures as a JSON object."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "error_rate": self.error_rate,
            "links": self.links,
        }


def error_rate(found: Sequence[Set[Link]], gold: Sequence[Gold]) -> ErrorRate:
    """Compare the links of sentence pairs with what is known of them.

    Args:
        found: links of each pair.
        gold: the true alignment of each pair.
    """
    links = sum(map(len, found))
    sure = sum(len(true.sure) for true in gold)
    right_sure = sum(len(own & true.sure) for own, true in zip(found, gold, strict=True))
    right = sum(len(own & true.possible) for own, true in zip(found, gold, strict=True))
    return ErrorRate(
        right / links if links else 0.0,
        right_sure / sure if sure else 0.0,
        1 - (right_sure + right) / (links + sure) if links + sure else 0.0,
        links,
    )


def gold_links(units: Iterable[Unit], source: Sequence[Set[int]], target: Sequence[Set[int]]) -> Gold:
    """Return the links of the tokens of a sentence pair.

    Args:
        units: see `data_prep.phrasebook.alignment.aligned_units`; the source is Chinese.
        source: for each source token the positions of its characters; see `token_positions`.
        target: for each target token the positions of its characters.
    """
    sure: set[Link] = set()
    possible: set[Link] = set()
    for unit in units:
        sources = [n for n, positions in enumerate(source) if positions & unit.chinese]
        targets = [n for n, positions in enumerate(target) if positions & unit.english]
        links = {(s, t) for s in sources for t in targets}
        possible |= links
        if unit.entry and min(len(sources), len(targets)) == 1:
            sure |= links
    return Gold(frozenset(sure), frozenset(possible))


def token_positions(tokens: Sequence[str], text: str) -> list[set[int]]:
    """Return the positions of the characters of each token in the raw text.

    Args:
        tokens: words or pieces, perhaps lower-cased; ``▁`` marks the start of a word.
        text: the raw text; white space belongs to no token.

    Raises:
        DataError: the tokens are not those of the text.
    """
    places: list[int] = []
    letters = ""
    for at, character in enumerate(text):
        for letter in unicodedata.normalize("NFKC", character).lower():
            if not letter.isspace():
                letters += letter
                places.append(at)
    found, start = [], 0
    for token in tokens:
        plain = token.replace(SPACE, "").lower()
        if not letters.startswith(plain, start):
            raise DataError(f"{text!r} does not consist of the tokens {' '.join(tokens)!r}")
        found.append({places[n] for n in range(start, start + len(plain))})
        start += len(plain)
    if start != len(letters):
        raise DataError(f"{text!r} has more than the tokens {' '.join(tokens)!r}")
    return found


def phrasebook_gold(data: Path, split: str, pairs: int, seed: int) -> list[Gold]:
    """Return the true alignments of a split of data that were prepared from the phrasebook.

    Args:
        data: folder written by ``python -m data_prep prepare``.
        split: ``test`` or ``valid``.
        pairs: number of pairs of the phrasebook.
        seed: random seed of the phrasebook.

    Raises:
        DataError: a sentence is not among the pairs, or a number is wrong.
    """
    from data_prep.phrasebook.alignment import aligned_units
    from data_prep.phrasebook.generate import generate_derivations

    derivations = {derivation.texts: derivation for _, derivation in generate_derivations(pairs, seed)}
    raw = read_split(data, split)
    found = []
    for pair, source, references in zip(split_pairs(data, split), raw.sources, raw.references, strict=True):
        derivation = derivations.get((references[0], source))
        if derivation is None:
            raise DataError(
                f"sentence {pair.number} of the {split} set is not among the {pairs} pairs of the phrasebook with seed "
                f"{seed}; give --pairs and --seed with which it was written"
            )
        found.append(
            gold_links(
                aligned_units(derivation),
                token_positions(pair.source.split(), source),
                token_positions(pair.target.split(), references[0]),
            )
        )
    return found


def compare_aligners(
    aligner: Aligner, data: Path, split: str, gold: Sequence[Gold], with_eflomal: bool
) -> dict[str, ErrorRate]:
    """Return how well a model aligns a split, in both ways, beside a diagonal and a word aligner.

    Args:
        aligner: the model; the way by its readout is left out if it has no weights to report.
        data: folder written by ``python -m data_prep prepare``.
        split: ``test`` or ``valid``.
        gold: the true alignments.
        with_eflomal: align with eflomal, too, which then reads the training data and the split.
    """
    from tqdm import tqdm

    pairs = split_pairs(data, split)
    found = {}
    for method in get_args(Method):
        if method == "readout" and not aligner.reports_weights(pairs[0].source, pairs[0].target):
            continue
        shown = tqdm(pairs, desc=f"align by {method}", unit="sentence")
        links = [aligner.align(pair.source, pair.target, method, pair.number).links() for pair in shown]
        found[method] = error_rate(links, gold)
    found["diagonal"] = error_rate(
        [diagonal(len(pair.source.split()), len(pair.target.split())) for pair in pairs], gold
    )
    if with_eflomal:
        found["eflomal"] = error_rate(eflomal_links(data, pairs), gold)
    return found


def eflomal_links(data: Path, pairs: Sequence[SentencePair]) -> list[set[Link]]:
    """Align pairs together with the training data by eflomal, in both directions, symmetrised.

    Args:
        data: folder written by ``python -m data_prep prepare``.
        pairs: what to align.

    Raises:
        DataError: eflomal is not installed or fails, or the training data are not those that were prepared.
    """
    paths = [data / "text" / f"train.{language}" for language in ("zh", "en")]
    check_unchanged(data, paths)
    sides = [read_lines(path) for path in paths]
    source = [*sides[0], *(pair.source for pair in pairs)]
    target = [*sides[1], *(pair.target for pair in pairs)]
    return [*islice(align_words(source, target, seed=1), len(sides[0]), None)]
