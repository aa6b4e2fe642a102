"""A folder with the four files of MNIST, and its splits."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import CLASSES
from .idx import read_extents, read_idx

FILES = {"train": "train", "valid": "train", "test": "t10k"}
"""For each split how the names of its files begin; images held out of the training set make the split `valid`."""


class LabelledImages(NamedTuple):
    """A split.

    Attributes:
        images: grey levels from 0 to 255, shape (n, height, width).
        labels: shape (n,).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


class ImageFolder:
    """The files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same of `t10k`, plain or with `.gz`.

    Any set of grey images of one size with labels from 0 to 9 may have these names.

    Args:
        path: the folder.
        valid_images: number of images at the end of the training files that make the split `valid`. The split `train`
            has the others.

    Raises:
        ValueError: there is no such folder, or the number is negative.
    """

    def __init__(self, path: Path, valid_images: int) -> None:
        if not path.is_dir():
            raise ValueError(f"{path}: no such folder; expected one with the four IDX files of MNIST")
        if valid_images < 0:
            raise ValueError(f"--valid-images: expected 0 or more, got {valid_images}")
        self.path, self.valid_images = path, valid_images

    def image_size(self) -> tuple[int, int]:
        """Height and width of the training images.

        Raises:
            ValueError: the file is missing or is not an IDX file of images.
        """
        _, height, width = read_extents(self._file("train", "images-idx3"), 3)
        return height, width

    def load(self, split: str) -> LabelledImages:
        """Read a split.

        Raises:
            ValueError: there is no such split, a file is missing or corrupt, the files do not belong together, or the
                split would be empty.
        """
        if split not in FILES:
            raise ValueError(f"{split}: no such split; there are train, valid and test")
        name = FILES[split]
        images_path, labels_path = self._file(name, "images-idx3"), self._file(name, "labels-idx1")
        images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
        if len(images) != len(labels):
            raise ValueError(
                f"{labels_path}: {len(labels)} labels for the {len(images)} images of {images_path.name}; "
                "the files do not belong together"
            )
        if images.shape[1:] != self.image_size():
            raise ValueError(
                f"{images_path}: images of {images.shape[1]} x {images.shape[2]}, but those of the training set have "
                "{} x {}; the files do not belong together".format(*self.image_size())
            )
        wrong = np.flatnonzero(labels >= CLASSES)
        if len(wrong):
            raise ValueError(
                f"{labels_path}: label {labels[wrong[0]]} of image {wrong[0]}: expected 0 to {CLASSES - 1}; "
                "the file may be corrupt: get it again"
            )
        if split == "test":
            return LabelledImages(images, labels)
        if self.valid_images >= len(images):
            raise ValueError(
                f"--valid-images: expected less than the {len(images)} images of {images_path}, got {self.valid_images}"
            )
        if split == "valid" and self.valid_images == 0:
            raise ValueError("--valid-images 0: nothing is held out to validate with; give --disable-validation too")
        border = len(images) - self.valid_images
        part = slice(border) if split == "train" else slice(border, None)
        return LabelledImages(images[part], labels[part])

    def _file(self, name: str, kind: str) -> Path:
        """The plain file if there is one, else the compressed one.

        Raises:
            ValueError: there is neither.
        """
        plain = self.path / f"{name}-{kind}-ubyte"
        for path in (plain, plain.with_name(f"{plain.name}.gz")):
            if path.is_file():
                return path
        raise ValueError(f"{plain}: no such file, nor {plain.name}.gz; expected the four IDX files of MNIST")
