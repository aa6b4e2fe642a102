"""Draws the samples of a problem, and holds out those of the validation and test sets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..random_stream import Purpose, Stream
from .problems import Problem, Symbols


class SampleSource:
    """All samples of a problem: training samples by epoch and index, validation and test samples held out.

    Validation and test samples are drawn first, from a seed of their own, without repetitions. A training sample that
    turns out to be one of them is drawn again, so the three splits never share a sample. Each held-out set takes at
    most an eighth of all different samples: where there are few (parity of 4 bits has 16 strings), the sets are smaller
    than requested. Training samples are drawn with replacement, so where there are few, they are seen repeatedly.

    Args:
        problem: the problem to draw from.
        seed: seed of the training samples.
        valid_seed: seed of the held-out samples.
        valid_samples: requested size of the validation set.
        test_samples: requested size of the test set.

    Attributes:
        valid: sources, shape (samples, S), and targets, shape (samples, T), of the validation set.
        test: the same for the test set.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, problem: Problem, seed: int, valid_seed: int, valid_samples: int, test_samples: int) -> None:
        for option, value, least in (
            ("--seed", seed, 0),
            ("--valid-seed", valid_seed, 0),
            ("--valid-samples", valid_samples, 1),
            ("--test-samples", test_samples, 1),
        ):
            if not least <= value < 2**64:
                raise ValueError(f"{option}: expected at least {least} and less than 2**64, got {value}")
        self.problem = problem
        self._train = Stream(seed, Purpose.TRAIN, problem.words)
        self._held_out: set[bytes] = set()
        most = problem.space // 8
        self.valid = self._hold_out(Stream(valid_seed, Purpose.VALID, problem.words), min(valid_samples, most))
        self.test = self._hold_out(Stream(valid_seed, Purpose.TEST, problem.words), min(test_samples, most))

    def _hold_out(self, stream: Stream, count: int) -> tuple[Symbols, Symbols]:
        kept: list[NDArray[np.uint64]] = []
        index = 0
        while len(kept) < count:
            words = [stream.draw(0, index + n) for n in range(count - len(kept))]
            index += len(words)
            for row, drawn in zip(self.problem.build(np.stack(words))[0], words, strict=True):
                if row.tobytes() not in self._held_out:
                    self._held_out.add(row.tobytes())
                    kept.append(drawn)
        return self.problem.build(np.stack(kept))

    def train(self, epoch: int, indices: Iterable[int]) -> tuple[Symbols, Symbols]:
        """Draw training samples.

        Args:
            epoch: from 1.
            indices: n sample indices within the epoch.

        Returns:
            The sources, shape (n, S), and the targets, shape (n, T).
        """
        numbers = list(indices)
        source, target = self.problem.build(np.stack([self._train.draw(epoch, index) for index in numbers]))
        for position, index in enumerate(numbers):
            attempt = 0
            while source[position].tobytes() in self._held_out:
                attempt += 1
                again = self.problem.build(self._train.draw(epoch, index, attempt)[None])
                source[position], target[position] = again[0][0], again[1][0]
        return source, target
