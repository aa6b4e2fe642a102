"""Scores against several references: worked cases, sacreBLEU called directly, the reading of reference files."""

import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sacrebleu.metrics import BLEU, CHRF, TER

from data_prep.errors import DataError
from eval.__main__ import main
from eval.bleu import score
from eval.references import read_references, reference_files


def write(path: Path, *lines: str) -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path


def test_bleu_worked_by_hand() -> None:
    # "the cat sat on the mat ." against "the cat sat on a mat .": of 7 tokens 6 match (the second "the" does not), of 6
    # bigrams 4 (the cat, cat sat, sat on, mat .), of 5 trigrams 2, of 4 four-grams 1; lengths are equal.
    scores = score(["The cat sat on the mat."], [["the cat sat on a mat."]])
    assert scores.bleu == pytest.approx(100 * (6 / 7 * 4 / 6 * 2 / 5 * 1 / 4) ** 0.25)
    assert (scores.hypothesis_length, scores.reference_length, scores.brevity_penalty) == (7, 7, 1.0)


def test_second_reference_gives_its_matches() -> None:
    # The second reference adds the other "the", the bigrams "on the" and "the mat", and the trigram "on the mat".
    references = [["the cat sat on a mat.", "A dog lay on the mat, the old one."]]
    scores = score(["The cat sat on the mat."], references)
    assert scores.bleu == pytest.approx(100 * (7 / 7 * 6 / 6 * 3 / 5 * 1 / 4) ** 0.25)
    assert scores.bleu_first_reference == pytest.approx(100 * (6 / 7 * 4 / 6 * 2 / 5 * 1 / 4) ** 0.25)
    assert scores.references == 2


def test_missing_reference_is_not_a_reference_of_length_zero() -> None:
    # Were the missing reference a text of length 0, it would be the closest to a short hypothesis: no brevity penalty.
    scores = score(["a b c d", "one two three four five"], [["a b c d e f g h"], ["one two three four five", "x"]])
    assert scores.reference_length == 8 + 5
    assert scores.brevity_penalty == pytest.approx(math.exp(1 - 13 / 9))
    assert scores.length_ratio == pytest.approx(9 / 13)
    assert scores.bleu_signature.startswith("nrefs:var|case:lc|eff:no|tok:13a|smooth:exp|version:")
    assert scores.bleu_first_reference_signature.startswith("nrefs:1|case:lc|")


def test_agrees_with_sacrebleu_called_directly() -> None:
    hypotheses = ["How much is this?", "I have a dog .", "Where's the bank"]
    references = [["How much does it cost?", "How much is it?"], ["I have a dog."], ["Where is the bank?"]]
    streams: list[Any] = [[row[0] for row in references], ["How much is it?", None, None]]
    scores = score(hypotheses, references)
    assert scores.bleu == BLEU(lowercase=True).corpus_score(hypotheses, streams).score
    assert scores.chrf2 == CHRF(lowercase=True).corpus_score(hypotheses, streams).score
    assert scores.ter == TER().corpus_score(hypotheses, streams).score
    assert scores.bleu_first_reference == BLEU(lowercase=True).corpus_score(hypotheses, streams[:1]).score


def test_ter_worked_by_hand() -> None:
    # "a b c d" against "a c d e": 1 insertion and 1 deletion for 4 words; with "x b c d" as well: 1 substitution for an
    # average of 4 words. The second source needs no edit of 2 words.
    assert score(["a b c d", "e f"], [["a c d e"], ["E f"]]).ter == pytest.approx(100 * 2 / 6)
    assert score(["a b c d", "e f"], [["a c d e", "x b c d"], ["E f"]]).ter == pytest.approx(100 * 1 / 6)
    assert score(["a b c d", "e f"], [["a c d e"], ["E f"]], keep_case=True).ter == pytest.approx(100 * 3 / 6)


