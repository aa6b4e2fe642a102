"""The recipe of MNIST: data, a run at the smallest scale, resuming, what it refuses."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

import reencoder.plugin  # noqa: F401  # allows what checkpoints hold
from data_prep.errors import DataError
from recipes import runs
from recipes.curves import read_points
from recipes.mnist import __main__ as program
from recipes.mnist import curve
from recipes.mnist import data as files
from recipes.mnist.__main__ import build_parser, main, scale_of
from recipes.mnist.scales import SCALES
from recipes.mnist.tables import section
from tests.images import write_bars

SMALL = ["--scale", "smoke", "--other-data", "--quiet", "--patch", "4", "--valid-images", "60", "--batch-size", "16"]


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    """What was reported, which must be one line."""
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1, error
    return error


def test_the_recipe_runs_and_reads_the_test_set_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, dest = write_bars(tmp_path / "data"), tmp_path / "run"
    command = [*SMALL, "--data", str(data), "--dest", str(dest)]
    command += ["--epochs", "6", "--lr", "0.03", "--shift", "0"]
    assert main(command) == 0
    document = json.loads((dest / "results" / "result.json").read_text())
    assert list(document["evaluations"]) == ["valid"] and document["evaluations"]["valid"]["images"] == 60
    assert document["scale"] == "smoke" and document["paper"]["error_rate"] == 0.32
    assert document["options"]["max_epoch"] == 6 and document["options"]["total_num_update"] == 6 * 15
    assert document["data"] == files.checksums(data)
    assert document["provenance"]["versions"]["torch"] and document["starts"][0]["command"][:3] == [
        "python", "-m", "recipes.mnist",
    ]  # fmt: skip
    table = list(csv.DictReader((dest / "results" / "curve.csv").open()))
    assert [(row["epoch"], row["updates"]) for row in table] == [(f"{n}", f"{15 * n}") for n in range(1, 7)]
    assert float(table[-1]["train_loss"]) < 0.9 * float(table[0]["train_loss"]), "it learns"
    rates = {name: model["valid_error_rate"] for name, model in document["models"].items()}
    assert rates["last"] == round(float(table[-1]["valid_error_rate"]), 4)
    # the last model, or the average of the last two epochs: which of them is chosen without the test set
    assert rates[document["chosen"]] == min(rates.values()) == document["evaluations"]["valid"]["error_rate"]
    checkpoints = dest / "checkpoints"
    assert sorted(path.name for path in checkpoints.glob("checkpoint[0-9]*.pt")) == ["checkpoint5.pt", "checkpoint6.pt"]
    parts, averaged = (
        [torch.load(checkpoints / f"checkpoint{name}.pt", weights_only=True)["model"] for name in names]
        for names in (("5", "6"), ("_average",))
    )
    for name, value in averaged[0].items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (parts[0][name] + parts[1][name]) / 2)
    for name in ("curve.png", "errors.valid.png"):
        assert (dest / "results" / name).read_bytes().startswith(b"\x89PNG")

    # once more, with the test set: nothing is trained or predicted again
    log = (dest / "train.log").read_bytes()
    predicted: list[str] = []
    evaluate = program.images.evaluate

    def counting(paths: list[Path], split: str, data: Path) -> object:
        predicted.append(split)
        return evaluate(paths, split, data)

    monkeypatch.setattr(program.images, "evaluate", counting)
    for _ in range(2):
        assert main([*command, "--test", "--results", str(tmp_path / "results")]) == 0
    assert predicted == ["test"]
    assert (dest / "train.log").read_bytes() == log
    again = json.loads((tmp_path / "results" / "result.json").read_text())
    assert again["evaluations"]["valid"] == document["evaluations"]["valid"]
    assert again["evaluations"]["test"]["images"] == 50 and (tmp_path / "results" / "errors.test.png").exists()

    said = section(tmp_path / "results")
    errors = {split: found["errors"] for split, found in again["evaluations"].items()}
    (row,) = [line for line in said if line.startswith("| 2 layers of 16, patches of 4 x 4 |")]
    assert "| 240 | 6 |" in row and f"{again['chosen']}: {errors['valid']} of 60 (" in row
    assert row.endswith(f"| {errors['test']} of 50 ({again['evaluations']['test']['error_rate']:.2f}%) |")
    assert section(dest / "results")[6].endswith("| not read |") and section(tmp_path / "none") == []

    # with other settings or other images: refused
    capsys.readouterr()
    assert main([*command, "--lr", "0.5"]) == 2
    assert "holds a run with other settings (lr 0.03, now 0.5)" in error_of(capsys)
    (data / "train-labels-idx1-ubyte.gz").write_bytes(
        gzip.compress(gzip.decompress((data / "train-labels-idx1-ubyte.gz").read_bytes())[:-1] + b"\0")
    )
    assert main(command) == 2
    assert "holds a run with other settings (train-labels-idx1-ubyte" in error_of(capsys)


def test_a_training_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [*SMALL, "--data", str(write_bars(tmp_path / "data")), "--epochs", "2", "--readout-dropout", "0.2"]
    command += ["--valid-images", "0"]
    train = runs.train

    def stop_early(data: Path | None, options: dict[str, Any], *rest: Any) -> None:
        train(data, {**options, "max_update": 22}, *rest)
        raise KeyboardInterrupt

    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    monkeypatch.setattr(runs, "train", stop_early)
    assert main([*command, "--dest", str(stopped)]) == 130
    assert not (stopped / "result.json").exists()
    monkeypatch.setattr(runs, "train", train)
    for dest in (stopped, whole):
        assert main([*command, "--dest", str(dest)]) == 0
    results = [json.loads((dest / "result.json").read_text()) for dest in (stopped, whole)]
    assert [len(result["starts"]) for result in results] == [2, 1]
    assert [result["evaluations"] for result in results] == [{}, {}], "no image is held out"
    assert [result["points"][-1]["updates"] for result in results] == [38, 38]  # 300 images, 16 per update
    models = [
        torch.load(dest / "checkpoints" / "checkpoint_last.pt", weights_only=True)["model"] for dest in (stopped, whole)
    ]
    for name, value in models[0].items():
        assert torch.equal(value, models[1][name]), name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layers", "0"], "--layers 0: must be at least 1"),
        (["--shift", "-1"], "--shift -1: must be at least 0"),
        (["--valid-images", "300"], "--valid-images: expected less than the 300 images"),
        (["--data", "nowhere"], "--data nowhere: neither train-images-idx3-ubyte nor"),
        (["--patch", "3"], "--patch: expected a divisor of both sides of an image (8 x 8 pixels), got 3"),
    ],
)
def test_bad_options_are_named(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_bars(tmp_path / "data")
    assert main([*SMALL, "--data", str(data), "--dest", str(tmp_path / "run"), *options]) == 2
    assert message in error_of(capsys)


def test_scales_become_options_of_fairseq() -> None:
    arguments = ["--scale", "cpu", "--epochs", "3", "--no-untied", "--readout", "all", "--valid-images", "0"]
    options = scale_of(build_parser().parse_args(arguments)).options(60000, 4)
    assert options["max_epoch"] == 3 and options["total_num_update"] == 3 * 469  # of 128 images
    assert options["untied"] is False and options["readout"] == "all" and options["seed"] == 4
    assert options["disable_validation"] is True and options["optimizer"] == "muon"
    for scale in SCALES.values():
        assert scale.options(55000, 1)["best_checkpoint_metric"] == "error_rate" and 28 % scale.patch == 0


# Files


def contents(folder: Path) -> dict[str, str]:
    """The checksums of four files, worked out without the recipe."""
    return {
        path.name.removesuffix(".gz"): hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
        for path in sorted(folder.glob("*.gz"))
    }


@pytest.mark.shared
def test_the_checksums_are_those_of_mnist(shared_data: Path) -> None:
    assert files.check(shared_data / "mnist") == dict(files.CHECKSUMS) == contents(shared_data / "mnist")


def test_checksums_are_of_the_contents(tmp_path: Path) -> None:
    compressed, plain = write_bars(tmp_path / "gz"), write_bars(tmp_path / "plain", suffix="")
    assert files.checksums(compressed) == files.checksums(plain) == contents(compressed)


def test_other_images_are_refused_unless_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_bars(tmp_path / "data")
    command = [option for option in SMALL if option != "--other-data"]
    assert main([*command, "--data", str(data), "--dest", str(tmp_path / "run")]) == 2
    message = error_of(capsys)
    assert f"{data / 'train-images-idx3-ubyte'}: not the file of MNIST, or corrupt" in message
    assert "--other-data" in message
    broken = data / "t10k-labels-idx1-ubyte.gz"
    broken.write_bytes(broken.read_bytes()[:20])
    assert main([*SMALL, "--data", str(data), "--dest", str(tmp_path / "run")]) == 2
    assert f"{broken}: damaged or incomplete" in error_of(capsys)


def test_files_are_downloaded_from_the_first_mirror_that_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, other = write_bars(tmp_path / "source"), write_bars(tmp_path / "other", train=20)
    monkeypatch.setattr(files, "CHECKSUMS", contents(source))
    mirrors = [f"{folder.as_uri()}/" for folder in (tmp_path / "no", other, source)]
    files.download(tmp_path / "data", mirrors)
    assert contents(tmp_path / "data") == contents(source)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == sorted(path.name for path in source.iterdir())

    # what is there already is not downloaded again; what is not there is refused if it differs
    files.download(tmp_path / "data", [f"{(tmp_path / 'no').as_uri()}/"])
    name = "train-labels-idx1-ubyte"
    (tmp_path / "data" / f"{name}.gz").unlink()
    with pytest.raises(DataError, match=rf"other/{name}.gz: has the SHA-256 \w+, expected \w+; get the files"):
        files.download(tmp_path / "data", mirrors[1:2])
    assert not (tmp_path / "data" / f"{name}.gz").exists()


# The curve


def test_the_curve_has_a_point_per_epoch_and_forgets_what_was_repeated(tmp_path: Path) -> None:
    def line(minute: int, kind: str, epoch: int, updates: int, error: float) -> str:
        entry = {"epoch": epoch, f"{kind}_loss": "0.5", f"{kind}_error_rate": str(error)}
        entry[f"{kind}_num_updates"] = str(updates)
        return f"2026-01-31 10:{minute:02}:00 | INFO | {kind} | {json.dumps(entry)}"

    start = "2026-01-31 10:{:02}:00 | INFO | fairseq_cli.train | training on 1 devices (GPUs/TPUs)"
    lines = [
        start.format(0),
        *(line(2, "valid", 1, 10, 7.5), line(2, "train", 1, 10, 9)),
        *(line(4, "valid", 2, 20, 6), line(4, "train", 2, 20, 8)),
        start.format(30),
        *(line(33, "valid", 2, 20, 5), line(33, "train", 2, 20, 4)),
    ]
    points = read_points(lines, curve.METRICS)
    assert [(point["updates"], point["valid_error_rate"], point["train_error_rate"]) for point in points] == [
        (10, 7.5, 9), (20, 5, 4),
    ]  # fmt: skip
    assert [point["seconds"] for point in points] == [120, 240 + 180]
    curve.draw(tmp_path / "curve.png", points, "title")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
