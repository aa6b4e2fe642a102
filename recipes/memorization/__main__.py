"""Memorization of 20 symbols out of 64: tied and untied 2-LSTM against Stacked LSTMs (section 4.3).

    python -m recipes.memorization --scale cpu

Everything goes to `--dest`; a run that was stopped goes on where it was when the same command is given again.
"""

from __future__ import annotations

import sys

from recipes.algorithmic.models import SEQUENCE_MODELS
from recipes.algorithmic.picture import PaperFigure
from recipes.algorithmic.program import Recipe, Scale, main

RECIPE = Recipe(
    name="memorization",
    title="Memorization, 64 symbols",
    task="grid_memorization",
    size_option="length",
    unit="symbols",
    models=SEQUENCE_MODELS,
    scales={
        "smoke": Scale((2,), 24, 2, samples=4000, samples_per_epoch=1000, batch_size=20, lr=0.01, input_scale=2.0),
        # Symbols that enter strongly and memories that last: with torch's small projection and a forget bias of 1 the
        # 2-LSTM stays at chance for as long as two cores allow. Muon, with the larger batch that is good for it,
        # learns from fewer samples than Adam.
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
        # 1 to 50 layers were tried in the paper; 43 is its best tied 2-LSTM.
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
)

if __name__ == "__main__":
    sys.exit(main(RECIPE))
