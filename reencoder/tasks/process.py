"""The option with which all tasks set the process up for training."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from dataclasses import dataclass, field

from fairseq.dataclass import ChoiceEnum, FairseqDataclass

from ..training_process import MATMUL_PRECISIONS


@dataclass
class ProcessConfig(FairseqDataclass):
    """What is set for the whole process when training starts."""

    matmul_precision: ChoiceEnum(list(MATMUL_PRECISIONS)) = field(  # type: ignore[valid-type]
        default="highest",
        metadata={
            "help": "precision of the float32 matrix products in training, see torch.set_float32_matmul_precision. "
            "highest: float32; medium: bfloat16 products, float32 sums: faster on processors with units for it (AMX); "
            "on a GPU high and medium are TF32"
        },
    )
