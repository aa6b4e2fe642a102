"""Parity of more and more bits: 1-LSTM against feed-forward nets with tanh and ReLU (section 4.1).

    python -m recipes.parity --scale cpu --models tied_1lstm

Each model is trained on the numbers of bits in order until it fails to learn one. Models whose names end in `_signs`
read the bits with weights that start equal but for their signs. All files are written to `--dest`. A run that was
stopped continues when the same command is given again.
"""

from __future__ import annotations

import sys

from ..algorithmic.chance import parity
from ..algorithmic.models import STRING_MODELS
from ..algorithmic.program import main
from ..algorithmic.recipe import PaperFigure, Recipe, Scale

RECIPE = Recipe(
    name="parity",
    title="Parity",
    task="grid_parity",
    size_option="bits",
    unit="bits",
    models=STRING_MODELS,
    scales={
        "smoke": Scale((10,), 24, 2, samples=6000, samples_per_epoch=1500, batch_size=50, lr=0.01, input_scale=4.0),
        # Parity is a function that oscillates with the number of ones, so the weights that read the bits start large.
        # Fewer bits have too few strings: the held-out ones would not test whether the model generalizes.
        "cpu": Scale(
            (16, 20, 24, 28, 32, 40, 50, 64),
            128,
            5,
            samples=20_000_000,
            hours=0.25,
            samples_per_epoch=20_000,
            valid_samples=1000,
            batch_size=100,
            lr=0.003,
            input_scale=4.0,
        ),
        "paper": Scale(
            (50, 100, 150, 200, 250),
            1500,
            20,
            samples=50_000_000,
            samples_per_epoch=100_000,
            valid_samples=1000,
            input_scale=4.0,
        ),
    },
    metric="valid_accuracy",
    paper=(PaperFigure("tied 1-LSTM of 1500 units learns 250 bits", accuracy=1.0),),
    chance=parity,
    growing=True,
)

if __name__ == "__main__":
    sys.exit(main(RECIPE))
