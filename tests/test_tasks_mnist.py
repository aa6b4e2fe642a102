"""MNIST: IDX files, splits, the data set, the task through the real programs, errors."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fairseq.data.iterators import EpochBatchIterator
from fairseq.logging import metrics

import reencoder.plugin  # noqa: F401  # allows what checkpoints hold
from data_prep.errors import DataError
from eval.__main__ import main as evaluate
from eval.images import Evaluation, Prediction, draw, parse_predictions
from reencoder.criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy
from reencoder.images.folder import ImageFolder, LabelledImages
from reencoder.images.idx import read_extents, read_idx
from reencoder.tasks.grid_mnist import GridMnistConfig, GridMnistTask
from reencoder.tasks.image_dataset import ImageDataset, shifted
from tests.images import bars, idx_bytes, write_bars, write_idx
from tests.programs import fairseq, succeed

# IDX files


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_idx_file_is_what_its_bytes_say(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"images{suffix}"
    data = bytes.fromhex("00000803 00000002 00000001 00000003") + bytes((1, 2, 3, 250, 251, 252))
    path.write_bytes(gzip.compress(data) if suffix else data)
    found = read_idx(path, 3)
    assert found.dtype == np.uint8 and found.tolist() == [[[1, 2, 3]], [[250, 251, 252]]]
    assert read_extents(path, 3) == (2, 1, 3)


IMAGES = idx_bytes(np.arange(12, dtype=np.uint8).reshape(2, 2, 3))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a", b"", "expected the magic number 00000803 .*found an empty file"),
        ("a", b"\0\0\x08", "expected the magic number 00000803 .*found 000008$"),
        ("a", b"\0\0\x08\x01" + IMAGES[4:], r"00000803 \(unsigned bytes, 3 dimensions\), found 00000801$"),
        ("a", b"\0\0\x0d\x03" + IMAGES[4:], "found 00000d03$"),
        ("a", b"\x08\x03\0\0" + IMAGES[4:], "found 08030000$"),
        ("a", gzip.compress(IMAGES), "it is compressed: its name must end in .gz$"),
        ("a", IMAGES[:10], "truncated: its header has 10 of 16 bytes"),
        ("a", IMAGES[:-1], "truncated: its header announces 2 x 2 x 3 = 12 bytes, but 11 follow"),
        ("a", IMAGES + b"x", "too long: its header announces 2 x 2 x 3 = 12 bytes, but 13 follow"),
        ("a", IMAGES[:4] + b"\xff" * 12 + IMAGES[16:], "truncated: .* = 79228162458924105385300197375 bytes, but 12"),
        ("a", IMAGES[:4] + bytes(4) + IMAGES[8:], "announces 0 x 2 x 3: there is nothing in it"),
        ("a.gz", IMAGES, "not a gzip file, or corrupt"),
        ("a.gz", gzip.compress(IMAGES)[:-12], "truncated: the compressed data ends too early"),
        ("a.gz", gzip.compress(IMAGES[:-1]), "truncated: its header announces 2 x 2 x 3 = 12 bytes, but 11 follow"),
        ("a.gz", gzip.compress(IMAGES)[:-8] + bytes(8), "not a gzip file, or corrupt"),  # a wrong checksum
        ("a.gz", gzip.compress(IMAGES)[:10] + b"\xff" * 30, "not a gzip file, or corrupt"),
        ("a", None, "cannot be read: No such file"),
    ],
)
def test_a_corrupt_file_is_refused_in_one_line(name: str, data: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ValueError, match=message) as caught:
        read_idx(path, 3)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


# Folders and splits


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_the_last_training_images_are_held_out(suffix: str, tmp_path: Path) -> None:
    folder = ImageFolder(write_bars(tmp_path, 30, 7, suffix), 10)
    images, labels = bars(30, 1)
    train, valid, test = (folder.load(split) for split in ("train", "valid", "test"))
    assert np.array_equal(train.images, images[:20]) and np.array_equal(valid.images, images[20:])
    assert np.array_equal(train.labels, labels[:20]) and np.array_equal(valid.labels, labels[20:])
    assert np.array_equal(test.images, bars(7, 2)[0])
    assert folder.image_size() == (8, 8)


def test_all_images_can_be_trained_on(tmp_path: Path) -> None:
    folder = ImageFolder(write_bars(tmp_path, 30), 0)
    assert len(folder.load("train").labels) == 30
    with pytest.raises(ValueError, match=r"--valid-images 0: nothing is held out .* --disable-validation"):
        folder.load("valid")


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    images, labels = bars(30, 1)

    def refuse(name: str, array: Any, split: str, message: str) -> None:
        folder = write_bars(tmp_path / split / name, 30, 7, "")
        write_idx(folder / name, array)
        with pytest.raises(ValueError, match=message) as caught:
            ImageFolder(folder, 10).load(split)
        assert str(caught.value).startswith(str(folder / name)) and "\n" not in str(caught.value)

    labels_name, message = "train-labels-idx1-ubyte", "29 labels for the 30 images of train-images-idx3-ubyte"
    refuse(labels_name, labels[:29], "train", message)
    refuse(labels_name, labels[:29], "valid", message)
    refuse("t10k-images-idx3-ubyte", images[:7, :, :6].copy(), "test", "8 x 6, but .* training set have 8 x 8")
    refuse("t10k-labels-idx1-ubyte", labels[:8], "test", "8 labels for the 7 images")
    labels[4] = 10
    refuse(labels_name, labels, "train", "label 10 of image 4: expected 0 to 9")
    labels[29] = 255
    refuse(labels_name, labels, "valid", "label 10 of image 4: expected 0 to 9")


def test_missing_files_and_wrong_numbers_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such folder"):
        ImageFolder(tmp_path / "no", 10)
    folder = write_bars(tmp_path, 30)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte: no such file, nor t10k-labels-idx1-ubyte\.gz"):
        ImageFolder(folder, 10).load("test")
    with pytest.raises(ValueError, match=r"--valid-images: expected less than the 30 images of .*, got 30"):
        ImageFolder(folder, 30).load("train")
    with pytest.raises(ValueError, match="--valid-images: expected 0 or more, got -1"):
        ImageFolder(folder, -1)
    with pytest.raises(ValueError, match="test1: no such split; there are train, valid and test"):
        ImageFolder(folder, 10).load("test1")


@pytest.mark.shared
def test_mnist_is_read(shared_data: Path) -> None:
    folder = ImageFolder(shared_data / "mnist", 5000)
    train, valid, test = (folder.load(split) for split in ("train", "valid", "test"))
    assert [len(part.labels) for part in (train, valid, test)] == [55000, 5000, 10000]
    assert train.images.shape[1:] == test.images.shape[1:] == (28, 28)
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # the mean grey level of the 60,000 images that everybody normalises with
    assert (train.images.sum() + valid.images.sum()) / 255 / 784 / 60000 == pytest.approx(0.1307, abs=5e-5)


# The data set


def dataset(shift: int = 0, seed: int = 1, training: bool = True, count: int = 40) -> ImageDataset:
    return ImageDataset(LabelledImages(*bars(count, 1)), training, seed, shift)


def test_images_are_moved_by_pixels() -> None:
    image = np.arange(1, 10, dtype=np.uint8).reshape(3, 3)
    assert shifted(image, 0, 0).tolist() == image.tolist()
    assert shifted(image, 1, 0).tolist() == [[0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert shifted(image, -1, 0).tolist() == [[4, 5, 6], [7, 8, 9], [0, 0, 0]]
    assert shifted(image, 0, 2).tolist() == [[0, 0, 1], [0, 0, 4], [0, 0, 7]]
    assert shifted(image, -2, -1).tolist() == [[8, 9, 0], [0, 0, 0], [0, 0, 0]]


def shift_of(image: Any, original: Any) -> tuple[int, int]:
    """By how much an image was moved."""
    (found,) = [
        (down, right)
        for down in range(-3, 4)
        for right in range(-3, 4)
        if np.array_equal(shifted(original, down, right), image)
    ]
    return found


def test_shifts_are_uniform_and_depend_on_seed_epoch_and_image() -> None:
    data = dataset(shift=2, count=500)
    shifts = {}
    for seed in (1, 2):
        for epoch in (1, 2):
            again = dataset(shift=2, seed=seed, count=500)
            again.set_epoch(epoch)
            drawn = [shift_of(again[n][1], data.data.images[n]) for n in range(500)]
            assert drawn == [shift_of(again[n][1], data.data.images[n]) for n in range(500)]
            shifts[seed, epoch] = drawn
            counts = Counter(drawn)
            # 25 shifts, each 20 times of 500: all occur, none more than twice as often (4.5 standard deviations)
            assert len(counts) == 25 and max(counts.values()) <= 40
            assert {down for down, _ in counts} == {right for _, right in counts} == {-2, -1, 0, 1, 2}
    for one in shifts:
        for two in shifts:
            same = np.mean([a == b for a, b in zip(shifts[one], shifts[two], strict=True)])
            assert same == 1 if one == two else same < 0.1


def test_held_out_images_stay_as_they_are() -> None:
    data = dataset(training=False)
    data.set_epoch(3)
    assert data.ordered_indices().tolist() == list(range(40)) and data.can_reuse_epoch_itr_across_epochs
    for n in range(40):
        assert np.array_equal(data[n][1], data.data.images[n]) and data[n][2] == data.data.labels[n]


def test_every_epoch_has_an_order_of_its_own() -> None:
    data, orders = dataset(), []
    for epoch in (1, 2, 1):
        data.set_epoch(epoch)
        orders.append(data.ordered_indices().tolist())
        assert sorted(orders[-1]) == list(range(40))
    assert orders[0] == orders[2] != orders[1] and orders[0] != list(range(40))
    assert dataset(seed=2).ordered_indices().tolist() != orders[0]
    assert not data.can_reuse_epoch_itr_across_epochs


def test_workers_draw_what_one_process_draws() -> None:
    found = []
    for workers in (0, 2):
        data = dataset(shift=3)
        data.set_epoch(2)
        batches = data.batch_by_size(data.ordered_indices(), max_sentences=7)
        iterator = EpochBatchIterator(data, data.collater, batches, num_workers=workers, epoch=2)
        found.append(
            {
                number: image
                for batch in iterator.next_epoch_itr(shuffle=True)
                for number, image in zip(
                    batch["id"].tolist(), batch["net_input"]["images"].tolist(), strict=True
                )
            }
        )  # fmt: skip
    assert found[0] == found[1] and len(found[0]) == 40


def test_a_batch_has_what_fairseq_reads() -> None:
    data = dataset(training=False)
    batch = data.collater([data[3], data[0]])
    assert batch["id"].tolist() == [3, 0] and batch["nsentences"] == batch["ntokens"] == 2
    assert batch["net_input"]["images"].dtype == torch.uint8 and batch["net_input"]["images"].shape == (2, 8, 8)
    assert batch["target"].tolist() == [[data.data.labels[3]], [data.data.labels[0]]]
    assert data.collater([]) == {}, "what fills up a shard that has run out"


def test_batches_leave_nothing_out() -> None:
    data = dataset()
    for limits in ({"max_sentences": 6}, {"max_tokens": 6}, {"max_sentences": 6, "max_tokens": 100}):
        batches = data.batch_by_size(np.arange(40), required_batch_size_multiple=8, **limits)
        assert np.concatenate(batches).tolist() == list(range(40)) and max(map(len, batches)) == 6


# The task


def task(folder: Path, **options: Any) -> GridMnistTask:
    return GridMnistTask(GridMnistConfig(data=str(folder), **{"seed": 1, "valid_images": 60, **options}))


def test_models_find_sizes_in_the_task(tmp_path: Path) -> None:
    built = task(write_bars(tmp_path))
    assert built.image_size == (8, 8) and len(built.target_dictionary) == 10
    assert built.source_dictionary is None and built.max_positions() is None
    assert [built.target_dictionary[n] for n in range(10)] == list("0123456789")
    built.load_dataset("train")
    built.load_dataset("valid")
    assert len(built.dataset("train")) == 240 and len(built.dataset("valid")) == 60


def test_only_training_images_are_shifted(tmp_path: Path) -> None:
    built = task(write_bars(tmp_path), shift=2)
    for split in ("train", "valid", "test"):
        built.load_dataset(split)
        assert built.dataset(split).shift == (2 if split == "train" else 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shift": 8}, "--shift: expected 0 to 7 pixels for images of 8 x 8, got 8"),
        ({"shift": -1}, "--shift: expected 0 to 7 pixels"),
        ({"seed": -1}, "--seed: expected at least 0"),
        ({"persistent_workers": True}, "--persistent-workers: such a worker repeats its order and shifts"),
        ({"valid_images": -5}, "--valid-images: expected 0 or more, got -5"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        task(write_bars(tmp_path), **options)


def test_the_error_rate_counts_images_in_batches_of_any_size(tmp_path: Path) -> None:
    built = task(write_bars(tmp_path))
    logs: list[dict[str, Any]] = [
        {"loss": 1.0, "ntokens": 3, "nsentences": 3, "sample_size": 3, "accuracy_correct": 1, "accuracy_total": 3},
        {"loss": 1.0, "ntokens": 5, "nsentences": 5, "sample_size": 5, "accuracy_correct": 4, "accuracy_total": 5},
    ]
    criterion = CrossEntropyWithAccuracy(built)
    with metrics.aggregate(new_root=True) as all_at_once:
        built.reduce_metrics(logs, criterion)
    with metrics.aggregate(new_root=True) as one_by_one:
        for log in logs:
            built.reduce_metrics([log], criterion)
    for meters in (all_at_once, one_by_one):
        assert meters.get_smoothed_value("error_rate") == pytest.approx(100 * 3 / 8)


# The real programs

TASK = ["--task", "grid_mnist", "--valid-images", 60, "--criterion", "cross_entropy_with_accuracy"]
MODEL = ["--arch", "grid_lstm_image", "--patch", 4, "--hidden-size", 16, "--layers", 2, "--untied", "--readout", "pool"]
TRAINING = [
    *("--optimizer", "muon", "--lr", 0.02, "--clip-norm", 1.0, "--batch-size", 16, "--shift", 1, "--num-workers", 0),
    *(
        "--log-format",
        "json",
        "--log-interval",
        1000,
        "--no-epoch-checkpoints",
        "--best-checkpoint-metric",
        "error_rate",
    ),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Folder of images, folder of checkpoints, and log of a training that has learned to tell bars apart."""
    data, folder = write_bars(tmp_path_factory.mktemp("bars")), tmp_path_factory.mktemp("trained")
    log = succeed("train", data, *TASK, *MODEL, *TRAINING, "--shift", 0, "--max-epoch", 12, "--save-dir", folder)
    return data, folder, log


