"""`--arch grid_lstm_image`: the 3-LSTM that reads an image and predicts its class.

Two spatial dimensions with LSTM cells, and depth with ReLU (section 3.3); the model of the paper's experiment on MNIST.
Axes: `batch`, A x B positions (one per patch of the image), `d` hidden size.
"""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
import itertools
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import torch
from fairseq.dataclass import ChoiceEnum
from fairseq.models import register_model
from torch import Tensor, nn
from torch.nn import functional

from ..grid import KINDS, GridLSTM3d, State
from ..optim.matrices import mark_hidden_matrices
from .checkpoint_version import VersionedModel
from .options import (
    DeepBlockConfig,
    block_arguments,
    check_at_least_one,
    check_probabilities,
    mark_grids,
    named_options,
    register_presets,
)
from .symbols import scale_input

ImageReadoutKind = Literal["all", "pool", "corner"]
IMAGE_READOUTS: tuple[str, ...] = get_args(ImageReadoutKind)


@dataclass
class GridLSTMImageConfig(DeepBlockConfig):
    """Options of a Grid LSTM of two spatial dimensions and depth."""

    patch: int = field(default=4, metadata={"help": "side of the square patches into which an image is cut, in pixels"})
    depth: ChoiceEnum(list(KINDS)) = field(  # type: ignore[valid-type]
        default="relu",
        metadata={"help": "kind of the depth: hidden vectors alone with this activation (3.3), or LSTM cells"},
    )
    depth_priority: int = field(
        default=0,
        metadata={
            "help": "1: compute the depth last in each block, from what leaves it along the two other dimensions; 0: "
            "from what enters it (3.2)"
        },
    )
    readout: ChoiceEnum(list(IMAGE_READOUTS)) = field(  # type: ignore[valid-type]
        default="all",
        metadata={
            "help": "what the fully connected layers read of the last layer: what leaves it along the depth at all "
            "positions, as in the paper; the maximum and mean of that over the positions, beside the states of the "
            "corner where its scan ends; or that corner alone"
        },
    )
    readout_layers: int = field(
        default=1, metadata={"help": "fully connected layers with ReLU between the grid and the softmax"}
    )
    readout_size: int = field(default=256, metadata={"help": "units of each of them"})
    readout_dropout: float = field(default=0.0, metadata={"help": "dropout of what each of them and the softmax read"})


def patches(images: Tensor, side: int) -> Tensor:
    """Cut images of shape (batch, height, width) into patches.

    Returns:
        Shape (height / side, width / side, batch, side * side).
    """
    rows = images.unflatten(1, (-1, side)).unflatten(3, (-1, side))  # (batch, A, side, B, side)
    return rows.permute(1, 3, 0, 2, 4).flatten(3)


class ImageReadout(nn.Module):
    """Features of the last layer of a grid, as many of each image whatever the order of its scan.

    * "all": the states that leave along the depth, of all positions.
    * "corner": the states that leave the block where the scan ends, along the depth and along both other dimensions.
    * "pool": the same, and the maximum and the mean over all positions of the states that leave along the depth.

    Args:
        grid: the grid; its options give sizes and scans.
        extents: A, B.
        kind: see above.
        reads_memory: read [hidden; memory] of a state, where it has a memory, instead of hidden alone.

    Attributes:
        width: number of features.
    """

    def __init__(self, grid: GridLSTM3d, extents: tuple[int, int], kind: ImageReadoutKind, reads_memory: bool) -> None:
        super().__init__()
        self.kind, self.reads_memory = kind, reads_memory
        options = grid.stack.options
        # the block where the scan of the last layer ends
        self.corner = tuple(0 if reverse else -1 for reverse in options.scans[-1])
        d = options.hidden_size
        along_depth = 2 * d if reads_memory and options.depth_dimension.has_memory else d
        if kind == "all":
            self.width = along_depth * extents[0] * extents[1]
        else:
            self.width = along_depth * (3 if kind == "pool" else 1) + 2 * d * (2 if reads_memory else 1)

    def extra_repr(self) -> str:
        return f"kind={self.kind}, reads_memory={self.reads_memory}"

    def forward(self, top: State, leaving: tuple[State, State]) -> Tensor:
        """Read the last layer.

        Args:
            top: the states that leave it along the depth, shape (A, B, batch, d).
            leaving: those that leave it along the two other dimensions, shapes (B, batch, d) and (A, batch, d).

        Returns:
            Shape (batch, width).
        """
        depth = self._read(top)
        if self.kind == "all":
            return depth.permute(2, 0, 1, 3).flatten(1)
        a, b = self.corner
        parts = [depth[a, b], self._read(leaving[0])[b], self._read(leaving[1])[a]]
        if self.kind == "pool":
            parts += [depth.amax(dim=(0, 1)), depth.mean(dim=(0, 1))]
        return torch.cat(parts, dim=-1)

    def _read(self, state: State) -> Tensor:
        return torch.cat(state, dim=-1) if self.reads_memory else state.hidden


