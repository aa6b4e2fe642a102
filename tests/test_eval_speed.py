"""The benchmark: not how fast this machine is, but that it measures what it says and gives every figure."""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from data_prep.errors import DataError
from data_prep.options import Options
from data_prep.phrasebook import write_phrasebook
from data_prep.prepare import prepare
from eval.speed import __main__ as program
from eval.speed import compiling, grids, measure, peer, processor, products, tables, translation


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "PLANES", dict.fromkeys(grids.PLANES, (16, 8, 12, 12)))
    monkeypatch.setattr(grids, "TWINS", (16, 12, 12))
    monkeypatch.setattr(grids, "SIZES", (2, 4))
    monkeypatch.setattr(program, "QUICK_PAIRS", 150)
    monkeypatch.setattr(translation, "HIDDEN_SIZE", 16)
    monkeypatch.setattr(translation, "RECIPE", {**translation.RECIPE, "--arch": "reencoder_tiny"})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Binarised data of a small phrasebook, in a folder `phrases`."""
    folder = tmp_path_factory.mktemp("speed")
    write_phrasebook(folder / "phrasebook.tsv", 300, 1)
    prepare(Options(dest=folder / "phrases", tsv=[folder / "phrasebook.tsv"], test_permille=50, valid_permille=50))
    return folder / "phrases" / "bin"


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


def test_roles_are_the_products_of_linear_maps() -> None:
    """Forward, gradient of the inputs, gradient of the weight; maps of the same sizes are one."""
    found = products.roles([(7, 3, 5), (2, 4, 6), (1, 3, 5)])
    assert found == {
        products.Role(kind, inputs, outputs): rows
        for inputs, outputs, rows in ((3, 5, 8), (4, 6, 2))
        for kind in ("forward", "inputs", "weight")
    }


@pytest.mark.parametrize("role", products.roles([(7, 3, 5)]))
def test_every_way_computes_the_role(role: products.Role) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    ways = products._ways(7, role)
    assert len(ways) >= 2
    for name, way in ways.items():
        if name != "packed":  # not known to the counter
            with FlopCounterMode(display=False) as counter:
                way()
            assert counter.get_total_flops() == 2 * 7 * 3 * 5


def test_calls_of_a_linear_map_are_told_by_their_sizes() -> None:
    inputs, weight = torch.randn(7, 3, requires_grad=True), torch.randn(5, 3, requires_grad=True)
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        (torch.tanh(inputs) @ weight.t()).square().sum().backward()

    calls = products.record(work)
    assert [call.sizes and call.sizes.multiplications for call in calls.all] == [105] * 3
    for role in products.roles([(7, 3, 5)]):
        assert calls.of(role, 7) is not None
        assert calls.of(role, 8) is None  # they do not do all of it
    calls.work()()
    assert len(runs) == 1  # nothing but the products is repeated


def test_the_limit_is_the_least_time_of_each_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are given in the order of the candidates: the computation, its products repeated, the ways."""

    def alternating(work: list[Any], repeats: int) -> list[float]:
        return [20.0, 9.0, *(float(2 + n % 5) for n in range(len(work) - 2))]

    monkeypatch.setattr(products, "alternating", alternating)
    monkeypatch.setattr(products, "_ways", lambda rows, role: {"a": lambda: None, "b": lambda: None})
    weight = torch.randn(5, 3, requires_grad=True)
    inputs = torch.randn(7, 3, requires_grad=True)
    found = products.limit(lambda: (inputs @ weight.t()).sum().backward(), [(7, 3, 5)], 1)
    # forward 2 3 4, inputs 5 6 2, weight 3 4 5; the third of each is the repetition
    assert found.products == 2.0 + 2.0 + 3.0
    assert list(found.ways.values()) == ["a", "replay", "a"]
    assert (found.ratio, found.time_in_products) == (7 / 20, 9 / 20)


