"""Translations of the training set by models of both directions, as training data of further models."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data_prep.errors import DataError
from data_prep.files import read_json, sha256_of, write_json
from eval import provenance
from eval.program import USER_DIR
from eval.provenance import Commit, relative
from recipes.tatoeba import synthetic
from recipes.tatoeba.costs import minutes_with_teachers
from recipes.tatoeba.data import VARIANTS, synthetic_path
from recipes.tatoeba.execution import best_checkpoint, execute
from recipes.tatoeba.experiments_table import experiments as table
from recipes.tatoeba.synthetic import Folders, ready_data
from tests.tatoeba_helpers import replace_programs


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    return replace_programs(monkeypatch, tmp_path)


TEXTS = {"text": [f"我有{n}只猫。" for n in range(100, 112)], "english": [f"I have {n} cats." for n in range(100, 112)]}


@pytest.fixture
def taught(
    programs: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[list[str]], Folders]:
    """The arguments of each translation of the training set, whose output is made up; and folders with data."""
    runs: list[list[str]] = []

    def run_generate(arguments: list[str], threads: int) -> Generator[str, None, None]:
        runs.append(arguments)
        backward = "en" in arguments
        for n in reversed(range(12)):
            translation = f"<phrase> 猫 {n}" if backward else f"▁c ats ▁{n} ▁."
            yield f"H-{n}\t-1\t{translation if n else ''}\n"

    tsv = tmp_path / "pairs.tsv"
    pairs = zip(TEXTS["english"], TEXTS["text"], strict=True)
    tsv.write_text("".join(f"{english}\t{chinese}\n" for english, chinese in pairs), encoding="utf-8")
    monkeypatch.setattr(synthetic, "run_generate", run_generate)
    split = {"test_permille": 0, "valid_permille": 0}
    for name in ("pieces-phrases", "pieces-phrases-translated"):
        monkeypatch.setitem(VARIANTS, name, split)  # type: ignore[arg-type]
    return runs, Folders(tsv, tmp_path / "work", tmp_path / "results", 1)


def test_teachers_are_trained_and_their_translations_are_training_data(
    taught: tuple[list[list[str]], Folders], programs: list[dict[str, Any]]
) -> None:
    runs, folders = taught
    data = ready_data("pieces-phrases-translated", folders, ["python"])
    assert len(programs) == 3 and len(runs) == 2
    binarised = relative(folders.work / "data" / "pieces-phrases" / "bin")
    for arguments, teachers, direction in (
        (runs[0], ("pieces-phrases", "pieces-phrases-seed-3"), []),
        (runs[1], ("reverse",), ["--source-lang", "en", "--target-lang", "zh"]),
    ):
        paths = os.pathsep.join(relative(best_checkpoint(teacher, folders.work)) for teacher in teachers)
        assert arguments == [
            binarised, "--path", paths, "--user-dir", relative(USER_DIR), "--task", "reencoder_translation",
            "--gen-subset", "train", *direction, "--beam", "5", "--unkpen", "1000.0", "--batch-size", "64",
            "--max-blocks", "20000", "--required-batch-size-multiple", "1", "--no-progress-bar",
        ]  # fmt: skip
    lines = [
        (data / "text" / f"train1.{language}").read_text(encoding="utf-8").split("\n") for language in ("zh", "en")
    ]
    assert lines[0][:2] == ["我 有 101 只 猫 。", "我 有 102 只 猫 。"] and lines[1][:2] == ["cats 1 .", "cats 2 ."]
    assert lines[0][11] == "猫 1" and lines[1][11] == "i have 101 cats ."
    assert len(lines[0]) == 11 + 11 + 1, "none with an empty side"
    ready_data("pieces-phrases-translated", folders, ["python"])
    assert len(programs) == 3 and len(runs) == 2, "nothing is repeated"


def test_the_minutes_of_teachers_count(taught: tuple[list[list[str]], Folders]) -> None:
    _, folders = taught
    data = ready_data("pieces-phrases-translated", folders, ["python"])
    name = "pieces-phrases-translated"
    student = execute(name, data, folders.work, folders.results, ["python"])
    pairs = {teacher: folders.work / "synthetic" / f"{teacher}.tsv" for teacher in ("forward", "backward")}
    assert student["synthetic"] == {teacher: sha256_of(path) for teacher, path in pairs.items()}
    teachers = [read_json(folders.results / f"{teacher}.json") for teacher in ("pieces-phrases", "reverse")]
    assert [minutes_with_teachers([result]) for result in teachers] == [2, 2]
    assert minutes_with_teachers([student]) == pytest.approx(4 * 2, abs=0.1)
    assert minutes_with_teachers([student, teachers[0]]) == pytest.approx(4 * 2, abs=0.1), "each training once"
    row = next(line for line in table(folders.results) if line.startswith(f"| `{name}`"))
    assert " | 2 + 6 | " in row


def test_a_failed_translation_leaves_nothing(
    taught: tuple[list[list[str]], Folders], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folders = taught
    monkeypatch.setattr(synthetic, "run_generate", lambda arguments, threads: iter_lines("H-3\t-1\t▁c\n"))
    with pytest.raises(DataError, match="1 hypotheses for 12 sources"):
        ready_data("pieces-phrases-translated", folders, ["python"])
    assert not list((folders.work / "synthetic").glob("*"))


def test_the_training_set_that_is_translated_is_the_one_that_was_prepared(
    taught: tuple[list[list[str]], Folders], tmp_path: Path
) -> None:
    runs, folders = taught
    ready_data("pieces-phrases", folders, ["python"])
    other = tmp_path / "other.tsv"
    assert folders.tsv is not None
    other.write_text("".join(reversed(folders.tsv.read_text("utf-8").splitlines(keepends=True))), "utf-8")
    with pytest.raises(DataError, match=r"pieces-phrases: was prepared from another file than .*other\.tsv"):
        ready_data("pieces-phrases-translated", replace(folders, tsv=other), ["python"])
    assert not runs and not synthetic_path("forward", folders.work).exists()


def test_a_finished_teacher_without_its_checkpoint_is_told(
    taught: tuple[list[list[str]], Folders], programs: list[dict[str, Any]], tmp_path: Path
) -> None:
    runs, folders = taught
    ready_data("pieces-phrases-translated", folders, ["python"])
    with pytest.raises(DataError, match=r"checkpoint_best\.pt: no such checkpoint, but .*pieces-phrases\.json says"):
        ready_data("pieces-phrases-translated", replace(folders, work=tmp_path / "other"), ["python"])
    assert len(programs) == 3 and len(runs) == 2


def iter_lines(*lines: str) -> Generator[str, None, None]:
    yield from lines


def test_a_student_of_changed_code_is_marked(
    taught: tuple[list[list[str]], Folders], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code changed while a teacher was trained: translations and student say so, too."""
    _, folders = taught
    monkeypatch.setattr(provenance, "commit", lambda root=None: Commit("a" * 40, dirty=False))
    for teacher in ("pieces-phrases", "pieces-phrases-seed-3", "reverse"):
        execute(teacher, ready_data("pieces-phrases", folders, ["python"]), folders.work, folders.results, ["python"])
    path = folders.results / "reverse.json"
    result = read_json(path)
    result["provenance"]["commit"] = {"revision": "a" * 40, "dirty": True}
    write_json(path, result)
    data = ready_data("pieces-phrases-translated", folders, ["python"])
    records = [read_json(folders.work / "synthetic" / f"{name}.json") for name in ("forward", "backward")]
    student = execute("pieces-phrases-translated", data, folders.work, folders.results, ["python"])
    assert [found["provenance"]["commit"]["dirty"] for found in (*records, student)] == [False, True, True]