def sacrebleu_command(folder: Path, hypotheses: list[str], streams: list[list[str]], *options: str) -> dict[str, Any]:
    """What the sacrebleu program prints for BLEU, chrF2 and TER, by the name of the metric."""
    command = [sys.executable, "-m", "sacrebleu", *(str(write(folder / f"r{n}", *s)) for n, s in enumerate(streams))]
    command += ["--input", str(write(folder / "out", *hypotheses)), "--metrics", "bleu", "chrf", "ter"]
    command += ["--format", "json", "--width", "9", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {entry["name"]: entry for entry in json.loads(done.stdout)}


@pytest.mark.parametrize("keep_case", [False, True])
def test_scores_and_intervals_equal_those_of_the_sacrebleu_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep_case: bool
) -> None:
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)
    draw = random.Random(1)
    words = ["the", "a", "Dog", "cat", "sat", "runs", "on", "over", "it's", "mat", ",", "and", "Tom"]
    references = [[" ".join(draw.choices(words, k=draw.randint(3, 9))) + "." for _ in range(2)] for _ in range(30)]
    hypotheses = [" ".join(w for w in draw.choice(texts).split() if draw.random() < 0.8) for texts in references]
    case = ["--ter-case-sensitive"] if keep_case else ["--lowercase", "--chrf-lowercase"]
    found = score(hypotheses, references, keep_case=keep_case, samples=50)
    streams = [list(stream) for stream in zip(*references, strict=True)]
    printed = sacrebleu_command(tmp_path, hypotheses, streams, *case, "--confidence", "--confidence-n", "50")
    first = sacrebleu_command(tmp_path, hypotheses, streams[:1], *case, "--confidence", "--confidence-n", "50")
    for metric, value, signature, entry in (
        ("BLEU", found.bleu, found.bleu_signature, printed["BLEU"]),
        ("BLEU-1ref", found.bleu_first_reference, found.bleu_first_reference_signature, first["BLEU"]),
        ("chrF2", found.chrf2, found.chrf2_signature, printed["chrF2"]),
        ("TER", found.ter, found.ter_signature, printed["TER"]),
    ):
        interval = found.confidence[metric]
        assert (round(value, 9), signature) == (entry["score"], entry["signature"])
        assert round(interval.mean, 9) == entry["confidence_mean"]
        assert round(interval.half_width, 9) == entry["confidence_var"]
        assert f"{value:6.2f}  ({interval.mean:.2f} ± {interval.half_width:.2f})" in found.to_text()
    unsampled = score(hypotheses, references, keep_case=keep_case)
    assert (unsampled.bleu, unsampled.ter, unsampled.confidence) == (found.bleu, found.ter, {})
    assert set(found.to_json()) - set(unsampled.to_json()) == {"confidence"}
    assert " ± " not in unsampled.to_text()


@pytest.mark.parametrize("most", [2, 3, 16])
def test_scores_of_a_variable_number_of_references_equal_those_of_the_sacrebleu_command(
    tmp_path: Path, most: int
) -> None:
    """The command takes as many references for each source: where there is only one, it gets that one repeatedly."""
    draw = random.Random(most)
    words = ["the", "a", "dog", "cat", "sat", "runs", "on", "over", "it's", "mat", ",", "and", "Tom"]
    references = [
        [" ".join(draw.choices(words, k=draw.randint(3, 9))) + "." for _ in range(draw.choice((1, most)))]
        for _ in range(20)
    ]
    hypotheses = [" ".join(w for w in draw.choice(texts).split() if draw.random() < 0.8) for texts in references]
    assert {len(texts) for texts in references} == {1, most}
    repeated = [texts * most if len(texts) == 1 else texts for texts in references]
    streams = [list(stream) for stream in zip(*repeated, strict=True)]
    printed = sacrebleu_command(tmp_path, hypotheses, streams, "--lowercase", "--chrf-lowercase")
    found = score(hypotheses, references)
    assert round(found.bleu, 9) == printed["BLEU"]["score"]
    assert round(found.chrf2, 9) == printed["chrF2"]["score"]
    assert round(found.ter, 9) == printed["TER"]["score"]
    assert found.bleu_signature == printed["BLEU"]["signature"].replace(f"nrefs:{most}", "nrefs:var")


def test_case() -> None:
    hypotheses, references = ["HE IS A VERY GOOD MAN"], [["he is a very good man"]]
    assert score(hypotheses, references).bleu == pytest.approx(100)
    cased = score(hypotheses, references, keep_case=True)
    assert (cased.bleu, "case:mixed" in cased.bleu_signature) == (0, True)
    assert score(hypotheses, references).chrf2 == pytest.approx(100)
    assert cased.chrf2 < 10


def test_chrf_is_that_of_lower_cased_text() -> None:
    hypotheses, references = ["Tom Lives IN Boston."], [["tom lived in Boston"]]
    lowered = CHRF().corpus_score([hypotheses[0].lower()], [[references[0][0].lower()]]).score
    assert score(hypotheses, references).chrf2 == pytest.approx(lowered)


