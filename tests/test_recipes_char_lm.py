"""The recipe of the character language model: text, compressors, equal sizes, curves; and as a whole."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import lzma
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data_prep.errors import DataError
from eval.program import COMMANDS
from recipes.char_lm import __main__ as recipe
from recipes.char_lm import runs, text
from recipes.char_lm.compressors import compressors, measure
from recipes.char_lm.curves import best, draw, read_points
from recipes.char_lm.scales import MODELS, SCALES, Scale, equal_size, grid_parameters, stacked_parameters
from recipes.char_lm.tables import _verdict, section
from reencoder.models.language_model import (
    GridLSTMLanguageModel,
    GridLSTMLanguageModelConfig,
    StackedLSTMLanguageModel,
    StackedLSTMLanguageModelConfig,
)
from reencoder.tasks.char_lm.streams import Plan

# Text


def test_text_must_be_enwik8_or_begin_like_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"<mediawiki>" * 10
    monkeypatch.setattr(text, "BYTES", 110)
    monkeypatch.setattr(text, "SHA1", hashlib.sha1(content).hexdigest())
    monkeypatch.setattr(text, "BEGINNING", 20)
    monkeypatch.setattr(text, "BEGINNING_SHA256", hashlib.sha256(content[:20]).hexdigest())
    path = tmp_path / "enwik8"

    def check(contents: bytes, size: int = 0) -> None:
        path.write_bytes(contents)
        text.check(path, size)

    for contents, sizes in ((content, (0, 110, 21, 20, 7)), (content[:20], (20, 7)), (content + b"more", (110, 7))):
        for size in sizes:
            check(contents, size)
    (tmp_path / "enwik8.gz").write_bytes(gzip.compress(content))
    text.check(tmp_path / "enwik8.gz")
    check(content[:50] + b"x", 51)  # of a part only the beginning is known
    for contents, size, message in (
        (content[:20], 0, "20 bytes, expected at least 110"),
        (content[:20], 21, "20 bytes, expected at least 21"),
        (content[:19], 7, "19 bytes, too few to tell whether it is the beginning of enwik8, of which 20 are needed"),
        (content + b"more", 0, "114 bytes, expected the 110 of enwik8; give --limit 110, or --other-text"),
        (content + b"more", 111, "--limit 111: enwik8 has 110 bytes; choose a smaller limit"),
        (b"x" * 110, 0, "the first 110 bytes have the SHA1"),
        (content[:109] + b"x", 7, "the first 110 bytes have the SHA1"),
        (content[:109] + b"xmore", 7, "the first 110 bytes have the SHA1"),
        (b"x" * 50, 7, "the first 20 bytes have the SHA256"),
        (b"x" * 50, 20, "the first 20 bytes have the SHA256"),
        (b"x" * 50, 21, "the first 20 bytes have the SHA256"),
    ):
        with pytest.raises(DataError, match=message):
            check(contents, size)


def test_text_is_downloaded_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"wiki" * 25
    monkeypatch.setattr(text, "BYTES", 100)
    monkeypatch.setattr(text, "BEGINNING", 20)
    monkeypatch.setattr(text, "SHA1", hashlib.sha1(content).hexdigest())
    for name, member, what in (
        ("good", "enwik8", content),
        ("other", "enwik9", content),
        ("bad", "enwik8", content[1:]),
    ):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as bundle:
            bundle.writestr(member, what)
    locked = bytearray((tmp_path / "good.zip").read_bytes())
    for flags in (6, locked.index(b"PK\x01\x02") + 8):
        locked[flags] |= 1  # the file is encrypted, which zipfile cannot do
    (tmp_path / "locked.zip").write_bytes(locked)
    text.download(tmp_path / "enwik8", (tmp_path / "good.zip").as_uri())
    assert (tmp_path / "enwik8").read_bytes() == content
    text.download(tmp_path / "enwik8", "nowhere")  # it is there already
    for name, message in (
        ("other", "contains no enwik8"),
        ("locked", "password required"),
        ("bad", "99 bytes, expected"),
        ("no", "cannot be"),
    ):
        with pytest.raises(DataError, match=message):
            text.download(tmp_path / "never", (tmp_path / f"{name}.zip").as_uri())
    assert not (tmp_path / "never").exists()


@pytest.mark.shared
def test_the_beginning_of_enwik8_is_known(shared_data: Path) -> None:
    text.check(shared_data / "enwik8" / "enwik8.first4150000", SCALES["cpu"].limit)


# Compressors


def test_compressors_are_measured_alone_and_after_the_text_before() -> None:
    before, test = bytes(range(256)) * 40, bytes(range(255, -1, -1)) * 4
    for compressor in compressors():
        found = measure(before + test, test, compressor)
        assert found["alone"] == 8 * len(compressor.compress(test)) / len(test)
        # it has seen the test set before, and has nothing left to say
        assert found["after"] < 0.1 * found["alone"]
        assert lzma.decompress(compressor.compress(test)) == test if "xz" in compressor.name else True
    names = [compressor.name for compressor in compressors()]
    assert names == ["xz -9", "zstd -19"] if shutil.which("zstd") else ["xz -9"]


def test_compressors_get_the_contents_of_a_compressed_text(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4
    (tmp_path / "text").write_bytes(content)
    (tmp_path / "text.gz").write_bytes(gzip.compress(content))
    scale = replace(SCALES["smoke"], limit=1000, test=300)
    plain, packed = (
        recipe.compare_compressors(tmp_path / name, scale, tmp_path / f"of-{name}") for name in ("text", "text.gz")
    )
    assert plain == packed


# Scales


@pytest.mark.parametrize(("size", "layers", "symbols"), [(6, 2, 9), (17, 3, 31)])
def test_numbers_of_parameters_are_those_of_the_models(size: int, layers: int, symbols: int) -> None:
    grid = GridLSTMLanguageModel(GridLSTMLanguageModelConfig(hidden_size=size, layers=layers), symbols + 1, symbols)
    stacked = StackedLSTMLanguageModel(
        StackedLSTMLanguageModelConfig(hidden_size=size, layers=layers, untied=True), symbols + 1, symbols
    )
    counted = [sum(parameter.numel() for parameter in model.parameters()) for model in (grid, stacked)]
    assert counted == [grid_parameters(size, symbols), stacked_parameters(size, layers, symbols)]


@pytest.mark.parametrize("scale", list(SCALES))
def test_models_that_are_compared_have_equal_sizes(scale: str) -> None:
    symbols = 200
    chosen = SCALES[scale]
    options = {model: chosen.options(model, "adam", symbols, 10**6, 1) for model in MODELS}
    grid = grid_parameters(chosen.hidden_size, symbols)
    size = int(options["stacked_lstm"]["hidden_size"])
    difference = abs(stacked_parameters(size, chosen.stacked_layers, symbols) - grid)
    for other in (size - 1, size + 1):
        assert abs(stacked_parameters(other, chosen.stacked_layers, symbols) - grid) > difference
    assert difference < 0.03 * grid and equal_size(grid, chosen.stacked_layers, symbols) == size
    # nothing else differs but the options of the architectures
    different = {name for name, value in options["tied_2lstm"].items() if options["stacked_lstm"].get(name) != value}
    assert different <= {"arch", "hidden_size", "layers"} and options["stacked_lstm"]["untied"] is True


@pytest.mark.parametrize("characters", [3_650_000, 20_000, 7_000, 51_234])
@pytest.mark.parametrize("streams", [1, 7, 37])
def test_updates_per_epoch_are_those_of_the_batches(characters: int, streams: int) -> None:
    scale = Scale(0, 1, 1, 8, 2, 2, epochs=3, batch_size=streams)
    batches = len(Plan(characters, scale.sequence_length, scale.truncate_every, streams).batches())
    assert scale.updates_per_epoch(characters) == batches
    linear = scale.options("tied_2lstm", "adam", 10, characters, 1)
    assert linear["total_num_update"] == 3 * scale.updates_per_epoch(characters)


# Curves


def test_points_of_a_log() -> None:
    def line(second: int, kind: str, updates: int, bpc: float) -> str:
        values = {"epoch": 1, f"{kind}_bpc": str(bpc), f"{kind}_num_updates": str(updates)}
        return f"2026-01-31 10:00:{second:02} | INFO | {kind} | {json.dumps(values)}"

    start = "2026-01-31 10:00:{:02} | INFO | fairseq_cli.train | training on 1 devices"
    log = [start.format(0), line(2, "valid", 5, 3.0), line(4, "valid", 10, 2.5), line(4, "train", 10, 2.8)]
    log += [line(5, "valid", 15, 2.2), start.format(10), line(13, "valid", 15, 2.25), line(15, "valid", 20, 2.3)]
    log += [line(15, "train", 20, 2.0)]
    points = read_points(log, 10)
    assert [(point["updates"], point["epoch"], point["valid_bpc"]) for point in points] == [
        (5, 0.5, 3.0), (10, 1.0, 2.5), (15, 1.5, 2.25), (20, 2.0, 2.3)
    ]  # fmt: skip
    assert [point.get("train_bpc") for point in points] == [None, 2.8, None, 2.0]
    assert points[-1]["seconds"] == 4 + 5 and best(points)["updates"] == 15
    # fairseq-train keeps the checkpoint of the last of equally good validations
    assert best([*points, {**points[2], "updates": 25}])["updates"] == 25


def test_a_picture_of_the_curves(tmp_path: Path) -> None:
    points = [{"epoch": 1.0, "updates": 10.0, "seconds": 60.0, "valid_bpc": 2.0}]
    results: list[dict[str, Any]] = [{"label": "a", "points": points, "seconds": 60}]
    draw(tmp_path / "c.png", results, {"xz": 2.1}, "title")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


# As a whole


def test_the_recipe_runs_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Through the real programs; the second call finds the run finished, the third continues it."""
    small = ["--hidden-size", "12", "--layers", "1", "--schedule", "constant", "--limit", "12000", "--quiet"]
    command = ["--scale", "smoke", "--dest", str(tmp_path), "--models", "tied_2lstm", "--optimizers", "muon", *small]
    assert recipe.main(command) == 0
    document = json.loads((tmp_path / "results" / "curves.json").read_text())
    (name,), (run,) = document["runs"].keys(), document["runs"].values()
    assert name == "tied_2lstm-muon" and document["text"]["counts"]["train"] == 8000
    assert run["parameters"] == grid_parameters(12, document["text"]["counts"]["alphabet"])
    epochs = [point["epoch"] for point in run["points"] if "valid_bpc" in point]
    assert epochs == [0.5, 1.0, 1.5, 2.0]
    assert run["points"][-1]["train_bpc"] < 0.9 * run["points"][1]["train_bpc"], "it learns"
    assert run["bpc"]["valid"] == pytest.approx(run["best"]["valid_bpc"], abs=1e-4)
    assert 0 < run["bpc"]["test"] < 8 and document["compressors"][0]["name"] == "xz -9"
    assert all("as we read it" in figure["source"] for figure in document["paper"])
    assert run["provenance"]["command"][:3] == ["python", "-m", "recipes.char_lm"]
    with (tmp_path / "results" / "curves.csv").open() as stream:
        assert [row["valid_bpc"] for row in csv.DictReader(stream)] == [
            str(point["valid_bpc"]) for point in run["points"]
        ]
    assert (tmp_path / "results" / "curves.png").read_bytes().startswith(b"\x89PNG")

    said = section(tmp_path / "results")
    row = next(line for line in said if line.startswith("| tied 2-LSTM, 1 layers of 12, Muon |"))
    assert (
        f"| {run['parameters']:,} | 2 |" in row and f"| {run['bpc']['valid']:.3f} | {run['bpc']['test']:.3f} |" in row
    )
    assert any(line.startswith("| xz -9 ") and f"{document['compressors'][0]['after']:.3f} |" in line for line in said)
    assert document["text"]["inputs"]["text"]["path"] == "phrasebook.txt", "no folder of this machine"
    assert section(tmp_path / "none") == []

    log = tmp_path / name / "train.log"
    size = log.stat().st_size
    assert recipe.main(command) == 0 and log.stat().st_size == size
    assert recipe.main([*command, "--muon-lr", "0.5"]) == 2
    assert "holds a run with other settings (lr 0.02, now 0.5)" in capsys.readouterr().err
    assert recipe.main([*command, "--test", "1000"]) == 2
    assert "holds another text or split" in capsys.readouterr().err
    assert recipe.main([*command, "--epochs", "3"]) == 0
    document = json.loads((tmp_path / "results" / "curves.json").read_text())
    assert document["runs"][name]["points"][-1]["epoch"] == 3.0 and len(document["runs"][name]["starts"]) == 2


