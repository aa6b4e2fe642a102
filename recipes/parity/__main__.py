"""Parity of k bits, k growing: 1-LSTM against feed-forward nets with tanh and ReLU (section 4.1).

    python -m recipes.parity --scale cpu --models tied_1lstm

For each model the numbers of bits are tried in order until one is not learned. Everything goes to `--dest`; a run that
was stopped goes on where it was when the same command is given again.
"""

from __future__ import annotations

import sys

from recipes.algorithmic.models import STRING_MODELS
from recipes.algorithmic.picture import PaperFigure
from recipes.algorithmic.program import Recipe, Scale, main

RECIPE = Recipe(
    name="parity",
    title="Parity",
    task="grid_parity",
    size_option="bits",
    unit="bits",
    models=STRING_MODELS,
    scales={
        "smoke": Scale((10,), 24, 2, samples=6000, samples_per_epoch=1500, batch_size=50, lr=0.01, input_scale=4.0),
        # Parity shows only in functions that oscillate with the number of ones: the weights that read bits start large.
        # Fewer bits have too few strings: what is held out of them cannot be told from the rest.
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
    growing=True,
)

if __name__ == "__main__":
    sys.exit(main(RECIPE))
