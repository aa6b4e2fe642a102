"""`--task grid_mnist`: handwritten digits (MNIST), or other grey images with ten classes in files of that format."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq.data import Dictionary
from fairseq.logging import metrics
from fairseq.tasks import register_task
from omegaconf import MISSING

from ..images import CLASSES
from ..images.folder import ImageFolder
from .image_dataset import ImageDataset
from .one_pass import OnePassConfig, OnePassTask
from .recorded_data import RecordsSizes
from .symbol_dictionary import SymbolDictionary


@dataclass
class GridMnistConfig(OnePassConfig):
    """The options of the task."""

    data: str = field(
        default=MISSING,
        metadata={"help": "folder with the four IDX files of MNIST (train-images-idx3-ubyte, ...), plain or .gz"},
    )
    valid_images: int = field(
        default=5000,
        metadata={
            "help": "number of images, the last ones of the training files, that are held out as --valid-subset valid; "
            "0: train with all"
        },
    )
    shift: int = field(
        default=0,
        metadata={
            "help": "shift every training image by a random number of pixels, at most this many in each direction; "
            "--seed, the epoch and the image decide which"
        },
    )


@register_task("grid_mnist", dataclass=GridMnistConfig)
class GridMnistTask(RecordsSizes, OnePassTask):
    """Images are read at once; `error_rate`, in per cent, is a metric.

    Models get their sizes from `image_size` and the target dictionary.

    Args:
        cfg: the options.

    Attributes:
        folder: the files.
        image_size: height and width of an image.

    Raises:
        ValueError: names the option or the file that is wrong.
    """

    cfg: GridMnistConfig

    def __init__(self, cfg: GridMnistConfig, **kwargs: Any) -> None:
        super().__init__(cfg, **kwargs)
        if not 0 <= cfg.seed < 2**64:
            raise ValueError(f"--seed: expected at least 0 and less than 2**64, got {cfg.seed}")
        self.folder = ImageFolder(Path(cfg.data), cfg.valid_images)
        self.image_size = self.folder.image_size()
        if not 0 <= cfg.shift < min(self.image_size):
            raise ValueError(
                f"--shift: expected 0 to {min(self.image_size) - 1} pixels for images of {self.image_size[0]} x "
                f"{self.image_size[1]}, got {cfg.shift}"
            )
        self._dictionary = SymbolDictionary([str(label) for label in range(CLASSES)])

    @property
    def source_dictionary(self) -> None:
        """None: images do not consist of symbols."""
        return None

    @property
    def target_dictionary(self) -> Dictionary:
        return self._dictionary

    def sizes(self) -> dict[str, int]:
        """The number of images that are held out."""
        return {"--valid-images": self.cfg.valid_images}

    def max_positions(self) -> None:
        """None: images have no length."""
        return None

    def load_dataset(self, split: str, combine: bool = False, task_cfg: Any = None, **kwargs: Any) -> None:
        """Read `train`, `valid` or `test`.

        Raises:
            ValueError: there is no such split, or a file is missing or corrupt.
        """
        training = split == "train"
        data = self.folder.load(split)
        self.datasets[split] = ImageDataset(data, training, self.cfg.seed, self.cfg.shift if training else 0)

    def reduce_metrics(self, logging_outputs: list[dict[str, Any]], criterion: Any) -> None:
        """Log fairseq's metrics, those of the criterion, and `error_rate`: wrong images in per cent."""
        super().reduce_metrics(logging_outputs, criterion)
        images, right = (
            sum(int(log.get(f"accuracy_{part}", 0)) for log in logging_outputs) for part in ("total", "correct")
        )
        if images:
            metrics.log_scalar("error_rate", 100 * (images - right) / images, images, priority=10)
