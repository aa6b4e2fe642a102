"""chrF of many pairs at once is that of sacreBLEU, pair by pair."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from eval.utility import chrf_matrix


@given(st.lists(st.text(alphabet="ab c.", max_size=12), min_size=1, max_size=6))
def test_agrees_with_sacrebleu(texts: list[str]) -> None:
    metric = CHRF()
    found = chrf_matrix(texts)
    assert found.shape == (len(texts), len(texts))
    for row, hypothesis in enumerate(texts):
        for column, reference in enumerate(texts):
            expected = metric.sentence_score(hypothesis, [reference]).score
            assert found[row, column] == pytest.approx(expected, abs=1e-9)


def test_worked_by_hand() -> None:
    # Of "abab" and "ab": of 4 and 2 characters 2 match, of 3 and 1 bigrams 1; only these orders occur in both.
    precision, recall = (2 / 4 + 1 / 3) / 2, 1.0
    expected = 100 * 5 * precision * recall / (4 * precision + recall)
    assert chrf_matrix(["abab", "ab"])[0, 1] == pytest.approx(expected)
    assert chrf_matrix(["abab", "ab"])[1, 0] == pytest.approx(100 * 5 * precision / (4 + precision))