@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        (["a"], [["a"], ["b"]], "1 hypotheses for 2 sources"),
        (["a", "b", "c"], [["a"], ["b"]], "3 hypotheses for 2 sources"),
        (["a", "b"], [["a"], []], "source 2 has no reference"),
        ([], [], "nothing to score: there is no source"),
    ],
)
def test_wrong_counts(hypotheses: list[str], references: list[list[str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        score(hypotheses, references)


def test_reference_files_count_as_numbers(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path / f"test.en.{number}", "x")
    write(tmp_path / "test.en.old", "y")
    assert [path.name for path in reference_files(tmp_path / "test.en")] == [f"test.en.{n}" for n in range(12)]


def test_read_references_leaves_out_empty_lines(tmp_path: Path) -> None:
    # U+2028 and U+0085 do not end lines here, although str.splitlines splits there
    write(tmp_path / "test.en.0", "a\u2028b", "", "c\u0085")
    write(tmp_path / "test.en.1", "d", "e", "  ")
    assert read_references([tmp_path / "test.en"]) == [["a\u2028b", "d"], ["e"], ["c\u0085"]]


def test_read_references_of_one_file(tmp_path: Path) -> None:
    assert read_references([write(tmp_path / "en", "a", "b")]) == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"test\.en\.0: no such file"),
        ({"test.en.0": "a\n", "test.en.2": "a\n"}, r"test\.en\.1: no such file, though .*test\.en\.2 exists"),
        ({"test.en.1": "a\n"}, r"test\.en\.0: no such file, though .*test\.en\.1 exists"),
        ({"test.en.0": "a\nb\n", "test.en.1": "a\n"}, r"test\.en\.1: 1 lines, but .*test\.en\.0 has 2"),
        ({"test.en.0": "a\n\n", "test.en.1": "a\n \n"}, r"line 2: no reference for this source"),
        ({"test.en.0": ""}, "empty; there is nothing to score"),
    ],
)
def test_bad_reference_files(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_references([tmp_path / "test.en"])


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hypotheses = write(tmp_path / "out", "he is a very good man .", "")
    write(tmp_path / "en.0", "He is a very good man.", "No.")
    write(tmp_path / "en.1", "", "Nope.")
    result = tmp_path / "new" / "scores.json"
    assert main(["score", str(hypotheses), "--references", str(tmp_path / "en"), "--json", str(result)]) == 0
    output = capsys.readouterr().out
    pairs = [["He is a very good man."], ["No.", "Nope."]]
    expected = score(["he is a very good man .", ""], pairs, samples=1000)
    assert f"{expected.bleu:.2f}" in output
    assert expected.bleu_signature in output and expected.chrf2_signature in output
    document = json.loads(result.read_text())
    assert document["scores"] == json.loads(json.dumps(expected.to_json()))
    assert document["settings"] == {"keep_case": False, "samples": 1000}
    assert [Path(file["path"]).name for file in document["files"]] == ["out", "en.0", "en.1"]
    recorded = ["python", "-m", "eval", "score", "out", "--references", "en", "--json", "scores.json"]
    assert document["command"] == recorded and document["wall_seconds"] >= 0 and document["hardware"]["cpu"]
    assert list(result.parent.iterdir()) == [result]


@pytest.mark.parametrize(
    ("hypotheses", "message"),
    [
        (b"a\n", "1 hypotheses for 2 sources"),
        (b"a\nb\n\n", "3 hypotheses for 2 sources"),
        (b"a\nb\xff\n", "out, line 2: byte 0xff at offset 3 is not UTF-8"),
        (b"\xef\xbb\xbfa\nb\xff\n", "out, line 2: byte 0xff at offset 6 is not UTF-8"),
        (None, "out: no such file"),
    ],
)
def test_command_line_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hypotheses: bytes | None, message: str
) -> None:
    if hypotheses is not None:
        (tmp_path / "out").write_bytes(hypotheses)
    write(tmp_path / "en", "a", "b")
    result = tmp_path / "scores.json"
    arguments = ["score", str(tmp_path / "out"), "--references", str(tmp_path / "en"), "--json", str(result)]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and message in error
    assert not result.exists()


def test_byte_order_marks_are_removed_which_sacrebleu_takes_for_characters(tmp_path: Path) -> None:
    hypotheses, references = ["Hello there.", "Good morning!"], [["Hello there."], ["Good morning!"]]
    marked = [f"\ufeff{text}" for text in hypotheses]
    paths = [write(tmp_path / name, *lines) for name, lines in (("out", marked), ("en", hypotheses))]
    result = tmp_path / "scores.json"
    arguments = ["--references", str(paths[1]), "--samples", "0", "--json", str(result)]
    assert main(["score", str(paths[0]), *arguments]) == 0
    assert json.loads(result.read_text())["scores"]["chrf2"] == score(hypotheses, references).chrf2 == 100
    assert score(marked, references).chrf2 < 100


def test_wrong_number_of_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write(tmp_path / "out", "a"))
    assert main(["score", path, "--references", path, "--samples", "1"]) == 2
    assert capsys.readouterr().err.startswith("error: --samples 1: must be 0 (no confidence intervals) or at least 2")


def test_bad_option_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as status:
        main(["score", "out", "--referenzen", "en"])
    assert status.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1


@pytest.mark.shared
def test_published_scores_of_other_systems(shared_data: Path, tmp_path: Path) -> None:
    from data_prep.__main__ import main as data_prep

    data = tmp_path / "tatoeba"
    tsv = shared_data / "tatoeba-zh-en" / "cmn-eng.tsv"
    assert data_prep(["prepare", "--tsv", str(tsv), "--dest", str(data)]) == 0
    references = read_references([data / "raw" / "test.en"])
    expected = {
        "moses-tuned-drop-unknown.test.txt": ("30.25", "29.30", "49.75", "0.894"),
        "moses-tuned.test.txt": ("29.71", "28.78", "49.24", "0.928"),
    }
    for name, figures in expected.items():
        hypotheses = (shared_data.parent / "baselines" / name).read_text(encoding="utf-8").split("\n")[:-1]
        scores = score(hypotheses, references)
        found = (scores.bleu, scores.bleu_first_reference, scores.chrf2)
        assert (*(f"{value:.2f}" for value in found), f"{scores.length_ratio:.3f}") == figures
        assert scores.bleu_signature.startswith("nrefs:var|case:lc|eff:no|tok:13a|smooth:exp|")
    assert scores.sources == 953 and scores.references == 1104