@pytest.mark.parametrize(
    ("bits", "word"), [(2.25, "0.250 bits per character worse"), (1.75, "0.250 bits per character better")]
)
def test_the_table_says_which_model_is_better(bits: float, word: str) -> None:
    """By the test set, each model with the optimizer that was better in validation."""
    runs = [
        {"model": "tied_2lstm", "optimizer": "adam", "bpc": {"valid": 1.9, "test": bits}},
        {"model": "tied_2lstm", "optimizer": "muon", "bpc": {"valid": 2.5, "test": 1.0}},
        {"model": "stacked_lstm", "optimizer": "muon", "bpc": {"valid": 2.0, "test": 2.0}},
    ]
    assert f"The tied 2-LSTM is {word} in the test" in _verdict(runs)[0] and "(Adam and Muon)" in _verdict(runs)[0]
    assert "suits it better" not in _verdict(runs)[0], "the Stacked LSTM has one optimizer only"
    slower = {"model": "stacked_lstm", "optimizer": "adam", "bpc": {"valid": 2.4, "test": 2.4}}
    assert "each with the optimizer that suits it better in validation (Adam and Muon)" in _verdict([*runs, slower])[0]
    assert _verdict(runs[:2]) == []


def test_a_failed_measurement_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"task": "t", "sequence_length": 1, "truncate_every": 1, "batch_size": 1}
    for code, message in (("raise ValueError('no model')", "ValueError: no model"), ("print('x')", "its output lacks")):
        monkeypatch.setitem(COMMANDS, "fairseq-validate", [sys.executable, "-c", code])
        with pytest.raises(DataError, match=message):
            runs.bits_per_character(tmp_path / "c.pt", tmp_path, options, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "--epochs 0: must be at least 1"),
        (["--dropout", "-0.5"], "--dropout -0.5: must be at least 0"),
        (["--dropout", "nan"], "--dropout nan: must be a finite number"),
        (["--forget-bias=-inf"], "--forget-bias -inf: must be a finite number"),
        (["--hours", "1e999"], "--hours inf: must be a finite number"),
        (["--text", "no-such-file"], "no-such-file: no such file"),
        (["--text", __file__, "--limit", "9000"], "too few to tell whether it is the beginning of enwik8"),
    ],
)
def test_bad_options_are_named(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recipe.main(["--scale", "smoke", "--dest", str(tmp_path), *options]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir()), "nothing is written"
