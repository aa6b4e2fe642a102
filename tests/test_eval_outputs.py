"""No command of `python -m eval` writes over a file that it reads."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import pytest

from eval.__main__ import build_parser, main


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["translate", "checkpoints", "--input", "text", "--output", "text"], "--output text"),
        (["translate", "checkpoints", "--input", "text", "--output", "link"], "--output link"),
        (["score", "text", "--references", "other", "--json", "other"], "--json other"),
        (["compare", "a=text", "b=other", "--references", "third", "--markdown", "other"], "--markdown other"),
        (["report", "name=text", "--data", ".", "--output", "text"], "--output text"),
        (["align", "text", "--data", ".", "--picture", "text"], "--picture text"),
        (["average", "text", "other", "--output", "other", "--overwrite"], "--output other"),
        (["curve", "text", "--csv", "text"], "--csv text"),
        (["digits", "text", "--data", "other", "--png", "other"], "--png other"),
    ],
)
def test_inputs_are_not_written_over(
    arguments: list[str],
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("text", "other", "third"):
        Path(name).write_text("Hello.\n")
    Path("link").symlink_to("text")
    assert main(arguments) == 2
    error = f"error: {option}: the command reads this file; name another to write\n"
    assert capsys.readouterr().err == error and Path("text").read_text() == "Hello.\n"


def test_one_file_does_not_take_two_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.log").write_text("")
    assert main(["curve", "train.log", "--csv", "curve", "--png", "./curve"]) == 2
    assert capsys.readouterr().err == "error: --png curve: --csv writes this file; name another\n"
    arguments = ["compare", "nowhere", "elsewhere", "--data", ".", "--json", os.devnull, "--markdown", os.devnull]
    assert main(arguments) == 2
    assert os.devnull not in capsys.readouterr().err, "a device may take several"


def test_what_the_help_says_is_written_is_known_to_be() -> None:
    (commands,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    found = 0
    for name, parser in commands.choices.items():
        outputs = parser.get_default("outputs") or {}
        for action in parser._actions:
            if action.type is Path and re.search(r"\b(write|draw)\b|folder of results", action.help or ""):
                assert action.dest in outputs, f"{name} {action.dest}"
                found += 1
    assert found == 18


def test_devices_may_be_read_and_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", "nowhere", "--input", os.devnull, "--output", os.devnull]) == 2
    assert "nowhere: no such checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("folder", "exists already; name a file"),
        ("text/scores.json", "cannot be written: {}/text is not a directory"),
        ("locked/new/scores.json", "cannot be written: no permission to write {}/locked"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    output: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("text").write_text("Hello.\n")
    Path("locked").mkdir()
    # Permissions do not bind the root user.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "locked")
    assert main(["score", "nowhere", "--references", "text", "--json", output]) == 2
    assert capsys.readouterr().err == f"error: --json {output}: {reason.format(tmp_path.resolve())}\n"
    assert {path.name for path in tmp_path.rglob("*")} == {"folder", "locked", "text"}
