"""How all tasks set the process up for training, and the option for it."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from dataclasses import dataclass, field
from typing import Any

from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.tasks import FairseqTask

from ..float32_products import MATMUL_PRECISIONS
from ..training_process import set_up_training


@dataclass
class ProcessConfig(FairseqDataclass):
    """What is set for the whole process when training starts."""

    matmul_precision: ChoiceEnum(list(MATMUL_PRECISIONS)) = field(  # type: ignore[valid-type]
        default="highest",
        metadata={
            "help": "precision of the float32 matrix products in training, see torch.set_float32_matmul_precision. "
            "highest: float32; medium: bfloat16 products, float32 sums, on processors with units for it (AMX), where "
            "it is faster; elsewhere it changes nothing, and a warning says so; on a GPU high and medium are TF32"
        },
    )


class SetsUpProcess(FairseqTask):
    """A task whose options are those of `ProcessConfig`, and more."""

    cfg: ProcessConfig

    def begin_epoch(self, epoch: int, model: Any) -> None:
        """Set the process up for training; fairseq-train calls this before each epoch."""
        super().begin_epoch(epoch, model)
        set_up_training(str(self.cfg.matmul_precision))
