"""Parity, addition and memorization (sections 4.1 to 4.3): how random words become samples.

A problem turns rows of uniform 64-bit words into rows of symbols, many samples at once. `random_stream` draws them.
Axes: `n` samples, `S` source positions, `T` target positions.
"""

from __future__ import annotations

import string
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from ..random_stream import below

Symbols = NDArray[np.int64]
Words = NDArray[np.uint64]

DELIMITER = "-"
"""Separates the parts of a sequence and fills empty positions."""


class Problem(ABC):
    """A problem whose samples are drawn, not read from files.

    Attributes:
        source_symbols: what each source index stands for.
        target_symbols: what each target index stands for.
        source_length: source positions S of every sample.
        target_length: target positions T of every sample.
        words: number of random words per sample.
        space: number of different samples.
        result_name: name of the accuracy over all target symbols except delimiters; None if there are no delimiters.
    """

    source_symbols: tuple[str, ...]
    target_symbols: tuple[str, ...]
    source_length: int
    target_length: int
    words: int
    space: int
    result_name: str | None = None

    @abstractmethod
    def build(self, words: Words) -> tuple[Symbols, Symbols]:
        """Make samples.

        Args:
            words: uniform random words, shape (n, self.words).

        Returns:
            The sources, shape (n, S), and the targets, shape (n, T).
        """

    @property
    def delimiter(self) -> int | None:
        """Index of the delimiter among the target symbols; None if there is none."""
        return self.target_symbols.index(DELIMITER) if DELIMITER in self.target_symbols else None


class Parity(Problem):
    """Whether the number of ones in a string of bits is odd (section 4.1). The target is one symbol.

    Args:
        bits: length k of the string.

    Raises:
        ValueError: there are too few bits to hold out strings for validation.
    """

    source_symbols = target_symbols = ("0", "1")
    target_length = 1

    def __init__(self, bits: int) -> None:
        if bits < 4:
            raise ValueError(f"--bits: expected at least 4 (fewer leave nothing to validate with), got {bits}")
        self.source_length = bits
        self.words = -(-bits // 64)
        self.space = 2**bits

    def build(self, words: Words) -> tuple[Symbols, Symbols]:
        unpacked = (words[:, :, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
        bits = unpacked.reshape(len(words), -1)[:, : self.source_length].astype(np.int64)
        return bits, bits.sum(axis=1, keepdims=True) % 2


class Addition(Problem):
    """The sum of two integers of exactly `digits` digits each (section 4.2), without a leading zero.

    For three digits, source above target::

        - 1 2 3 - 8 9 9 - - - - -
        - - - - - - - - 1 0 2 2 -

    The sum begins at the first position after the operands, its most significant digit first. A sum with only as
    many digits as the operands is followed by one more delimiter.

    Args:
        digits: number of digits per operand.

    Raises:
        ValueError: `digits` is below 1.
    """

    source_symbols = target_symbols = (*string.digits, DELIMITER)
    result_name = "digit_accuracy"

    def __init__(self, digits: int) -> None:
        if digits < 1:
            raise ValueError(f"--digits: expected at least 1, got {digits}")
        self.digits = digits
        self.source_length = self.target_length = 3 * digits + 4
        self.words = 2 * digits
        self.space = (9 * 10 ** (digits - 1)) ** 2

    def build(self, words: Words) -> tuple[Symbols, Symbols]:
        n, k = len(words), self.digits
        operands = below(words, 10).reshape(n, 2, k)
        operands[:, :, 0] = 1 + below(words.reshape(n, 2, k)[:, :, 0], 9)
        fill = len(string.digits)
        source = np.full((n, self.source_length), fill, dtype=np.int64)
        source[:, 1 : k + 1] = operands[:, 0]
        source[:, k + 2 : 2 * k + 2] = operands[:, 1]

        total = np.zeros((n, k + 1), dtype=np.int64)
        total[:, 1:] = operands.sum(axis=1)
        for column in range(k, 0, -1):  # from the least significant digit: carries go to the left
            total[:, column - 1] += total[:, column] // 10
            total[:, column] %= 10
        short = total[:, 0] == 0
        total[short] = np.roll(total[short], -1, axis=1)
        total[short, -1] = fill

        target = np.full((n, self.target_length), fill, dtype=np.int64)
        target[:, 2 * k + 2 : 3 * k + 3] = total
        return source, target


class Memorization(Problem):
    """Symbols, drawn with replacement, that must be reproduced in order (section 4.3).

    For three symbols, source above target::

        - d a c - - - -
        - - - - d a c -

    Args:
        length: number of symbols per sequence.
        alphabet: number of different symbols, not counting the delimiter.

    Raises:
        ValueError: there are no symbols, or too few sequences to hold out some for validation.
    """

    result_name = "recall_accuracy"
    names = string.ascii_letters + string.digits + "+/"

    def __init__(self, length: int, alphabet: int) -> None:
        if length < 1:
            raise ValueError(f"--length: expected at least 1, got {length}")
        if alphabet < 2:
            raise ValueError(f"--alphabet: expected at least 2, got {alphabet}")
        if alphabet**length < 16:
            raise ValueError(
                f"--length {length} --alphabet {alphabet}: only {alphabet**length} different sequences, too few to "
                "validate with; raise one of the two so that there are at least 16"
            )
        shown = list(self.names) if alphabet <= len(self.names) else [f"s{n}" for n in range(alphabet)]
        self.source_symbols = self.target_symbols = (*shown[:alphabet], DELIMITER)
        self.length, self.alphabet = length, alphabet
        self.source_length = self.target_length = 2 * length + 2
        self.words = length
        self.space = alphabet**length

    def build(self, words: Words) -> tuple[Symbols, Symbols]:
        drawn = below(words, self.alphabet)
        source = np.full((len(words), self.source_length), self.alphabet, dtype=np.int64)
        target = source.copy()
        source[:, 1 : self.length + 1] = drawn
        target[:, self.length + 1 : -1] = drawn
        return source, target
