"""`--task grid_parity`: whether the number of ones in a string of bits is odd (section 4.1)."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from dataclasses import dataclass, field
from typing import Any

from fairseq.tasks import register_task

from .algorithmic.problems import Parity
from .algorithmic.task import AlgorithmicConfig, AlgorithmicTask


@dataclass
class GridParityConfig(AlgorithmicConfig):
    """The options of the parity task."""

    bits: int = field(default=20, metadata={"help": "number of bits per string (the paper: up to 250)"})


@register_task("grid_parity", dataclass=GridParityConfig)
class GridParityTask(AlgorithmicTask):
    """Parity; the model reads all bits at once."""

    def build_problem(self, cfg: Any) -> Parity:
        return Parity(cfg.bits)
