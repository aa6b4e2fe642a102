"""What may differ from one dimension of a grid to the next (section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["lstm", "identity", "tanh", "relu"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Dimension:
    """One dimension of a grid.

    Attributes:
        kind: "lstm": LSTM cells (3.1). Otherwise the hidden vectors alone pass, as `activation(V H)` with this
            activation (3.3), and the memories along this dimension have the width 0.
        tied: whether blocks at all positions along this dimension share their weights (3.5).
        reverse: whether the grid is computed from the last position to the first, so that states enter behind the last
            one and leave before the first.
        priority: dimensions of higher priority are computed later in a block, and read what leaves the block along
            those of lower priority instead of what enters it (3.2). The paper's prioritised dimension has 1, all
            others 0.
    """

    kind: Kind = "lstm"
    tied: bool = True
    reverse: bool = False
    priority: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind of a dimension: expected one of {', '.join(KINDS)}, got {self.kind!r}")

    @property
    def has_memory(self) -> bool:
        return self.kind == "lstm"

    def outputs(self, hidden_size: int) -> int:
        """Rows of this dimension's weight matrix: four gates of d rows, or d."""
        return 4 * hidden_size if self.has_memory else hidden_size


def weight_positions(dimensions: Sequence[Dimension], extents: Sequence[int]) -> tuple[int, ...]:
    """How many weight matrices there are along each dimension: its extent where untied, else 1."""
    return tuple(1 if dim.tied else extent for dim, extent in zip(dimensions, extents, strict=True))


def priority_levels(dimensions: Sequence[Dimension]) -> list[list[int]]:
    """Numbers of the dimensions that are computed together, in the order of their computation."""
    levels = sorted({dim.priority for dim in dimensions})
    return [[n for n, dim in enumerate(dimensions) if dim.priority == level] for level in levels]
