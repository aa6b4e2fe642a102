"""Options of the modules, each validated in one place."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TypedDict

from ..block import OUTPUT_FORMS, OutputForm
from ..checks import check_probability
from ..compute import Scan
from ..dimension import Dimension, Kind


@dataclass(frozen=True, kw_only=True)
class BlockOptions:
    """Options of the blocks of any grid.

    Attributes:
        hidden_size: d, size of every hidden and memory vector.
        bias: give the transforms biases (the paper writes none).
        forget_bias: initial bias of the forget gates; all other biases start at zero. Has no effect without biases.
        output_form: "tanh_om" for `tanh(o * m')` as in the paper, "o_tanhm" for the common `o * tanh(m')`.
        dropout: probability of dropping an element of a hidden vector that leaves a block, in training.
        init_scale: weights start uniform within +-`init_scale / sqrt(fan_in)`.
        recompute_gates: recompute the gates in the backward pass instead of keeping them: less than half of the memory,
            about a third more time.

    Raises:
        ValueError: names the option that is wrong.
    """

    hidden_size: int
    bias: bool = True
    forget_bias: float = 1.0
    output_form: OutputForm = "tanh_om"
    dropout: float = 0.0
    init_scale: float = 1.7
    recompute_gates: bool = False

    def __post_init__(self) -> None:
        if self.hidden_size < 1:
            raise ValueError(f"hidden size: expected at least 1, got {self.hidden_size}")
        if self.output_form not in OUTPUT_FORMS:
            raise ValueError(f"output form: expected one of {', '.join(OUTPUT_FORMS)}, got {self.output_form!r}")
        check_probability("dropout", self.dropout)
        if not -inf < self.forget_bias < inf:
            raise ValueError(f"forget bias: expected a finite number, got {self.forget_bias}")
        if not 0.0 < self.init_scale < inf:
            raise ValueError(f"init scale: expected above 0 (a net of zeros does not learn), got {self.init_scale}")


class BlockArguments(TypedDict, total=False):
    """The options of `BlockOptions` that have defaults, as keyword arguments of the modules."""

    bias: bool
    forget_bias: float
    output_form: OutputForm
    dropout: float
    init_scale: float
    recompute_gates: bool


@dataclass(frozen=True, kw_only=True)
class PlaneStackOptions(BlockOptions):
    """Options of planes of two scanned dimensions that are stacked in depth.

    Attributes:
        scans: for each layer, whether each of the two scanned dimensions is computed in reverse. Their number is the
            number of layers.
        untied: give each layer weights of its own. All blocks of a plane share theirs.
        depth: kind of the depth dimension.
        depth_priority: with 0 the depth reads what enters a block along the scanned dimensions, with 1 what leaves it
            (section 3.2).
        depth_bias: give the depth transform biases too, if `bias` is set.
        depth_dropout: as `dropout`, for the hidden vectors that leave along the depth.
        depth_input: states enter the first layer along the depth. Otherwise its blocks read the two scanned dimensions
            alone.
        depth_output: states leave the last layer along the depth.
        continued: for each scanned dimension, whether the states that leave a layer along it enter the layer above.

    Raises:
        ValueError: names the option that is wrong, or the options that exclude each other.
    """

    scans: tuple[Scan, ...]
    untied: bool = False
    depth: Kind = "lstm"
    depth_priority: int = 0
    depth_bias: bool = True
    depth_dropout: float = 0.0
    depth_input: bool = True
    depth_output: bool = True
    continued: tuple[bool, bool] = (False, False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.scans or any(len(scan) != 2 for scan in self.scans):
            raise ValueError(f"scans: expected a pair of booleans for each of at least 1 layer, got {self.scans}")
        check_depth_priority(self.depth_priority)
        check_probability("depth dropout", self.depth_dropout)
        if self.layers > 1 and not self.untied and not (self.depth_input and self.depth_output):
            raise ValueError("untied: layers that share weights need depth_input and depth_output")
        if self.layers == 1 and any(self.continued):
            raise ValueError("continued: states continue from the layer below, but there is only one layer")
        dimension = self.depth_dimension  # refuses unknown kinds
        if dimension.has_memory and not self.depth_input:
            raise ValueError("depth: LSTM cells need the memories of a depth_input")

    @property
    def layers(self) -> int:
        """Number of planes."""
        return len(self.scans)

    @property
    def depth_dimension(self) -> Dimension:
        """The depth as a dimension of the grid.

        Raises:
            ValueError: its kind is unknown.
        """
        return Dimension(self.depth, untied=self.untied, priority=self.depth_priority)


def check_layers(layers: int) -> None:
    """Check the number of layers.

    Raises:
        ValueError: it is below 1.
    """
    if layers < 1:
        raise ValueError(f"layers: expected at least 1, got {layers}")


def check_depth_priority(priority: int) -> None:
    """Check the priority of the depth.

    Raises:
        ValueError: it is neither 0 nor 1.
    """
    if priority not in (0, 1):
        raise ValueError(f"depth priority: expected 0 or 1, got {priority}")


def alternating_scans(layers: int, scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    """One scan for each of `layers` layers, taken from `scans` in turn.

    Raises:
        ValueError: there are no layers.
    """
    check_layers(layers)
    return tuple(scans[layer % len(scans)] for layer in range(layers))
