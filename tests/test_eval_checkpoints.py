"""Checkpoints as the commands of `eval` name and read them."""

from __future__ import annotations

import os
import zipfile
from argparse import Namespace
from pathlib import Path

import pytest
import torch

from data_prep.errors import DataError
from eval.__main__ import main
from eval.checkpoints import read_checkpoint, split_checkpoints, task_config


def test_members_of_an_ensemble_are_separated_like_folders_of_a_search_path() -> None:
    assert split_checkpoints(os.pathsep.join(["a.pt", "", "b/c.pt"])) == [Path("a.pt"), Path("b/c.pt")]


@pytest.mark.parametrize("command", [["sample"], ["inspect"], ["digits"], ["average", "--output", "average.pt"]])
def test_commands_say_why_a_checkpoint_cannot_be_read(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("other.zip", "w") as archive:
        archive.writestr("text", "no model")
    assert main([command[0], "other.zip", *command[1:]]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: other.zip: cannot be read as a checkpoint: ") and "subdirectory" in error
    assert error.count("\n") == 1


def test_a_folder_stands_for_its_best_or_last_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="contains neither checkpoint_best"):
        split_checkpoints(str(tmp_path))
    for name in ("checkpoint_last.pt", "checkpoint_best.pt"):
        (tmp_path / name).touch()
        assert split_checkpoints(str(tmp_path)) == [tmp_path / name]


def test_what_is_not_of_fairseq_train_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save([1], path)
    with pytest.raises(DataError, match=r"model\.pt: not a checkpoint of fairseq-train: it has no 'model'"):
        read_checkpoint(path)
    torch.save({"model": {}, "cfg": None}, path)
    with pytest.raises(DataError, match=r"model\.pt: not a checkpoint of fairseq-train: it does not name its task"):
        task_config(path)
    torch.save({"model": {}, "cfg": {"task": Namespace(_name="translation")}}, path)
    assert task_config(path) == {"_name": "translation"}, "of a task without a dataclass"
