"""Memorization of 20 symbols out of 64: tied and untied 2-LSTM against Stacked LSTMs (section 4.3).

    python -m recipes.memorization --scale cpu

All files are written to `--dest`. A run that was stopped continues when the same command is given again.
"""

from __future__ import annotations

import sys

from ..algorithmic.chance import memorization
from ..algorithmic.models import SEQUENCE_MODELS
from ..algorithmic.program import main
from ..algorithmic.recipe import PaperFigure, Recipe, Scale

RECIPE = Recipe(
    name="memorization",
    title="Memorization, 64 symbols",
    task="grid_memorization",
    size_option="length",
    unit="symbols",
    models=SEQUENCE_MODELS,
    scales={
        "smoke": Scale((2,), 24, 2, samples=4000, samples_per_epoch=1000, batch_size=20, lr=0.01, input_scale=2.0),
        # Larger input weights make the symbols count, and a larger forget bias makes memories last. With
        # Muon all models learn the task. The 2-LSTM needs about as many samples as with Adam (0.002, constant, batches
        # of 15), and a fifth to a tenth as many updates, of this larger batch.
        "cpu": Scale(
            (20,),
            100,
            4,
            samples=1_000_000,
            hours=0.3,
            samples_per_epoch=8000,
            valid_samples=500,
            batch_size=128,
            optimizer="muon",
            lr=0.007,
            lr_shrink=0.5,
            lr_patience=3,
            forget_bias=3.0,
            input_scale=2.0,
        ),
        # The paper tried 1 to 50 layers; its best tied 2-LSTM has 43.
        "paper": Scale(
            (20,),
            100,
            43,
            samples=5_000_000,
            own_layers=(("untied_2lstm", 5), ("stacked_lstm", 5)),
            forget_bias=3.0,
            input_scale=2.0,
        ),
    },
    metric="valid_recall_accuracy",
    paper=(PaperFigure("tied 2-LSTM, 43 layers of 100: solved in < 150 K samples", samples=150_000),),
    chance=memorization,
)

if __name__ == "__main__":
    sys.exit(main(RECIPE))
