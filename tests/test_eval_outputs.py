"""No command of `python -m eval` writes over a file that it reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eval.__main__ import main


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