@register_model("grid_lstm_image", dataclass=GridLSTMImageConfig)
class GridLSTMImageModel(VersionedModel):
    """3-LSTM over the patches of an image, every layer from another corner; then fully connected layers and a softmax.

    Args:
        cfg: the options.
        image_size: height and width of an image, in pixels.
        classes: number of classes to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: GridLSTMImageConfig, image_size: tuple[int, int], classes: int) -> None:
        super().__init__()
        check_at_least_one(cfg, "patch")
        if any(side % cfg.patch for side in image_size):
            raise ValueError(
                f"--patch: expected a divisor of both sides of an image ({image_size[0]} x {image_size[1]} pixels), "
                f"got {cfg.patch}"
            )
        if cfg.readout_layers < 0:
            raise ValueError(f"--readout-layers: expected 0 or more, got {cfg.readout_layers}")
        if cfg.readout_layers:
            check_at_least_one(cfg, "readout_size")
        check_probabilities(cfg, "readout_dropout")
        arguments = block_arguments(cfg)
        self.image_size, self.patch = image_size, cfg.patch
        with named_options():
            self.grid = GridLSTM3d(
                cfg.patch**2,
                cfg.hidden_size,
                cfg.layers,
                untied=cfg.untied,
                depth=str(cfg.depth),  # type: ignore[arg-type]
                depth_priority=cfg.depth_priority,
                **arguments,
            )
        scale_input(self.grid.project.linear, cfg.input_scale)
        self.readout = ImageReadout(
            self.grid,
            (image_size[0] // cfg.patch, image_size[1] // cfg.patch),
            str(cfg.readout),  # type: ignore[arg-type]
            cfg.softmax_reads == "hidden-memory",
        )
        widths = [self.readout.width, *[cfg.readout_size] * cfg.readout_layers]
        self.connected = nn.ModuleList(nn.Linear(inputs, outputs) for inputs, outputs in itertools.pairwise(widths))
        self.readout_dropout = cfg.readout_dropout
        self.output = nn.Linear(widths[-1], classes)
        mark_grids(self)
        mark_hidden_matrices(weights for weights in self.connected.parameters() if weights.dim() == 2)

    def forward(self, images: Tensor, **_: Any) -> Tensor:
        """Predict.

        Args:
            images: grey levels from 0 to 255, shape (batch, height, width).
            _: fairseq's further inputs, which are not needed.

        Returns:
            Logits, shape (batch, 1, classes).

        Raises:
            ValueError: the images have another size.
        """
        if images.shape[1:] != self.image_size:
            raise ValueError(
                f"images: expected shape (batch, {self.image_size[0]}, {self.image_size[1]}), got {tuple(images.shape)}"
            )
        levels = images.to(self.output.weight.dtype) / 255
        top, leaving = self.grid(patches(levels, self.patch))
        values = self._drop(self.readout(top, leaving[-1]))
        for layer in self.connected:
            values = self._drop(functional.relu(layer(values)))
        logits: Tensor = self.output(values)
        return logits.unsqueeze(1)

    def _drop(self, values: Tensor) -> Tensor:
        return functional.dropout(values, self.readout_dropout, self.training)

    @classmethod
    def build_model(cls, cfg: GridLSTMImageConfig, task: Any) -> "GridLSTMImageModel":
        """Build the model for the images and the classes of a task.

        Raises:
            ValueError: names the option that is wrong, or the task has no images.
        """
        if not hasattr(task, "image_size"):
            raise ValueError("--arch grid_lstm_image: this task has no images; use --task grid_mnist")
        return cls(cfg, task.image_size, len(task.target_dictionary))


register_presets(
    "grid_lstm_image",
    {
        # Sizes recalled from the first version of the paper; we could not check them.
        "grid_lstm_image_mnist": {
            "patch": 2,
            "hidden_size": 100,
            "layers": 4,
            "untied": True,
            "readout_layers": 2,
            "readout_size": 4096,
        },
        # What a CPU core trains in two hours.
        "grid_lstm_image_small": {
            "patch": 4,
            "hidden_size": 96,
            "layers": 4,
            "untied": True,
            "readout": "pool",
            "readout_dropout": 0.3,
        },
    },
)
