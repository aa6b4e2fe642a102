"""`--task grid_addition`: the sum of two integers, read and written digit by digit (section 4.2)."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from dataclasses import dataclass, field
from typing import Any

from fairseq.tasks import register_task

from .algorithmic.problems import Addition
from .algorithmic.task import AlgorithmicConfig, AlgorithmicTask


@dataclass
class GridAdditionConfig(AlgorithmicConfig):
    """The options of the addition task."""

    digits: int = field(
        default=15, metadata={"help": "number of digits of each operand, always exactly that many (the paper: 15)"}
    )


@register_task("grid_addition", dataclass=GridAdditionConfig)
class GridAdditionTask(AlgorithmicTask):
    """Addition; see `algorithmic.problems.Addition` for the symbols."""

    def build_problem(self, cfg: Any) -> Addition:
        return Addition(cfg.digits)
