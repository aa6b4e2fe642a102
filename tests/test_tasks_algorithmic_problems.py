"""Parity, addition and memorization: samples against brute force, and who draws which."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reencoder.tasks.algorithmic.problems import DELIMITER, Addition, Memorization, Parity, Problem
from reencoder.tasks.algorithmic.sample_source import SampleSource
from reencoder.tasks.random_stream import below


def words(problem: Problem, count: int, seed: int) -> NDArray[np.uint64]:
    return np.random.default_rng(seed).integers(0, 2**64, size=(count, problem.words), dtype=np.uint64)


def text(problem: Problem, row: NDArray[np.int64]) -> str:
    return "".join(problem.target_symbols[symbol] for symbol in row)


class FixedDigits(Addition):
    """Addition whose operands are given."""

    def of(self, first: int, second: int) -> tuple[str, str]:
        digits = [int(digit) for digit in f"{first}{second}"]
        bounds = [9 if place % self.digits == 0 else 10 for place in range(2 * self.digits)]
        # the middle of the range of words that gives this digit
        values = [
            (2 * (digit - (bound == 9)) + 1) * 2**63 // bound for digit, bound in zip(digits, bounds, strict=True)
        ]
        source, target = self.build(np.array([values], dtype=np.uint64))
        return text(self, source[0]), text(self, target[0])


def test_the_example_of_the_paper() -> None:
    assert FixedDigits(3).of(123, 899) == ("-123-899-----", "--------1022-")


def test_sums_with_and_without_a_carry_at_the_end() -> None:
    assert FixedDigits(3).of(100, 100) == ("-100-100-----", "--------200--")
    assert FixedDigits(3).of(999, 999) == ("-999-999-----", "--------1998-")
    assert FixedDigits(1).of(1, 9) == ("-1-9---", "----10-")
    assert FixedDigits(15).of(999999999999999, 100000000000001)[1].strip("-") == "1100000000000000"


@given(st.integers(1, 25), st.integers(0, 2**32))
@settings(max_examples=60)
def test_sums_are_those_of_python(digits: int, seed: int) -> None:
    problem = Addition(digits)
    sources, targets = problem.build(words(problem, 20, seed))
    assert sources.shape == targets.shape == (20, problem.source_length) == (20, 3 * digits + 4)
    for source, target in zip(sources, targets, strict=True):
        read, written = text(problem, source), text(problem, target)
        # the operands stand between the first three delimiters, and only delimiters follow
        before, first, second, *after = read.split(DELIMITER)
        assert before == "" and not any(after) and read.endswith(DELIMITER * (digits + 2))
        assert len(first) == len(second) == digits and first[0] != "0" and second[0] != "0"
        start = 2 * digits + 2
        assert written[:start] == DELIMITER * start and written[start] != DELIMITER
        assert int(written[start:].rstrip(DELIMITER)) == int(first) + int(second)
        assert written.endswith(DELIMITER), "there is always room for the carry and a delimiter"


@given(st.integers(4, 200), st.integers(0, 2**32))
@settings(max_examples=60)
def test_parity_is_that_of_the_count_of_ones(bits: int, seed: int) -> None:
    problem = Parity(bits)
    sources, targets = problem.build(words(problem, 30, seed))
    assert sources.shape == (30, bits) and targets.shape == (30, 1)
    for source, target in zip(sources, targets, strict=True):
        assert set(source.tolist()) <= {0, 1}
        assert target[0] == source.tolist().count(1) % 2


@given(st.integers(1, 30), st.integers(16, 80), st.integers(0, 2**32))
@settings(max_examples=60)
def test_symbols_are_said_again_in_order(length: int, alphabet: int, seed: int) -> None:
    problem = Memorization(length, alphabet)
    assert len(set(problem.source_symbols)) == alphabet + 1 and problem.source_symbols[alphabet] == DELIMITER
    for source, target in zip(*problem.build(words(problem, 20, seed)), strict=True):
        given_symbols = source[1 : length + 1].tolist()
        assert all(0 <= symbol < alphabet for symbol in given_symbols)
        assert source.tolist() == [alphabet, *given_symbols, *[alphabet] * (length + 1)]
        assert target.tolist() == [*[alphabet] * (length + 1), *given_symbols, alphabet]


@pytest.mark.parametrize("bound", [2, 9, 10, 64])
def test_integers_below_a_bound_are_uniform(bound: int) -> None:
    drawn = below(np.random.default_rng(1).integers(0, 2**64, size=200_000, dtype=np.uint64), bound)
    counts = np.bincount(drawn, minlength=bound)
    assert len(counts) == bound
    expected = len(drawn) / bound
    assert np.abs(counts - expected).max() < 6 * expected**0.5  # six standard deviations
    # and the ends of the range are where they must be
    ends = below(np.array([0, 2**64 - 1], dtype=np.uint64), bound)
    assert ends.tolist() == [0, bound - 1]


def source(problem: Problem, seed: int = 1, valid_seed: int = 2, held_out: int = 100) -> SampleSource:
    return SampleSource(problem, seed, valid_seed, held_out, held_out)


PROBLEMS = [Addition(2), Addition(15), Memorization(20, 64), Memorization(2, 8), Parity(10), Parity(250)]


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_sample_depends_on_nothing_but_seed_epoch_and_index(problem: Problem) -> None:
    whole = source(problem).train(3, range(50))
    other = source(problem)
    other.train(1, range(7))  # what was drawn before does not matter
    order = np.random.default_rng(5).permutation(50)
    shuffled = other.train(3, order)
    one_by_one = [other.train(3, [index]) for index in range(50)]
    for part in (0, 1):
        assert np.array_equal(shuffled[part], whole[part][order])
        assert np.array_equal(np.concatenate([sample[part] for sample in one_by_one]), whole[part])
    for changed in (source(problem, seed=9).train(3, range(50)), other.train(4, range(50))):
        assert not np.array_equal(changed[0], whole[0])


@pytest.mark.parametrize("problem", [Addition(15), Memorization(20, 64), Parity(250)])
def test_no_sample_comes_twice_where_there_are_many(problem: Problem) -> None:
    drawn = source(problem)
    rows = [row.tobytes() for epoch in range(1, 5) for row in drawn.train(epoch, range(500))[0]]
    rows += [row.tobytes() for row in (*drawn.valid[0], *drawn.test[0])]
    assert len(set(rows)) == len(rows) == 4 * 500 + 200


@pytest.mark.parametrize("problem", [Addition(1), Addition(2), Memorization(2, 8), Parity(4), Parity(10)])
@pytest.mark.parametrize("valid_seed", [1, 2])
def test_splits_share_no_sample_even_where_there_are_few(problem: Problem, valid_seed: int) -> None:
    """With thousands of draws from some 16 to 8100 samples, sharing would be certain if nothing prevented it."""
    drawn = source(problem, seed=1, valid_seed=valid_seed)
    train = {row.tobytes() for epoch in (1, 2) for row in drawn.train(epoch, range(2000))[0]}
    held_out = [{row.tobytes() for row in split[0]} for split in (drawn.valid, drawn.test)]
    size = min(100, problem.space // 8)
    assert [len(rows) for rows in held_out] == [len(drawn.valid[0]), len(drawn.test[0])] == [size, size]
    for one, other in itertools.combinations([train, *held_out], 2):
        assert not one & other
    if problem.space <= 100:  # training sees all that is left
        assert len(train) == problem.space - 2 * size


def test_redrawn_samples_have_right_targets() -> None:
    problem = Parity(4)
    sources, targets = source(problem).train(1, range(400))
    assert np.array_equal(sources.sum(axis=1, keepdims=True) % 2, targets)


def test_held_out_samples_come_from_a_seed_of_their_own() -> None:
    problem = Addition(15)
    assert np.array_equal(source(problem, seed=1).valid[0], source(problem, seed=7).valid[0])
    assert not np.array_equal(source(problem, valid_seed=2).valid[0], source(problem, valid_seed=3).valid[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Parity(3), "--bits: expected at least 4"),
        (lambda: Addition(0), "--digits: expected at least 1, got 0"),
        (lambda: Memorization(0, 64), "--length: expected at least 1, got 0"),
        (lambda: Memorization(5, 1), "--alphabet: expected at least 2, got 1"),
        (lambda: Memorization(1, 15), "only 15 different sequences"),
        (lambda: source(Parity(8), seed=-1), r"--seed: expected at least 0 and less than 2\*\*64, got -1"),
        (lambda: source(Parity(8), seed=2**64), "--seed: expected at least 0 and less than"),
        (lambda: source(Parity(8), held_out=0), "--valid-samples: expected at least 1 and less than .*, got 0"),
    ],
)
def test_bad_options_are_named(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=message):
        make()
