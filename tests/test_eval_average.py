"""Averages of checkpoints: worked values, what is kept, what is refused."""

import argparse
import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from data_prep.errors import DataError
from data_prep.files import sha256_of
from eval.__main__ import main
from eval.average import average, best_checkpoints, last_checkpoints

MODEL = {"_name": "reencoder_tiny", "hidden_size": 2, "dropout": 0.1}


def checkpoint(path: Path, scale: float = 1.0, updates: int = 100, **changes: Any) -> Path:
    """Write a checkpoint as fairseq-train does."""
    values = torch.tensor([[0.1, 1.0], [3.0, -7.0]]) * scale
    state = {
        "args": None,
        "cfg": {"model": MODEL | {"dropout": scale / 10}, "task": {"_name": "reencoder_translation"}},
        "model": OrderedDict(
            {
                "weight": values,
                "half": torch.tensor([1.0, 2.0], dtype=torch.float16) * scale,
                "checkpoint_version._extra_state": torch.tensor(1),
            }
        ),
        "criterion": None,
        "optimizer_history": [{"num_updates": 7}, {"num_updates": updates}],
        "task_state": {},
        "extra_state": {"train_iterator": {"epoch": 3}, "ema": OrderedDict({"weight": values + 1000})},
        "last_optimizer_state": {"state": {0: {"step": updates}}},
    }
    torch.save(state | changes, path)
    return path


