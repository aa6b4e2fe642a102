"""The benchmark: not how fast this machine is, but that it measures what it says and gives every figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from data_prep.phrasebook import write_phrasebook
from data_prep.prepare import Options, prepare
from eval.speed import __main__ as program
from eval.speed import grids, measure, tables, translation


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "PLANES", dict.fromkeys(grids.PLANES, (16, 8, 12, 12)))
    monkeypatch.setattr(grids, "TWINS", (16, 12, 12))
    monkeypatch.setattr(grids, "SIZES", (2, 4))
    monkeypatch.setattr(translation, "HIDDEN_SIZE", 16)


def test_work_takes_turns() -> None:
    turns: list[str] = []
    assert len(measure.alternating([lambda: turns.append("a"), lambda: turns.append("b")], 2)) == 2
    assert "".join(turns) == "ababab"


def test_peak_counts_what_lives_at_the_same_time() -> None:
    def work() -> torch.Tensor:
        first = torch.zeros(1000)
        second = first + 1
        view = second[:10]  # no memory of its own
        del first
        third = torch.zeros(500)
        return view.sum() + third.sum()

    assert 8000 <= measure.peak_bytes(work) < 8100


def test_products_are_those_of_linear_maps() -> None:
    """Forward, gradient of the input, gradient of the weight: three products of the same size."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        measure.products([(7, 3, 5), (2, 4, 6)])()
    assert counter.get_total_flops() == 3 * 2 * (7 * 3 * 5 + 2 * 4 * 6)


def test_memory_of_a_block(small: None) -> None:
    """Counted, not timed: gates 8 d, states 4 d and what the border and one front take; half without gates."""
    found = grids.memory(1)["memory"]
    assert 12 <= found["floats_per_cell_over_d"] <= 14
    assert 4 <= found["recompute_floats_per_cell_over_d"] <= 6


def test_every_figure_is_there(small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    data = tmp_path / "phrases"
    write_phrasebook(tmp_path / "phrasebook.tsv", 300, 1)
    prepare(Options(dest=data, tsv=tmp_path / "phrasebook.tsv", test_permille=50, valid_permille=50))
    assert program.main(["--quick", "--data", str(data / "bin"), "--json", str(tmp_path / "speed.json")]) == 0
    result = json.loads((tmp_path / "speed.json").read_text())
    assert set(result["limit_ratio"]) == {*grids.PLANES, "train_step_d256"} == {
        "plane_d256", "plane_d450", "plane_d128", "stack_tied_d400", "train_step_d256"
    }  # fmt: skip
    assert {"twin_b64", "twin_b4", "autograd_diagonals"} < set(result["speedup"])
    assert {"ms_per_word", "over_recompute"} < set(result["decode"])
    assert {"floats_per_cell_over_d", "recompute_floats_per_cell_over_d"} < set(result["memory"])
    assert result["cost_exponent"] > 0
    assert sum(result["profile"].values()) == pytest.approx(1)
    assert 0 <= result["train_step"]["padding"] < 1
    assert result["train_step"]["data"] == "phrases"
    assert result["provenance"]["hardware"]["threads"] >= 1
    document = "\n".join(tables.document(result, "speed.png"))
    assert f"{result['limit_ratio']['plane_d256']:.2f} | {tables.TARGETS['plane_d256']}" in document
    assert f"| {result['speedup']['twin_b4']:.2f} |" in "\n".join(tables.main_figures(result))
    assert f"{result['decode']['ms_per_word']:.1f} ms per word" in capsys.readouterr().out
    tables.plot(tmp_path / "speed.png", result)
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")


def test_missing_data_is_named(capsys: Any, tmp_path: Path) -> None:
    assert program.main(["--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path}: no binarised data") and error.count("\n") == 1
