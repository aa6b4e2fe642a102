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
        kind: "lstm" for LSTM cells (3.1). With any other kind only hidden vectors pass, as `activation(V H)` with that
            activation (3.3), and memories along this dimension have width 0.
        untied: give the blocks at each position along this dimension weights of their own instead of sharing them
            (3.5).
        reverse: compute the positions along this dimension from the last to the first, so that states enter after the
            last position and leave before the first.
        priority: dimensions of higher priority are computed later within a block. They read what leaves the block along
            dimensions of lower priority instead of what enters it (3.2). The paper's prioritized dimension has priority
            1, all others 0.

    Raises:
        ValueError: the kind is unknown.
    """

    kind: Kind = "lstm"
    untied: bool = False
    reverse: bool = False
    priority: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind of a dimension: expected one of {', '.join(KINDS)}, got {self.kind!r}")

    @property
    def has_memory(self) -> bool:
        """True if memories travel along this dimension."""
        return self.kind == "lstm"

    def outputs(self, hidden_size: int) -> int:
        """Height of this dimension's weight matrix: 4 * d for the four gates of a cell, else d."""
        return 4 * hidden_size if self.has_memory else hidden_size


def weight_positions(dimensions: Sequence[Dimension], extents: Sequence[int]) -> tuple[int, ...]:
    """Number of weight matrices along each dimension: its extent if untied, else 1."""
    return tuple(extent if dim.untied else 1 for dim, extent in zip(dimensions, extents, strict=True))


def priority_levels(dimensions: Sequence[Dimension]) -> list[list[int]]:
    """Indices of the dimensions that are computed together, in order of computation."""
    levels = sorted({dim.priority for dim in dimensions})
    return [[n for n, dim in enumerate(dimensions) if dim.priority == level] for level in levels]
