"""MNIST as a task: the data set, options, the error rate."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fairseq.data.iterators import EpochBatchIterator
from fairseq.logging import metrics

from reencoder.criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy
from reencoder.images.folder import LabelledImages
from reencoder.tasks.grid_mnist import GridMnistConfig, GridMnistTask
from reencoder.tasks.image_dataset import ImageDataset, shifted
from tests.images import bars, write_bars

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
    assert built.source_dictionary is None
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
        ({"persistent_workers": True}, "--persistent-workers: such a worker repeats its first epoch"),
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
