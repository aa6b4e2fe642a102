"""Small data sets in the format of MNIST."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """An array as the contents of an IDX file."""
    header = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.tobytes()


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    """Write an IDX file, compressed if its name ends in ".gz"."""
    data = idx_bytes(array)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def bars(count: int, seed: int, side: int = 8) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Noisy images with one bright bar, which the label numbers: 0 to 4 are rows, 5 to 9 columns."""
    random = np.random.Generator(np.random.PCG64(seed))
    images = random.integers(0, 60, (count, side, side), dtype=np.uint8)
    labels = random.integers(0, 10, count, dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        if label < 5:
            image[label + 1] = 255
        else:
            image[:, label - 4] = 255
    return images, labels


def write_bars(folder: Path, train: int = 300, test: int = 50, suffix: str = ".gz") -> Path:
    """Write the four files of such a data set."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count, seed in (("train", train, 1), ("t10k", test, 2)):
        images, labels = bars(count, seed)
        write_idx(folder / f"{name}-images-idx3-ubyte{suffix}", images)
        write_idx(folder / f"{name}-labels-idx1-ubyte{suffix}", labels)
    return folder
