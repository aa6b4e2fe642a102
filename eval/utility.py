"""sacreBLEU's sentence chrF of many candidates against each other, at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ORDER = 6
"""Longest character n-grams of chrF."""

BETA = 2
"""Weight of recall against precision: chrF2."""


def chrf_matrix(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the chrF2 of every text as a hypothesis against every text as the reference.

    The values are those of ``sacrebleu.metrics.CHRF().sentence_score(hypothesis, [reference])``, which would count the
    n-grams of each text once per pair.

    Args:
        texts: n texts; white space does not count, case does.

    Returns:
        chrF2, 0 to 100; row: hypothesis, column: reference; shape (n, n).
    """
    count = len(texts)
    precision, recall, orders = (np.zeros((count, count)) for _ in range(3))
    joined = ["".join(text.split()) for text in texts]
    for order in range(1, ORDER + 1):
        grams = [Counter(text[at : at + order] for at in range(len(text) - order + 1)) for text in joined]
        matches = _matches(grams)
        totals = np.array([sum(counter.values()) for counter in grams], dtype=np.float64)
        # An order counts where both texts are long enough for it.
        both = (totals[:, None] > 0) & (totals[None, :] > 0)
        precision += np.divide(matches, totals[:, None], out=np.zeros_like(matches), where=both)
        recall += np.divide(matches, totals[None, :], out=np.zeros_like(matches), where=both)
        orders += both
    np.divide(precision, orders, out=precision, where=orders > 0)
    np.divide(recall, orders, out=recall, where=orders > 0)
    below = BETA**2 * precision + recall
    return 100 * np.divide((1 + BETA**2) * precision * recall, below, out=np.zeros_like(below), where=below > 0)


def _matches(grams: Sequence[Counter[str]]) -> NDArray[np.float64]:
    """Return the number of n-grams that each pair has in common, repetitions counted; shape (n, n)."""
    index = {gram: number for number, gram in enumerate(set().union(*grams))}
    counts = np.zeros((len(grams), len(index)), dtype=np.float32)  # exact for integers up to 2**24
    for row, counter in enumerate(grams):
        counts[row, [index[gram] for gram in counter]] = list(counter.values())
    matches = np.zeros((len(grams), len(grams)), dtype=np.float32)
    # min(a, b) is the number of thresholds t = 1, 2, ... that both reach.
    for threshold in range(1, int(counts.max(initial=0)) + 1):
        reached = (counts >= threshold).astype(np.float32)
        matches += reached @ reached.T
    return matches.astype(np.float64)