def test_instruction_sets_are_those_of_the_system(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512f amx_tile\n")
    assert processor.instruction_sets(cpuinfo) == ["AVX2", "AVX-512", "AMX"]
    assert processor.instruction_sets(tmp_path / "none") is None
    known = {"instruction_sets": ["AVX2"], "blas": "mkl", "threads": 1, "onednn": True}
    found = {**processor.processor(), **known}
    words = processor.describe(found)
    assert words.startswith("instruction sets AVX2; torch uses ") and ", 1 thread, BLAS mkl, oneDNN " in words
    assert processor.describe({**found, "onednn_for_products": True}).endswith("oneDNN yes, for all products")
    assert processor.describe({**found, "onednn_for_products": False}).endswith("oneDNN yes")


def test_the_training_step_of_the_recipes_is_that_of_the_readme() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8").replace("\\", "")
    training = next(part for part in " ".join(readme.split()).split("fairseq-train ") if "reencoder_small" in part)
    assert [option for option, value in translation.RECIPE.items() if f"{option} {value} " not in training] == []
    assert "--dropout" not in translation.RECIPE, "the preset's"


def test_parts_are_all_of_a_step(small: None, data: Path) -> None:
    step = translation.Step(data, translation.RECIPE, 300, batches=2)
    shares = step.parts(1)
    assert sum(shares.values()) == pytest.approx(1)
    parts = ("grid", "readout", "output layer", "softmax and loss", "words")
    assert set(shares) == {
        *(f"{part}, {way}" for part in parts for way in ("forward", "backward")),
        "optimizer",
        "data",
    }
    assert min(shares.values()) > 0
    assert not step.model.decoder.grid._forward_hooks  # removed


def test_memory_of_a_block(small: None) -> None:
    """Counted, not timed: gates 8 d, states 4 d and what the border and one front take; half without gates."""
    found = grids.memory(1)["memory"]
    assert 12 <= found["floats_per_block_over_d"] <= 14
    assert 4 <= found["recompute_floats_per_block_over_d"] <= 6


def test_every_figure_is_there(small: None, data: Path, tmp_path: Path, capsys: Any) -> None:
    assert program.main(["--quick", "--runs", "2", "--data", str(data), "--json", str(tmp_path / "speed.json")]) == 0
    result = json.loads((tmp_path / "speed.json").read_text())
    assert set(result["limit_ratio"]) == {*grids.PLANES, "train_step_d256", "train_step_d160"} == {
        "plane_d256", "plane_d450", "plane_d128", "plane_d160", "stack_tied_d400", "train_step_d256", "train_step_d160"
    }  # fmt: skip
    assert set(result["time_in_products"]) == set(result["fastest_products"]) == set(result["limit_ratio"])
    assert sum(result["recipe_step"]["parts"].values()) == pytest.approx(1)
    assert result["recipe_step"]["muon_dtype"] in ("float32", "bfloat16")
    assert result["processor"]["threads"] >= 1
    assert {"twin_b64", "twin_b4", "autograd_diagonals"} < set(result["speedup"])
    assert {"ms_per_word", "over_recompute"} < set(result["decode"])
    assert {"floats_per_block_over_d", "recompute_floats_per_block_over_d"} < set(result["memory"])
    assert math.isfinite(result["cost_exponent"])  # with these sizes of milliseconds it may have any value
    assert sum(result["profile"].values()) == pytest.approx(1)
    assert 0 <= result["train_step"]["padding"] < 1
    assert result["train_step"]["data"] == "phrases"
    assert result["provenance"]["hardware"]["threads"] >= 1
    assert result["preparation"]["pairs"] == 150 and result["preparation"]["pairs_per_second"] > 0
    for dtype, exception in (("float32", ""), ("bfloat16", ", only the orthogonalization of Muon in bfloat16")):
        result["recipe_step"]["muon_dtype"] = dtype
        assert f"Everything is computed in float32{exception}." in "\n".join(tables.document(result, "speed.png"))
    assert len(result["runs"]) == 2
    for key in ("limit_ratio", "speedup"):
        for name, ratio in result[key].items():
            assert ratio == pytest.approx(sum(run[key][name] for run in result["runs"]) / 2), "the median of two"
    compiling = result["recipe_step"]["compilation"]
    assert compiling is None or (compiling["seconds"] > 0 and compiling["gain"] > 0)
    # the compiled code counts as what it computes; its share is large at these sizes
    assert result["profile"]["gates and states"] > 0.02
    document = "\n".join(tables.document(result, "speed.png"))
    least, greatest = sorted(run["limit_ratio"]["plane_d256"] for run in result["runs"])
    shown = f"{result['limit_ratio']['plane_d256']:.2f} ({least:.2f} to {greatest:.2f})"
    assert f"{shown} | {tables.TARGETS['plane_d256']} | no | " in document, "far too small for it"
    assert "Ratios with a target are medians of 2 runs" in document
    assert "can pass 1 by noise only" in document
    assert f"| {result['speedup']['twin_b4']:.2f} |" in "\n".join(tables.main_figures(result))
    assert "Data preparation" not in document
    printed = capsys.readouterr().out
    assert (
        f"{result['decode']['ms_per_word']:.1f} ms per word" in printed and "data preparation: 150 pairs of" in printed
    )
    document = "\n".join(tables.document(result, "speed.png", result))
    assert f"## Data preparation\n\nMeasured by `{' '.join(result['provenance']['command'])}`" in document
    assert f": {result['preparation']['pairs_per_second']:,.0f} pairs per second, " in document
    served = {"requests": 9, "clients": 3, "lost": 0, "p50_ms": 100, "p95_ms": 2540.0, "requests_per_second": 1.25}
    document = "\n".join(tables.document(result, "speed.png", None, {**served, "provenance": result["provenance"]}))
    assert "of 9 requests from 3 clients at once, server and clients on one machine, none were lost" in document
    assert "half of them waited less than 0.1 seconds, 95% less than 2.5 (1.2 requests per second)" in document
    second = {**result, "limit_ratio": {"plane_d256": 0.5}, "speedup": {"twin_b4": 9.0}}
    document = "\n".join(tables.document(result, "speed.png", second=second))
    assert "(target: 8)" in document and "\n| " + tables.NAMES["plane_d256"] + " | " in document
    rows = {line.split(" | ")[0]: line.split(" | ")[-1] for line in document.splitlines()}
    last = [rows["| " + tables.NAMES[name]] for name in ("plane_d256", "plane_d450", "twin_b4", "twin_b64")]
    assert last == ["0.50 |", "not measured |", "9.00 |", "not measured |"]
    tables.plot(tmp_path / "speed.png", result)
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")


def test_a_target_that_is_missed_by_less_than_is_shown_is_missed() -> None:
    result = {"limit_ratio": {"plane_d256": 0.85}, "speedup": {"autograd_diagonals": 1.198}}
    result["runs"] = [result]  # type: ignore[assignment]
    missed = f"Targets that are missed: {tables.NAMES['autograd_diagonals']}: 1.198 instead of 1.2."
    assert tables.missed(result) == missed
    result["speedup"]["autograd_diagonals"] = 1.2
    assert tables.missed(result) == "All targets are reached."


def test_the_gain_of_compiling_compares_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENCODER_COMPILE", "1")
    monkeypatch.setattr(compiling, "seconds_to_compile", lambda: 1.5)
    ways: list[str] = []
    found = compiling.compilation(lambda: ways.append(os.environ["REENCODER_COMPILE"]), 2)
    assert found is not None and found["seconds"] == 1.5 and found["gain"] > 0
    assert ways == ["0", "1"] * 3, "in turn, once before the measurement"
    monkeypatch.setattr(compiling, "seconds_to_compile", lambda: None)
    assert compiling.compilation(lambda: ways.append("x"), 2) is None


def test_missing_data_is_named(capsys: Any, tmp_path: Path) -> None:
    assert program.main(["--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path}: no binarised data") and error.count("\n") == 1


STUB = """
import torch
from model.cell import Cell  # as the peer imports its own modules


class LSTM2d(torch.nn.Module):
    def __init__(self, embed_dim, state_dim_2d, encoder_state_dim, input_vocab_size, output_vocab_size, device,
                 max_output_len=100, bos_token=1, eos_token=2, pad_token=0{more}):
        super().__init__()
        self.sizes = embed_dim, state_dim_2d, encoder_state_dim
        self.dropout = locals().get("dropout_p")
        self.embedding = torch.nn.Embedding(output_vocab_size, Cell.size)
        self.logits = torch.nn.Linear(Cell.size, output_vocab_size)
        self.criterion = torch.nn.CrossEntropyLoss(ignore_index=pad_token)

    def forward(self, x, x_lengths, y=None):
        assert self.training and x.shape == y.shape == (10, 30) and x_lengths.tolist() == [10] * 30
        return self.logits(self.embedding(y))

    def loss(self, y_pred, y_target):
        return self.criterion(y_pred.view(-1, y_pred.size(-1)), y_target.view(-1))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A stub with the interface of the peer."""
    (tmp_path / "peer" / "model").mkdir(parents=True)
    (tmp_path / "peer" / "model" / "lstm2d.py").write_text(STUB.replace("{more}", ", dropout_p=0.2"))
    (tmp_path / "peer" / "model" / "cell.py").write_text("class Cell:\n    size = 3\n")
    return tmp_path / "peer"


def test_a_training_step_is_compared_with_the_peers(small: None, data: Path, checkout: Path) -> None:
    found = peer.against_peer(checkout, data, 1)["peer"]
    assert found["ratio"] == found["seconds"]["peer"] / found["seconds"]["Reencoder"] > 0
    assert (found["hidden_size"], found["extent"] ** 2 * found["batch"]) == (96, translation.RECIPE_BLOCKS)
    assert "model" not in sys.modules and str(checkout) not in sys.path  # nothing is left of it
    (line, _) = tables._peer({**found, "ratio": 2.5})
    assert "takes 2.50 times as long" in line and "(no commit)" in line
    assert tables._peer(None) == []


@pytest.mark.parametrize("more", ["", ", dropout_p=0.2"])
def test_versions_of_the_peer_with_and_without_dropout(checkout: Path, more: str) -> None:
    (checkout / "model" / "lstm2d.py").write_text(STUB.replace("{more}", more))
    model = peer.load_peer(checkout, 16, 0.1, 7, 9, {"pad_token": 1, "bos_token": 0, "eos_token": 2})
    assert model.sizes == (16, 16, 8) and model.dropout == (0.1 if more else None)
    assert model.criterion.ignore_index == 1


def test_a_peer_that_cannot_be_used_is_named(small: None, data: Path, checkout: Path, capsys: Any) -> None:
    missing = checkout / "none"
    assert program.main(["--quick", "--data", str(data), "--peer", str(missing)]) == 2
    assert capsys.readouterr().err.startswith(f"error: --peer {missing}: no such folder")
    with pytest.raises(DataError, match=r"no model/lstm2d\.py"):
        peer.load_peer(checkout / "model", 16, 0.1, 7, 9, {})
    (checkout / "model" / "lstm2d.py").write_text(STUB.replace("{more}", ", *, needed"))
    with pytest.raises(DataError, match=r"its model cannot be made .*needed"):
        peer.load_peer(checkout, 16, 0.1, 7, 9, {})
    (checkout / "model" / "lstm2d.py").write_text(STUB.replace("{more}", "").replace("def loss", "def other"))
    with pytest.raises(DataError, match=r"its training step fails .*loss"):
        peer.against_peer(checkout, data, 1)
