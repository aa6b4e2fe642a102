"""How large the training is, and its options of fairseq-train."""

from __future__ import annotations

from dataclasses import dataclass

from ..options import Value, linear_decay, training_options


@dataclass(frozen=True)
class Scale:
    """Sizes of the model and of its training. Each value can be overridden on the command line.

    Attributes:
        patch: side of the patches, in pixels.
        hidden_size: units of the grid.
        layers: layers of the grid, each scanning from another corner.
        untied: give each layer weights of its own.
        readout: what the fully connected layers read; see the model's `--readout`.
        readout_layers: number of fully connected layers.
        readout_size: units of each of them.
        dropout: dropout within the grid.
        readout_dropout: dropout of the fully connected layers.
        epochs: passes over the training images.
        hours: maximum training time, in hours, after which it ends wherever it is; 0: no limit.
        average: number of the last epochs whose parameters are averaged into a second model; 1: no second model.
        batch_size: images per update.
        optimizer: "adam" or "muon".
        lr: maximum learning rate; it rises for `warmup_updates` and then falls linearly to zero.
        warmup_updates: see `lr`.
        weight_decay: weight decay, with "muon" that of its matrices, decoupled from the gradient.
        shift: maximum shift of the training images, in pixels.
        valid_images: number of training images that are held out for validation; 0: none.
    """

    patch: int
    hidden_size: int
    layers: int
    epochs: int
    hours: float = 0.0
    average: int = 1
    untied: bool = True
    readout: str = "pool"
    readout_layers: int = 1
    readout_size: int = 256
    dropout: float = 0.0
    readout_dropout: float = 0.0
    batch_size: int = 128
    optimizer: str = "muon"
    lr: float = 0.01
    warmup_updates: int = 100
    weight_decay: float = 0.0
    shift: int = 2
    valid_images: int = 5000

    def options(self, images: int, seed: int) -> dict[str, Value]:
        """Return the options of fairseq-train.

        Args:
            images: number of training images, without those held out.
            seed: seed of parameters, order, shifts and dropout.
        """
        return training_options("grid_mnist", seed, self.batch_size, self.lr) | {
            "valid_images": self.valid_images,
            "shift": self.shift,
            "criterion": "cross_entropy_with_accuracy",
            "arch": "grid_lstm_image",
            "patch": self.patch,
            "hidden_size": self.hidden_size,
            "layers": self.layers,
            "untied": self.untied,
            "readout": self.readout,
            "readout_layers": self.readout_layers,
            "readout_size": self.readout_size,
            "dropout": self.dropout,
            "readout_dropout": self.readout_dropout,
            "optimizer": self.optimizer,
            "weight_decay": self.weight_decay,
            **linear_decay(self.epochs * -(-images // self.batch_size), self.warmup_updates),
            "max_epoch": self.epochs,
            "stop_time_hours": self.hours,
            "batch_size_valid": 250,
            "disable_validation": self.valid_images == 0,
            "best_checkpoint_metric": "error_rate" if self.valid_images else "loss",
            "keep_last_epochs": self.average,
        }


SCALES = {
    "smoke": Scale(patch=7, hidden_size=16, layers=2, epochs=2, average=2, readout_size=32),
    # Meant for less than two hours on one core. A block multiplies by (8d + d) x 3d weights; forward and backward pass
    # take 3 x 2 operations for each, so an image takes 162 d^2 x blocks x layers operations. With patches of 4 x 4
    # pixels there are 7 x 7 blocks: d = 96 and 4 layers make 0.29 GFLOP per image, 16 TFLOP per epoch of 55,000 images,
    # 3 minutes at 90 GFLOP/s. Patches of 2 x 2 pixels have 4 times as many blocks, and leave time for d = 48 only. The
    # learning rate falls with the epochs: the limit in hours is a reserve for a machine that is busy.
    "cpu": Scale(patch=4, hidden_size=96, layers=4, epochs=32, hours=6.0, average=8, readout_dropout=0.3, lr=0.003),
    # The paper's sizes, as we read it: one layer for each corner, two fully connected layers that read all positions.
    "paper": Scale(
        patch=2,
        hidden_size=100,
        layers=4,
        epochs=100,
        readout="all",
        readout_layers=2,
        readout_size=4096,
        readout_dropout=0.5,
        optimizer="adam",
        lr=0.001,
        shift=4,
    ),
}
