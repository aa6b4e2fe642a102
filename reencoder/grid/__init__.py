"""The Grid LSTM in pure torch: nothing in this package knows fairseq.

Read `dimension`, `block` and `reference` first: they are the paper. `compute` is the fast way, `modules` the torch
modules.
"""

from .block import OUTPUT_FORMS, OutputForm, State
from .compute import compute_grid
from .dimension import KINDS, Dimension, Kind
from .modules import (
    BlockArguments,
    BlockOptions,
    GridLSTM,
    GridLSTM1d,
    GridLSTM2d,
    GridLSTM3d,
    PlaneStack,
    PlaneStackOptions,
    ReencoderGrid,
)

__all__ = [
    "KINDS",
    "OUTPUT_FORMS",
    "BlockArguments",
    "BlockOptions",
    "Dimension",
    "GridLSTM",
    "GridLSTM1d",
    "GridLSTM2d",
    "GridLSTM3d",
    "Kind",
    "OutputForm",
    "PlaneStack",
    "PlaneStackOptions",
    "ReencoderGrid",
    "State",
    "compute_grid",
]
