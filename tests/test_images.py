"""Images in MNIST's format: IDX files, folders and splits."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reencoder.images.folder import ImageFolder
from reencoder.images.idx import read_extents, read_idx
from tests.images import bars, idx_bytes, write_bars, write_idx

# IDX files


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_idx_file_is_what_its_bytes_say(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"images{suffix}"
    data = bytes.fromhex("00000803 00000002 00000001 00000003") + bytes((1, 2, 3, 250, 251, 252))
    path.write_bytes(gzip.compress(data, mtime=0) if suffix else data)
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
        ("a", gzip.compress(IMAGES, mtime=0), "it is compressed: its name must end in .gz$"),
        ("a", IMAGES[:10], "truncated: its header has 10 of 16 bytes"),
        ("a", IMAGES[:-1], "truncated: its header announces 2 x 2 x 3 = 12 bytes, but 11 follow"),
        ("a", IMAGES + b"x", "too long: its header announces 2 x 2 x 3 = 12 bytes, but 13 follow"),
        ("a", IMAGES[:4] + b"\xff" * 12 + IMAGES[16:], "truncated: .* = 79228162458924105385300197375 bytes, but 12"),
        ("a", IMAGES[:4] + bytes(4) + IMAGES[8:], "announces 0 x 2 x 3: there is nothing in it"),
        ("a.gz", IMAGES, "not a gzip file, or corrupt"),
        ("a.gz", gzip.compress(IMAGES, mtime=0)[:-12], "truncated: the compressed data ends too early"),
        (
            "a.gz",
            gzip.compress(IMAGES[:-1], mtime=0),
            "truncated: its header announces 2 x 2 x 3 = 12 bytes, but 11 follow",
        ),
        ("a.gz", gzip.compress(IMAGES, mtime=0)[:-8] + bytes(8), "not a gzip file, or corrupt"),  # a wrong checksum
        ("a.gz", gzip.compress(IMAGES, mtime=0)[:10] + b"\xff" * 30, "not a gzip file, or corrupt"),
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