def error_rates(log: str, kind: str) -> list[float]:
    lines = [line for line in log.splitlines() if f"| {kind} | {{" in line]
    return [float(json.loads(line.split(f"| {kind} | ")[1])[f"{kind}_error_rate"]) for line in lines]


def test_a_model_learns(trained: tuple[Path, Path, str]) -> None:
    _data, _folder, log = trained
    assert len(error_rates(log, "train")) == len(error_rates(log, "valid")) == 12
    # of 60 images; guessing has an error rate of 90
    assert error_rates(log, "train")[-1] < 20 and error_rates(log, "valid")[-1] < 20


def test_stopping_and_continuing_is_training_in_one_go(tmp_path: Path) -> None:
    """25 updates at once, and 7 then 18 more from the checkpoint in mid-epoch: the same parameters, bit for bit."""
    options = [write_bars(tmp_path / "data"), *TASK, *MODEL, *TRAINING, "--disable-validation", "--seed", 7]
    options += ["--dropout", 0.1, "--readout-dropout", 0.2]  # 15 updates per epoch
    succeed("train", *options, "--max-update", 25, "--save-dir", tmp_path / "whole")
    for updates in (7, 20, 25):
        succeed("train", *options, "--max-update", updates, "--save-dir", tmp_path / "parts")
    whole, parts = (
        torch.load(tmp_path / name / "checkpoint_last.pt", weights_only=True)["model"] for name in ("whole", "parts")
    )
    for name, value in whole.items():
        assert torch.equal(value, parts[name]), name


