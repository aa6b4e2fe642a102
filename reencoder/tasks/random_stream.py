"""Random words by (seed, purpose, epoch, index): every sample has a random stream of its own.

Philox is a counter-based generator: seed and purpose are its key, epoch and index two words of its counter. So no two
samples share random words, any sample can be drawn without those before it, and it does not matter which worker draws
it.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """What random words are for, as it enters the key."""

    TRAIN = 0
    VALID = 1
    TEST = 2
    ORDER = 3
    SHIFT = 4


class Stream:
    """Random words for the samples of a data set.

    Args:
        seed: from 0 to 2**64 - 1.
        purpose: what they are for; other purposes have other words.
        words: number of 64-bit words per sample.
    """

    def __init__(self, seed: int, purpose: Purpose, words: int) -> None:
        self.words = words
        self._bits = np.random.Philox(key=np.array([seed, purpose], dtype=np.uint64))
        # Setting the state of one generator takes a fifth of the time of creating a new one.
        self._start = self._bits.state

    def draw(self, epoch: int, index: int, attempt: int = 0) -> NDArray[np.uint64]:
        """The words of one sample, shape (words,); every `attempt` has different ones."""
        # The lowest word of the counter counts the generator's steps of 4 words each.
        steps = -(-self.words // 4)
        self._start["state"]["counter"] = np.array([attempt * steps, index, epoch, 0], dtype=np.uint64)
        self._bits.state = self._start
        drawn: NDArray[np.uint64] = self._bits.random_raw(self.words)
        return drawn


def below(words: NDArray[np.uint64], bound: int) -> NDArray[np.int64]:
    """Uniform integers from 0 to `bound` - 1, of the shape of `words`.

    The upper half of each word is scaled; the probabilities of two values differ by at most a factor of
    1 + `bound` / 2**32.
    """
    return (((words >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)
