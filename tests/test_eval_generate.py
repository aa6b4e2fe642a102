"""Generation end to end, with a small program in place of fairseq-generate."""

import json
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data_prep.errors import DataError
from data_prep.files import sha256_of
from eval import program
from eval.__main__ import main
from eval.bleu import score
from eval.generate import GenerationSettings, generate

# Prints the lines below in fairseq-generate's format, after its arguments, and a warning on standard error.
STUB = """
import json, sys
print("2026-01-31 10:00:00 | INFO | arguments |", json.dumps(sys.argv[1:]))
for line in {lines!r}:
    print(line)
print("a warning with a bar \\u2588", file=sys.stderr)
{end}
"""
LINES = [
    "S-1\t他 是 <unk> 人 。",
    "H-1\t-0.5\the is a very good <unk> man .",
    "D-1\t-0.5\the is a very good <unk> man .",
    "S-0\t你好 ！",
    "H-0\t-0.25\thello !",
    "P-0\t-0.2 -0.3",
]
Stub = Callable[..., None]


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Replace fairseq-generate by a program that prints given lines."""

    def replace(lines: list[str] = LINES, end: str = "") -> None:
        path = tmp_path / "stub.py"
        path.write_text(STUB.format(lines=lines, end=end), encoding="utf-8")
        monkeypatch.setitem(program.COMMANDS, "fairseq-generate", [sys.executable, str(path)])

    replace()
    return replace


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    (root / "bin").mkdir(parents=True)
    (root / "raw").mkdir()
    (root / "raw" / "test.zh").write_text("你好！\n他是好人。\n", encoding="utf-8")
    (root / "raw" / "test.en.0").write_text("Hello!\nHe is a very good man.\n")
    (root / "raw" / "test.en.1").write_text("\nHe's a good man.\n")
    (root / "manifest.json").write_text(
        '{"format": "data_prep/1", "options": {"segmentation": "jieba", "target_segmentation": "words"}}\n'
    )
    return root


def detokenise(line: str) -> str:
    return line.replace(" .", ".").replace(" !", "!")


@pytest.fixture
def settings(tmp_path: Path, data: Path) -> GenerationSettings:
    checkpoints = (tmp_path / "a.pt", tmp_path / "b.pt")
    for path in checkpoints:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.pkl", path.name)
    return GenerationSettings(data, checkpoints, tmp_path / "results", user_dir=None, extra=("--cpu",))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("stub")
def test_results(settings: GenerationSettings, capfd: pytest.CaptureFixture[str]) -> None:
    scores = generate(settings, detokenise)
    assert scores == score(
        ["hello!", "he is a very good man."], [["Hello!"], ["He is a very good man.", "He's a good man."]]
    )
    assert names(settings.output) == ["generate-test.txt", "hypotheses.test.txt", "scores.test.json"]
    assert settings.hypotheses_path.read_text() == "hello!\nhe is a very good man.\n"
    log = settings.log_path.read_text(encoding="utf-8").split("\n")
    assert log[1:-2] == LINES
    assert log[-2] == "a warning with a bar \u2588"
    assert "2/2" in capfd.readouterr().err

    document = json.loads(settings.scores_path.read_text())
    assert document["scores"]["bleu"] == scores.bleu
    assert document["counts"] == {
        "sources": 2,
        "hypotheses": 2,
        "references": 3,
        "empty_hypotheses": 0,
        "unknown_words": 1,
    }
    assert [entry["sha256"] for entry in document["checkpoints"]] == [sha256_of(p) for p in settings.checkpoints]
    assert document["settings"]["beam"] == 20
    assert {"commit", "command", "versions", "hardware", "wall_seconds"} <= document.keys()
    # what the program was given is what was recorded
    given = json.loads(log[0].split(" | ", 3)[3].removeprefix("arguments | "))
    assert document["command"][-len(given) :] == given
    assert given[given.index("--required-batch-size-multiple") + 1] == "1"
    assert given[given.index("--path") + 1].count(":") == 1
    assert given[-1] == "--cpu" and "--max-blocks" not in given and "--user-dir" not in given


@pytest.mark.usefixtures("stub")
def test_detokeniser_of_the_data_preparation(settings: GenerationSettings) -> None:
    generate(settings)
    assert settings.hypotheses_path.read_text() == "hello!\nhe is a very good man.\n"


@pytest.mark.usefixtures("stub")
def test_unknown_words_can_be_kept(settings: GenerationSettings) -> None:
    kept = GenerationSettings(settings.data, settings.checkpoints, settings.output, user_dir=None, keep_unknown=True)
    generate(kept, detokenise)
    assert kept.hypotheses_path.read_text() == "hello!\nhe is a very good <unk> man.\n"


def test_missing_hypothesis(settings: GenerationSettings, stub: Stub) -> None:
    stub([line for line in LINES if not line.startswith("H-0")])
    with pytest.raises(DataError, match=r"1 hypotheses for 2 sources; none for id 0"):
        generate(settings, detokenise)
    assert names(settings.output) == ["generate-test.failed.txt"]


def test_failure_shows_the_reason_and_keeps_the_output(settings: GenerationSettings, stub: Stub) -> None:
    stub(end="raise ValueError('no such arch\\nsee the list')")
    with pytest.raises(DataError, match=r"failed with status 1: ValueError: no such arch; the output is kept in"):
        generate(settings, detokenise)
    assert names(settings.output) == ["generate-test.failed.txt"]
    kept = (settings.output / "generate-test.failed.txt").read_text(encoding="utf-8")
    assert LINES[0] in kept and "see the list" in kept
    stub()
    generate(settings, detokenise)
    assert "generate-test.failed.txt" not in names(settings.output)


def test_malformed_output_ends_the_program(settings: GenerationSettings, stub: Stub) -> None:
    # without an end the test would run into its time limit
    stub(["H-0\tbad"], end="import time; sys.stdout.flush(); time.sleep(1000)")
    with pytest.raises(DataError, match="line 2: expected H-<id>"):
        generate(settings, detokenise)


@pytest.mark.usefixtures("stub")
def test_earlier_results_are_replaced_only_on_demand(
    settings: GenerationSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["generate", str(settings.data), "--path", str(settings.checkpoints[0]), "--no-user-dir"]
    arguments += ["--output", str(settings.output)]
    assert main(arguments) == 0
    settings.scores_path.write_text("old")
    assert main(arguments) == 2
    assert "scores.test.json: exists already" in capsys.readouterr().err
    assert settings.scores_path.read_text() == "old"
    assert main([*arguments, "--overwrite"]) == 0
    assert json.loads(settings.scores_path.read_text())["counts"]["hypotheses"] == 2


@pytest.mark.usefixtures("stub")
def test_command_line_passes_options_on(settings: GenerationSettings, tmp_path: Path) -> None:
    arguments = ["generate", str(settings.data), "--path", f"{settings.checkpoints[0]}:{settings.checkpoints[1]}"]
    arguments += ["--output", str(settings.output), "--user-dir", str(tmp_path), "--task", "translation", "--beam", "4"]
    arguments += ["--lenpen", "0.5", "--min-len-ratio", "0.25", "--batch-size", "7", "--max-blocks", "900"]
    arguments += ["--unkpen", "3"]
    assert main([*arguments, "--", "--seed", "3"]) == 0
    document = json.loads(settings.scores_path.read_text())
    command = document["command"]
    options = {key: command[command.index(key) + 1] for key in ("--task", "--beam", "--lenpen", "--min-len-ratio")}
    assert options == {"--task": "translation", "--beam": "4", "--lenpen": "0.5", "--min-len-ratio": "0.25"}
    assert command[command.index("--max-blocks") + 1] == "900" and command[command.index("--batch-size") + 1] == "7"
    assert command[command.index("--unkpen") + 1] == "3.0" and "--nbest" not in command
    assert "--user-dir" in command and command[-2:] == ["--seed", "3"]
    assert document["settings"]["extra"] == ["--seed", "3"]


def test_the_first_of_several_hypotheses_is_scored(settings: GenerationSettings, stub: Stub) -> None:
    more = ["H-0\t-0.5\tgood morning !", "P-0\t-0.5 -0.5 -0.5 -0.5"]
    stub([*LINES, *more])
    with pytest.raises(DataError, match="a second hypothesis for source id 0; expected exactly one"):
        generate(settings, detokenise)
    several = replace(settings, nbest=2, beam=3)
    scores = generate(several, detokenise)
    assert settings.hypotheses_path.read_text() == "hello!\nhe is a very good man.\n"
    document = json.loads(settings.scores_path.read_text())
    assert document["scores"] == json.loads(json.dumps(scores.to_json()))
    assert document["command"][document["command"].index("--nbest") + 1] == "2"
    assert more[0] in settings.log_path.read_text(encoding="utf-8")
    stub([*LINES, *more, *more])
    with pytest.raises(DataError, match="another hypothesis for source id 0; expected at most 2"):
        generate(replace(several, overwrite=True), detokenise)


def test_pieces_become_words(settings: GenerationSettings, stub: Stub) -> None:
    (settings.data / "manifest.json").write_text(
        '{"format": "data_prep/1", "options": {"segmentation": "jieba", "target_segmentation": "sentencepiece"}}\n'
    )
    stub(["H-0\t-1\t\u2581hel lo \u2581!", "H-1\t-1\t\u2581a <unk> \u2581m an"])
    generate(settings)
    assert settings.hypotheses_path.read_text() == "hello!\na man\n"
    assert json.loads(settings.scores_path.read_text())["counts"]["unknown_words"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--path", "none.pt"], "--path none.pt: no such checkpoint"),
        (["--path", "."], ".: contains neither checkpoint_best.pt nor checkpoint_last.pt; name a checkpoint"),
        (["--user-dir", "nowhere"], "--user-dir nowhere: no such directory"),
        (["--beam", "0"], "--beam 0: must be at least 1"),
        (["--min-len-ratio", "-1"], "--min-len-ratio -1.0: must not be negative"),
        (["--split", "valid"], "valid.zh: no such file"),
        (["--unkpen", "inf"], "--unkpen inf: must be a finite number"),
        (["--nbest", "0"], "--nbest 0: must be at least 1"),
        (["--nbest", "5", "--beam", "4"], "--nbest 5: must not exceed the beam, 4"),
        (["--", "-s", "en"], "-s after --: not accepted there; use nothing: the references are in the target language"),
        (["--", "--target-lang=zh"], "--target-lang after --: not accepted there; use nothing"),
        (["--", "--nbest", "5"], "--nbest after --: not accepted"),
        (["--", "--post-process", "sentencepiece"], "--post-process after --: not accepted there; use nothing"),
        (["--", "--score-reference"], "--score-reference after --: not accepted there; use python -m eval likelihood"),
        (["--", "--unkpen", "5"], "--unkpen after --: not accepted there; use --unkpen before the --"),
        (["--", "--required-batch-size-multiple=8"], "--required-batch-size-multiple after --: not accepted"),
    ],
)
@pytest.mark.usefixtures("stub")
def test_bad_options(
    settings: GenerationSettings, capsys: pytest.CaptureFixture[str], change: list[str], message: str
) -> None:
    arguments = ["generate", str(settings.data), "--path", str(settings.checkpoints[0])]
    assert main([*arguments, "--output", str(settings.output), *change]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and message in error
    assert not settings.output.exists()


@pytest.mark.usefixtures("stub")
def test_data_that_was_not_prepared(settings: GenerationSettings, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["generate", "nowhere", "--path", str(settings.checkpoints[0]), "--output", str(settings.output)]
    assert main(arguments) == 2
    assert "nowhere/bin: no such directory; create it with: python -m data_prep prepare" in capsys.readouterr().err


@pytest.mark.usefixtures("stub")
def test_sources_and_references_must_agree(settings: GenerationSettings) -> None:
    (settings.data / "raw" / "test.zh").write_text("你好！\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"1 sources in test\.zh, but 2 lines of references"):
        generate(settings, detokenise)


@pytest.mark.usefixtures("stub")
def test_a_checkpoint_that_is_cut_short_is_named(settings: GenerationSettings) -> None:
    whole = settings.checkpoints[0].read_bytes()
    settings.checkpoints[0].write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"a\.pt: not a complete checkpoint"):
        generate(settings, detokenise)
    assert not settings.output.exists()


def test_a_checkpoint_that_was_replaced_meanwhile(stub: Stub, settings: GenerationSettings) -> None:
    """As a training does with its best checkpoint: the results would name a file that was not translated with."""
    second = settings.checkpoints[1]
    stub(end=f"open({str(second)!r}, 'ab').write(b'.')")
    with pytest.raises(DataError, match=r"b\.pt: was replaced while it was in use, by a training; use a copy"):
        generate(settings, detokenise)
    assert names(settings.output) == ["generate-test.failed.txt"]


def test_of_several_hypotheses_the_best_counts(stub: Stub, settings: GenerationSettings) -> None:
    stub([*LINES, "H-0\t-0.75\tgood bye !"])
    generate(replace(settings, nbest=2, beam=2), detokenise)
    assert (settings.output / "hypotheses.test.txt").read_text().splitlines()[0] == "hello!"
