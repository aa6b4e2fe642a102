"""Torch modules of grids: `GridLSTM` for any grid, and the shapes that the paper uses."""

from .grid import GridLSTM
from .grid3d import GridLSTM3d
from .options import BlockArguments, BlockOptions, PlaneStackOptions
from .plane_stack import PlaneStack
from .reencoder_grid import ReencoderGrid
from .sequence import GridLSTM1d, GridLSTM2d

__all__ = [
    "BlockArguments",
    "BlockOptions",
    "GridLSTM",
    "GridLSTM1d",
    "GridLSTM2d",
    "GridLSTM3d",
    "PlaneStack",
    "PlaneStackOptions",
    "ReencoderGrid",
]