def test_errors_are_counted_and_drawn(
    trained: tuple[Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, folder, log = trained
    checkpoint, picture, document = folder / "checkpoint_last.pt", tmp_path / "errors.png", tmp_path / "errors.json"
    command = ["digits", str(checkpoint), "--split", "valid", "--json", str(document), "--png", str(picture)]
    assert evaluate(command) == 0
    shown = capsys.readouterr().out
    found = json.loads(document.read_text())
    # what fairseq-train itself has measured
    assert found["error_rate"] == pytest.approx(error_rates(log, "valid")[-1], abs=1e-3)
    assert found["images"] == 60 and found["errors"] == len(found["misclassified"])
    confusion = np.array(found["confusion"])
    labels = bars(300, 1)[1][240:]
    assert confusion.sum(axis=1).tolist() == np.bincount(labels, minlength=10).tolist()
    assert confusion.trace() == 60 - found["errors"]
    for error in found["misclassified"]:
        assert labels[error["image"]] == error["label"] != error["predicted"] and 0.1 <= error["probability"] <= 1
    assert shown.splitlines()[-1] == (
        f"{found['errors']} of 60 images of valid wrong: error rate {found['error_rate']:.2f}%"
    )
    assert (
        len(found["checkpoints"][0]["sha256"]) == 64 and found["command"][0] == "python" and found["versions"]["torch"]
    )
    first = picture.read_bytes()
    assert first.startswith(b"\x89PNG")
    assert evaluate([*command, "--data", str(data)]) == 0
    assert picture.read_bytes() == first
    # what may be loaded safely has not changed for the rest of the process
    assert torch.load(checkpoint, weights_only=True)["args"] is None

    assert evaluate(["digits", f"{checkpoint}:{checkpoint}", "--json", str(document)]) == 0
    ensemble = json.loads(document.read_text())
    assert ensemble["split"] == "test" and ensemble["images"] == 50 and len(ensemble["checkpoints"]) == 2


def test_bad_input_of_digits_is_one_line(
    trained: tuple[Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, folder, _log = trained

    def error(*arguments: object) -> str:
        assert evaluate(["digits", *map(str, arguments)]) == 2
        found = capsys.readouterr().err
        assert found.startswith("error: ") and found.count("\n") == 1
        return found

    checkpoint = folder / "checkpoint_last.pt"
    assert "no such checkpoint" in error(tmp_path / "no.pt")
    other = tmp_path / "other.pt"
    torch.save({"cfg": {"task": {"_name": "grid_parity"}}}, other)
    assert "was trained on grid_parity; expected a checkpoint of grid_mnist" in error(other)
    torch.save({"cfg": {"task": {"_name": "grid_mnist", "data": str(data), "valid_images": 7}}}, other)
    assert "hold out different numbers of images" in error(f"{checkpoint}:{other}")
    truncated = write_bars(tmp_path / "truncated", suffix="")
    path = truncated / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    assert f"{path}: truncated" in error(checkpoint, "--data", truncated)


def test_a_corrupt_file_ends_training_with_its_name(tmp_path: Path) -> None:
    folder = write_bars(tmp_path / "data")
    path = folder / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    done = fairseq("train", folder, *TASK, *MODEL, *TRAINING, "--save-dir", tmp_path / "never")
    assert done.returncode != 0 and f"ValueError: {path}: truncated" in done.stderr


# What eval makes of predictions


def test_predictions_are_read_whatever_their_order() -> None:
    lines = ["T-1\t4", "H-1\t-1.0\t9", "D-1\t-1.0\t9", "P-1\t-1.0", "T-0\t3", "H-0\t-0.0\t3", "other"]
    assert parse_predictions(lines) == [Prediction(0, 3, 3, 1.0), Prediction(1, 4, 9, 0.5)]
    for wrong, message in (
        ([], "no prediction"),
        (["T-3\t1"], "image 3 lacks a line of T- and H-"),
        (["T-3\t1", "H-3\t-1.0\tfive"], "image 3: expected a class from 0 to 9"),
    ):
        with pytest.raises(DataError, match=message):
            parse_predictions(wrong)


def evaluation(errors: int) -> Evaluation:
    predictions = [Prediction(n, n % 10, (n % 10 + (n < errors)) % 10, 0.9) for n in range(200)]
    return Evaluation("test", predictions, {})


def test_confusion_counts_labels_and_predictions() -> None:
    found = evaluation(3)
    assert found.confusion[0][:3] == [19, 1, 0] and found.confusion[2][2:4] == [19, 1] and found.confusion[9][9] == 20
    assert found.error_rate == 1.5 and [error.image for error in found.errors] == [0, 1, 2]
    lines = found.to_lines()
    assert lines[2].split() == ["0", "19", "1", *"........"]
    assert lines[-1] == "3 of 200 images of test wrong: error rate 1.50%"


@pytest.mark.parametrize("errors", [0, 1, 150])
def test_a_picture_shows_any_number_of_errors(errors: int, tmp_path: Path) -> None:
    images = LabelledImages(*bars(200, 1))
    draw(tmp_path / "errors.png", evaluation(errors), images)
    draw(tmp_path / "none.png", evaluation(0), images)
    pictures = [(tmp_path / f"{name}.png").read_bytes() for name in ("errors", "none")]
    assert pictures[0].startswith(b"\x89PNG") and (pictures[0] == pictures[1]) is (errors == 0)
