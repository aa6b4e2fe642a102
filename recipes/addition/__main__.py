"""Addition of two integers of 15 (or fewer) digits: tied and untied 2-LSTM against Stacked LSTMs (section 4.2).

    python -m recipes.addition --scale cpu --digits 8

All files are written to `--dest`. A run that was stopped continues when the same command is given again.
"""

from __future__ import annotations

import sys

from ..algorithmic.chance import addition
from ..algorithmic.models import SEQUENCE_MODELS
from ..algorithmic.program import main
from ..algorithmic.recipe import PaperFigure, Recipe, Scale

RECIPE = Recipe(
    name="addition",
    title="Addition",
    task="grid_addition",
    size_option="digits",
    unit="digits",
    models=SEQUENCE_MODELS,
    scales={
        "smoke": Scale(
            (1,),
            24,
            2,
            samples=3000,
            samples_per_epoch=1000,
            batch_size=20,
            optimizer="muon",
            lr=0.01,
            forget_bias=3.0,
            input_scale=2.0,
        ),
        # For the large input weights and forget bias see the memorization recipe.
        "cpu": Scale(
            (8,),
            100,
            3,
            samples=20_000_000,
            hours=1.0,
            samples_per_epoch=16000,
            valid_samples=1000,
            batch_size=32,
            optimizer="muon",
            lr=0.007,
            lr_shrink=0.5,
            lr_patience=8,
            weight_decay=0.1,
            forget_bias=3.0,
            input_scale=2.0,
        ),
        # The paper tried 1 to 50 layers; these are the best numbers that it reports.
        "paper": Scale(
            (15,),
            400,
            18,
            samples=5_000_000,
            own_layers=(("untied_2lstm", 5), ("stacked_lstm", 5)),
            forget_bias=3.0,
            input_scale=2.0,
        ),
    },
    metric="valid_digit_accuracy",
    paper=(
        PaperFigure("15 digits, tied 2-LSTM, 18 layers of 400: solved in < 550 K samples", samples=550_000),
        PaperFigure("15 digits, untied 2-LSTM, 5 layers of 400: 67% of digits", accuracy=0.67),
        PaperFigure("15 digits, Stacked LSTM of 400: 51% of digits", accuracy=0.51),
    ),
    chance=addition,
)

if __name__ == "__main__":
    sys.exit(main(RECIPE))
