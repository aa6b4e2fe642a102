"""Chance: the accuracy of a model that has learned nothing, and its spread.

Such a model gives the best answer that ignores the input.

A held-out set is a sample, so an accuracy on it has a spread; and the best of many validations is the largest of many
accuracies. Both are binomial, as the symbols that count are drawn independently of one another, or nearly so.
"""

from __future__ import annotations

from dataclasses import dataclass

CONFIDENCE = 0.95
"""Probability with which chance stays inside of an interval."""


@dataclass(frozen=True)
class Chance:
    """The best answer that ignores the input.

    Attributes:
        accuracy: its expected accuracy over the symbols that count (without delimiters).
        symbols: symbols of a sample that count, on average.
    """

    accuracy: float
    symbols: float = 1.0

    def interval(self, samples: int, validations: int = 1) -> tuple[float, float]:
        """Return between which accuracies chance stays with a probability of at least `CONFIDENCE`.

        Args:
            samples: samples of the held-out set.
            validations: number of validations among which the largest (or smallest) accuracy is looked for. Default: 1
        """
        from scipy.stats import binom

        trials = round(samples * self.symbols)
        # The union bound: it holds although the validations share their samples and resemble one another.
        tail = (1 - CONFIDENCE) / 2 / validations
        return (
            float(binom.ppf(tail, trials, self.accuracy)) / trials,
            float(binom.isf(tail, trials, self.accuracy)) / trials,
        )


def lower_bound(right: int, samples: int) -> float:
    """Return the accuracy that a model has at least, with the probability `CONFIDENCE` (Clopper and Pearson, one side).

    Args:
        right: samples of a fresh set that it got right.
        samples: samples of the set.
    """
    from scipy.stats import binomtest

    interval = binomtest(right, samples, alternative="greater").proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low)


def parity(bits: int) -> Chance:
    """Chance in parity: one of two equally frequent answers."""
    return Chance(0.5)


def memorization(length: int) -> Chance:
    """Chance in memorization: one of the 64 symbols, which are equally frequent."""
    return Chance(1 / 64, length)


def addition(digits: int) -> Chance:
    """Chance in addition: at each position the digit that is most frequent there.

    Sums start at the same position whether they have a digit more than the operands or not; a delimiter that follows a
    shorter one does not count. From the sixth position of longer sums on, all digits are taken as equally frequent,
    which they are to within one in 100,000.
    """
    import numpy as np

    counted = min(digits, 5)
    low, high = 10 ** (counted - 1), 10**counted - 1
    sums = np.arange(2 * low, 2 * high + 1)
    pairs = np.minimum(sums - 2 * low, 2 * high - sums) + 1.0  # of operands with that sum
    share = pairs / pairs.sum()
    longer = sums > high
    texts = np.char.ljust(sums.astype(str), counted + 1)
    best = 0.0
    for position in range(counted + 1):
        symbols = np.array([text[position : position + 1] for text in texts])
        best += max(float(share[symbols == str(digit)].sum()) for digit in range(10))
    further = digits - counted
    symbols_per_sum = digits + float(share[longer].sum())
    return Chance((best + further / 10) / symbols_per_sum, symbols_per_sum)
