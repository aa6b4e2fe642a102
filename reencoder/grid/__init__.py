"""The Grid LSTM in pure torch: nothing below this package knows fairseq."""

from .block import State
from .dimension import Dimension
from .engine import compute_grid
from .grid3d import GridLSTM3d
from .modules import GridLSTM
from .stacks import GridLSTM1d, GridLSTM2d

__all__ = ["Dimension", "GridLSTM", "GridLSTM1d", "GridLSTM2d", "GridLSTM3d", "State", "compute_grid"]
