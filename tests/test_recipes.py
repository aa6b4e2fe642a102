"""Recipes on real text: options, the ablation, trainings at the same time; with a stub in place of fairseq-train."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.program import COMMANDS
from recipes.char_lm import __main__ as char_lm
from recipes.tables import demo_line
from recipes.tatoeba import __main__ as tatoeba
from recipes.tatoeba import ablate, experiments
from recipes.training import TrainingError, command_line, train

RESULTS = Path(ablate.__file__).parent / "results" / "ablation.json"

# Prints the end of an epoch and of a validation in fairseq-train's format. Two of them meet: each waits for the other.
STUB = """
import json, pathlib, sys, time
meeting = pathlib.Path({meeting!r})
(meeting / str(len(sys.argv))).touch()
for _ in range(300):
    if len(list(meeting.iterdir())) == {expected}:
        break
    time.sleep(0.1)
else:
    sys.exit("ValueError: no other training came")
for kind, ppl in (("valid", "20.5"), ("train", "30.5")):
    entry = {{"epoch": 1, f"{{kind}}_ppl": ppl, f"{{kind}}_num_updates": "7"}}
    print(f"2026-01-31 10:00:00 | INFO | {{kind}} | {{json.dumps(entry)}}")
"""


def use_stub(monkeypatch: pytest.MonkeyPatch, folder: Path, expected: int) -> None:
    (folder / "meeting").mkdir()
    (folder / "stub.py").write_text(STUB.format(meeting=str(folder / "meeting"), expected=expected))
    monkeypatch.setitem(COMMANDS, "fairseq-train", [sys.executable, str(folder / "stub.py")])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that looks like binarised data."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "dict.zh.txt").touch()
    return folder


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    """What was reported, which must be one line."""
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1, error
    return error


def test_true_gives_a_flag_and_false_none() -> None:
    arguments = command_line(None, {"lr": 0.5, "no_save": True, "disable_validation": False})
    assert arguments[2:] == ["--lr", "0.5", "--no-save"]


def test_a_failed_training_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "print('first'); raise ValueError('no such arch\\nsee the list')"
    monkeypatch.setitem(COMMANDS, "fairseq-train", [sys.executable, "-c", code])
    with pytest.raises(TrainingError) as error:
        train(None, {}, tmp_path / "train.log", quiet=True)
    log = tmp_path / "train.log"
    assert str(error.value) == f"fairseq-train failed with status 1: ValueError: no such arch; see {log}"
    assert log.read_text().startswith("first\n")


def test_variants_of_the_ablation_train_at_the_same_time(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_stub(monkeypatch, tmp_path, expected=2)
    output = tmp_path / "ablation.json"
    # One has a further flag, so that the stub can tell them apart.
    arguments = [str(data), "--output", str(output), "--logs", str(tmp_path / "logs"), "--jobs", "2", "--only"]
    assert ablate.main([*arguments, "base", "shared softmax"]) == 0
    document = json.loads(output.read_text())
    assert document["base"] == ablate.BASE
    assert [row["variant"] for row in document["results"]] == ["base", "shared softmax"]
    assert [(row["updates"], row["valid_ppl"]) for row in document["results"]] == [(7, 20.5)] * 2
    assert document["results"][1]["provenance"]["command"][3:] == [
        "bin", "--output", "ablation.json", "--logs", "logs", "--jobs", "2", "--only", "base", "shared softmax"
    ]  # fmt: skip

    # Variants that are there already are not trained again.
    monkeypatch.setitem(COMMANDS, "fairseq-train", ["false"])
    assert ablate.main([*arguments, "base"]) == 0
    assert json.loads(output.read_text()) == document


def test_the_ablation_continues_its_file(tmp_path: Path) -> None:
    """The committed results still are those of the base and the variants."""
    written = json.loads(RESULTS.read_text())
    # Older files do not record the readout, of which there was one.
    base = {name: value for name, value in written["base"].items() if name != "readout"}
    (tmp_path / "old.json").write_text(json.dumps({**written, "base": base}))
    for path in (RESULTS, tmp_path / "old.json"):
        results = ablate.read_results(path)
        assert len(results) == len(written["results"]) > 20
        assert all(row["changed"] == ablate.VARIANTS[row["variant"]] for row in results)


def test_what_the_demo_took_is_told() -> None:
    hardware = {"cores": 2, "cpu": "a processor"}
    scores = {"trained": {"bleu": 92.66, "sources": 409}, "untrained": {"bleu": 0.04}}
    result: dict[str, Any] = {"scores": scores, "provenance": {"wall_seconds": 500.0, "hardware": hardware}}
    quick = {**result, "provenance": {**result["provenance"], "wall_seconds": 75.0}}
    assert demo_line(quick).startswith("The demo took 1 minute after")
    assert demo_line(result) == (
        "The demo took 8 minutes after the installation on 2 cores (a processor), and reached 92.7 BLEU on the 409 "
        "held-out sentences; before training it had 0.0."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--jobs", "0"], "argument --jobs: must be at least 1, not 0"),
        (["--jobs", "two"], "argument --jobs: expected an integer, found 'two'"),
        (["--output", "{folder}/list.json"], "list.json: exists already and is not a file of results"),
        (["--output", "{folder}/broken.json"], "broken.json: not JSON"),
        (["--output", "{folder}/other.json"], "other.json: holds results with another base"),
    ],
)
def test_bad_input_of_the_ablation(
    change: list[str], message: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text(json.dumps({"base": {"arch": "reencoder"}, "results": []}))
    arguments = [str(data), "--output", str(tmp_path / "new.json"), "--logs", str(tmp_path / "logs")]
    arguments += [part.format(folder=tmp_path) for part in change]
    try:
        status: Any = ablate.main(arguments)
    except SystemExit as end:  # the parser's own errors
        status = end.code
    assert status == 2
    assert message in error_of(capsys)
    assert not (tmp_path / "new.json").exists() and not (tmp_path / "logs").exists()


@pytest.mark.parametrize("main", [ablate.main, experiments.main, tatoeba.main, char_lm.main])
def test_trainings_at_the_same_time_are_counted_before_anything_is_read(
    main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--jobs", "0"])
    assert end.value.code == 2 and "argument --jobs: must be at least 1, not 0" in error_of(capsys)


def test_data_that_is_not_binarised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ablate.main([str(tmp_path), "--output", str(tmp_path / "new.json")]) == 2
    assert f"{tmp_path}: no binarised data" in error_of(capsys)
