"""`--task grid_memorization`: symbols that must be reproduced in order (section 4.3)."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from dataclasses import dataclass, field
from typing import Any

from fairseq.tasks import register_task

from .algorithmic.problems import Memorization
from .algorithmic.task import AlgorithmicConfig, AlgorithmicTask


@dataclass
class GridMemorizationConfig(AlgorithmicConfig):
    """The options of the memorization task."""

    length: int = field(default=20, metadata={"help": "number of symbols per sequence (the paper: 20)"})
    alphabet: int = field(
        default=64, metadata={"help": "number of different symbols, not counting the delimiter (the paper: 64)"}
    )


@register_task("grid_memorization", dataclass=GridMemorizationConfig)
class GridMemorizationTask(AlgorithmicTask):
    """Memorization; see `algorithmic.problems.Memorization` for the symbols."""

    def build_problem(self, cfg: Any) -> Memorization:
        return Memorization(cfg.length, cfg.alphabet)
