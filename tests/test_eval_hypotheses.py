"""Parsing the output of fairseq-generate, on output as the program prints it."""

from pathlib import Path

import pytest

from data_prep.errors import DataError
from eval.hypotheses import (
    Hypothesis,
    check_token_scores,
    drop_unknown,
    in_source_order,
    parse_candidates,
    read_candidates,
)

# Batches are sorted by length, so ids come in any order; S- and T- hold the source and the reference, P- the scores.
OUTPUT = """\
2026-01-31 10:00:00 | INFO | fairseq_cli.generate | {'_name': None, 'H-9': 'not a hypothesis'}
2026-01-31 10:00:01 | INFO | fairseq_cli.generate | loading model(s) from model.pt
S-2\t我 喜欢 <unk> 。
T-2\ti like tea .
H-2\t-0.25\ti like <unk> .
D-2\t-0.25\ti like <unk> .
P-2\t-0.2 -0.3 -0.2 -0.3 -0.25
S-0\t你好 ！
H-0\t-1.5\thello !
D-0\t-1.5\thello !
P-0\t-1.0 -2.0 -1.5
S-1\t。
H-1\t-3.125\t
D-1\t-3.125\t
P-1\t-3.125
INFO:fairseq_cli.generate:NOTE: hypothesis and token scores are output in base 2
Generate test with beam=5: BLEU4 = 12.3
"""


def lines(text: str = OUTPUT) -> list[str]:
    return text.splitlines(keepends=True)


def test_in_source_order_with_scores_and_empty_hypotheses() -> None:
    assert in_source_order(parse_candidates(lines(), at_most=1), 3) == [
        [Hypothesis(-1.5, "hello !", (-1.0, -2.0, -1.5))],
        [Hypothesis(-3.125, "", (-3.125,))],
        [Hypothesis(-0.25, "i like <unk> .", (-0.2, -0.3, -0.2, -0.3, -0.25))],
    ]


def test_missing_ids_are_named() -> None:
    without = [line for line in lines() if not line.startswith("H-1\t")]
    with pytest.raises(DataError, match=r"2 hypotheses for 3 sources; none for id 1 \(counted from 0\)"):
        in_source_order(parse_candidates(without, at_most=1), 3)


def test_many_missing_ids_are_counted() -> None:
    with pytest.raises(DataError, match=r"none for id 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 7 more"):
        in_source_order(parse_candidates(lines(), at_most=1), 20)


def test_unexpected_id() -> None:
    with pytest.raises(DataError, match="3 hypotheses for 2 sources; unexpected id 2"):
        in_source_order(parse_candidates(lines(), at_most=1), 2)


def test_second_hypothesis_for_a_source() -> None:
    with pytest.raises(DataError, match=r"line 18: a second hypothesis for source id 2"):
        parse_candidates(lines(OUTPUT + "H-2\t-1.0\ttwice\n"), at_most=1)


def test_several_hypotheses_of_a_source() -> None:
    more = OUTPUT + "H-2\t-1.0\ttwice\nD-2\t-1.0\ttwice\nP-2\t-1.0 -2.0\nH-1\t-4.0\tno scores\n"
    found = parse_candidates(lines(more))
    assert found[2][1:] == [Hypothesis(-1.0, "twice", (-1.0, -2.0))] and found[2][0].tokens == "i like <unk> ."
    assert [candidate.token_scores for candidate in found[1]] == [(-3.125,), ()]
    assert parse_candidates(lines(more), at_most=2) == found
    with pytest.raises(DataError, match="line 19: another hypothesis for source id 2; expected at most 2 per source"):
        parse_candidates([*lines()[:17], *["H-2\t-1.0\tagain\n"] * 2], at_most=2)
    with pytest.raises(DataError, match=r"no token scores \(line P-1\) for source id 1 in the output"):
        check_token_scores(in_source_order(found, 3))
    check_token_scores(in_source_order(parse_candidates(lines()), 3))


@pytest.mark.parametrize("line", ["P-0", "P-x\t-1.0", "P-0\t-1.0 x", "P-0\t-1.0\t-1.0"])
def test_malformed_token_scores(line: str) -> None:
    with pytest.raises(DataError, match="line 2: expected P-<id> and the scores of tokens, separated by tabs"):
        parse_candidates(["H-0\t-1.0\ta\n", line + "\n"])


@pytest.mark.parametrize("line", ["H-0\t-1.0", "H-x\t-1.0\ta", "H-0\tgood\ta", "H-0\t-1.0\ta\tb"])
def test_malformed_line(line: str) -> None:
    with pytest.raises(DataError, match="line 1: expected H-<id>, score and tokens"):
        parse_candidates([line + "\n"])


def test_an_output_for_another_split_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "generate-test.txt"
    path.write_text(OUTPUT, encoding="utf-8")
    with pytest.raises(
        DataError, match=r"line \d+: sentence 2 \(counted from 0\), but the split has 2: it is an output"
    ):
        read_candidates(path, 2, ["你好 ！", "。"])
    with pytest.raises(
        DataError, match="its source is '你好 ！', but that of the split is '再见': it is an output for an"
    ):
        read_candidates(path, 3, ["再见", "。", "我 喜欢 茶 。"])


def test_drop_unknown() -> None:
    assert drop_unknown("<unk> i like <unk> tea") == ("i like tea", 2)
    assert drop_unknown("<unk>") == ("", 1)
    assert drop_unknown("no <unknown> here") == ("no <unknown> here", 0)