def load(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state


def test_mean_of_each_parameter(tmp_path: Path) -> None:
    paths = [checkpoint(tmp_path / f"{n}.pt", scale, n) for n, scale in enumerate((1.0, 2.0, 6.0))]
    record = average(paths, tmp_path / "average.pt")
    state = load(tmp_path / "average.pt")
    assert torch.equal(state["model"]["weight"], torch.tensor([[0.3, 3.0], [9.0, -21.0]]))
    assert state["model"]["weight"].dtype == torch.float32
    assert torch.equal(state["model"]["half"], torch.tensor([3.0, 6.0], dtype=torch.float16))
    assert state["model"]["checkpoint_version._extra_state"] == 1
    assert list(state["model"]) == list(load(paths[0])["model"])
    assert state["cfg"]["model"]["dropout"] == 0.6, "the configuration of the last"
    assert state["optimizer_history"][-1]["num_updates"] == 2
    assert "last_optimizer_state" not in state and state["extra_state"] == {"average": record}
    assert [entry["updates"] for entry in record["checkpoints"]] == [0, 1, 2]
    assert [entry["sha256"] for entry in record["checkpoints"]] == [sha256_of(path) for path in paths]


def test_sums_are_in_double_precision(tmp_path: Path) -> None:
    # In float32 the sum of the first two loses the 1.
    values = [2.0**24, 1.0, -(2.0**24), 3.0]
    paths = [checkpoint(tmp_path / f"{n}.pt", model={"w": torch.tensor([v])}) for n, v in enumerate(values)]
    average(paths, tmp_path / "average.pt")
    assert load(tmp_path / "average.pt")["model"]["w"].item() == 1.0


def test_average_of_one_is_the_model(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "a.pt")
    average([path], tmp_path / "average.pt")
    assert torch.equal(load(tmp_path / "average.pt")["model"]["weight"], load(path)["model"]["weight"])


def test_moving_averages(tmp_path: Path) -> None:
    paths = [checkpoint(tmp_path / f"{n}.pt", float(n)) for n in (1, 3)]
    assert average(paths, tmp_path / "average.pt", ema=True)["ema"] is True
    assert load(tmp_path / "average.pt")["model"]["weight"][0, 1].item() == 1002.0
    without = checkpoint(tmp_path / "without.pt", extra_state={})
    with pytest.raises(DataError, match=r"without\.pt: has no moving average; train with --store-ema"):
        average([paths[0], without], tmp_path / "new.pt", ema=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"cfg": {"model": MODEL | {"hidden_size": 3}}},
            "another architecture than .*: option hidden_size is 3, not 2",
        ),
        ({"cfg": {"model": {**MODEL, "layers": 3}}}, "another architecture than .*: option layers is 3, not None"),
        (
            {"model": {"weight": torch.zeros(2, 2)}},
            "only one of them has the parameter checkpoint_version._extra_state",
        ),
        (
            {"model": {"weight": torch.zeros(2, 3), "half": torch.zeros(2), "checkpoint_version._extra_state": 1}},
            r"weight has shape \(2, 3\) \(torch.float32\), not \(2, 2\)",
        ),
        (
            {"model": {"weight": torch.zeros(2, 2), "half": torch.zeros(2), "checkpoint_version._extra_state": 1}},
            r"half has shape \(2,\) \(torch.float32\), not \(2,\) \(torch.float16\)",
        ),
        (
            {
                "model": {
                    "weight": torch.zeros(2, 2),
                    "half": torch.zeros(2, dtype=torch.float16),
                    "checkpoint_version._extra_state": torch.tensor(2),
                }
            },
            "checkpoint_version._extra_state is not a floating-point parameter and differs from that of",
        ),
        ({"task_state": {"text": "other"}}, "was trained on data prepared otherwise than those of .*: no average"),
        (
            {"cfg": {"model": argparse.Namespace(arch="lstm")}},
            "has the architecture lstm, not reencoder_tiny as ",
        ),
        ({"model": None}, "not a checkpoint of fairseq-train: it has no 'model'"),
    ],
)
def test_checkpoints_that_do_not_belong_together(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    paths = [checkpoint(tmp_path / "a.pt"), checkpoint(tmp_path / "b.pt", **changes)]
    with pytest.raises(DataError, match=message) as error:
        average(paths, tmp_path / "new" / "average.pt")
    assert "b.pt" in str(error.value)
    assert not (tmp_path / "new").exists()


def test_models_of_both_directions_have_no_average(tmp_path: Path) -> None:
    """Older checkpoints do not record their direction."""
    record = {"weight": torch.ones(1), "version_records.data._extra_state": torch.ones(3).long()}
    directions: list[dict[str, Any]] = [{}, {"direction": "zh to en"}, {"direction": "en to zh"}]
    old, there, back = (
        checkpoint(tmp_path / f"{n}.pt", task_state=state, model={"weight": torch.ones(1)} if n == 0 else record)
        for n, state in enumerate(directions)
    )
    average([old, there], tmp_path / "one.pt")
    average([there, old], tmp_path / "two.pt")
    with pytest.raises(DataError, match=r"2\.pt: translates en to zh, not zh to en as .*1\.pt: no average"):
        average([there, back], tmp_path / "three.pt")


def test_options_of_a_model_without_a_dataclass_are_those_of_the_program(tmp_path: Path) -> None:
    configs = [{"model": argparse.Namespace(arch="transformer", seed=seed)} for seed in (1, 2)]
    paths = [checkpoint(tmp_path / f"{n}.pt", cfg=cfg) for n, cfg in enumerate(configs)]
    average(paths, tmp_path / "average.pt")
    assert load(tmp_path / "average.pt")["cfg"]["model"].seed == 2


def test_infinite_parameters(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "a.pt", model={"w": torch.tensor([float("nan")])})
    with pytest.raises(DataError, match="parameter w: not finite"):
        average([path], tmp_path / "average.pt")


class Command:
    """Would run when it is unpickled."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("touched"),)


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint(Path("bad.pt"), task_state={"x": Command()})
    with pytest.raises(DataError, match=r"bad\.pt: cannot be read as a checkpoint"):
        average([Path("bad.pt")], Path("average.pt"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.pt"]


def test_meters_of_validation_bleu_are_read(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "a.pt", extra_state={"metrics": [np.float64(1.5), np.arange(4)]})
    average([path], tmp_path / "average.pt")


def test_last_checkpoints_in_the_order_of_their_updates(tmp_path: Path) -> None:
    names = ["checkpoint_1_500.pt", "checkpoint_2_1000.pt", "checkpoint_10_10500.pt", "checkpoint_9_9500.pt"]
    others = ["checkpoint_best.pt", "checkpoint_last.pt", "checkpoint3.pt", "checkpoint_1_500.pt.tmp"]
    for name in names + others:
        (tmp_path / name).touch()
    assert [path.name for path in last_checkpoints(tmp_path, 3)] == [names[1], names[3], names[2]]
    assert len(last_checkpoints(tmp_path, 4)) == 4
    with pytest.raises(DataError, match=r"4 checkpoints named checkpoint_<epoch>_.*, expected at least 5"):
        last_checkpoints(tmp_path, 5)
    with pytest.raises(DataError, match="--last 0: must be at least 1"):
        last_checkpoints(tmp_path, 0)
    with pytest.raises(DataError, match="nowhere: no such directory"):
        last_checkpoints(tmp_path / "nowhere", 1)


def test_last_checkpoints_of_epochs_where_there_are_no_others(tmp_path: Path) -> None:
    for name in ("checkpoint9.pt", "checkpoint10.pt", "checkpoint8.pt", "checkpoint_last.pt"):
        (tmp_path / name).touch()
    assert [path.name for path in last_checkpoints(tmp_path, 2)] == ["checkpoint9.pt", "checkpoint10.pt"]


@pytest.mark.parametrize(("higher", "best"), [(False, [20, 50]), (True, [10, 40])])
def test_best_checkpoints_by_the_metric_of_the_training(tmp_path: Path, higher: bool, best: list[int]) -> None:
    cfg = {"model": MODEL, "checkpoint": {"maximize_best_checkpoint_metric": higher}}
    validated = {5: float("nan"), 10: 5.0, 20: 3.0, 30: None, 40: 4.5, 50: 2.5}
    for updates, value in validated.items():
        checkpoint(tmp_path / f"checkpoint_1_{updates}.pt", 1.0, updates, cfg=cfg, extra_state={"val_loss": value})
    # the same after 50 updates, at the end of an epoch and as one of the best, and what is not of the training
    for name in ("checkpoint1.pt", "checkpoint.best_loss_2.5000.pt", "checkpoint_last.pt", "average.pt"):
        checkpoint(tmp_path / name, 1.0, 50, cfg=cfg, extra_state={"val_loss": -9.0 if name == "average.pt" else 2.5})
    assert [path.name for path in best_checkpoints(tmp_path, 2)] == [f"checkpoint_1_{updates}.pt" for updates in best]
    with pytest.raises(DataError, match=r"4 checkpoints with a finite validation score named .*, expected at least 5"):
        best_checkpoints(tmp_path, 5)
    with pytest.raises(DataError, match="--best 0: must be at least 1"):
        best_checkpoints(tmp_path, 0)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for updates in (100, 200, 300):
        checkpoint(tmp_path / f"checkpoint_1_{updates}.pt", updates / 100, updates)
    arguments = ["average", str(tmp_path), "--last", "2", "--output", str(tmp_path / "average.pt")]
    assert main(arguments) == 0
    output = capsys.readouterr().out
    assert "checkpoint_1_200.pt: 200 updates" in output and "checkpoint_1_100.pt" not in output
    assert load(tmp_path / "average.pt")["model"]["weight"][0, 1].item() == 2.5
    assert json.dumps(load(tmp_path / "average.pt")["extra_state"])
    assert main(arguments) == 2
    assert "average.pt: exists already" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 0
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".pt"] * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.pt"], "none.pt: no such checkpoint"),
        (["text.pt"], "text.pt: not a complete checkpoint"),
        (["."], ".: is a folder: give --last N or --best N, or name a checkpoint"),
        ([".", "--ema"], ".: is a folder: give --last N or --best N, or name a checkpoint"),
        (["a.pt", "b.pt", "--last", "2"], "--last 2: expected one folder, got 2 paths"),
        ([".", "--last", "2"], ".: 0 checkpoints named"),
        (["a.pt", "b.pt", "--best", "2"], "--best 2: expected one folder, got 2 paths"),
        ([".", "--best", "1"], ".: 0 checkpoints with a finite validation score"),
    ],
)
def test_bad_arguments(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.pt").write_text("text")
    assert main(["average", *arguments, "--output", "average.pt"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and message in error
    assert not Path("average.pt").exists()
