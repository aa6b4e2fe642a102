"""How large the runs are, and their options of fairseq-train."""

from __future__ import annotations

from dataclasses import dataclass

from ..options import Value, linear_decay, training_options

MODELS = {"tied_2lstm": "tied 2-LSTM", "stacked_lstm": "Stacked LSTM"}
"""The models that are compared, and their names in plots."""


@dataclass(frozen=True)
class Scale:
    """Sizes of the text, the models and their training. Each value can be overridden on the command line.

    Attributes:
        limit: number of bytes of the text that are used; 0: all.
        valid: bytes of the validation set.
        test: bytes of the test set.
        hidden_size: units of the tied 2-LSTM.
        layers: layers of the tied 2-LSTM.
        stacked_layers: layers of the Stacked LSTM, whose units follow from the number of parameters.
        epochs: passes over the training text.
        hours: maximum training time per run, in hours, after which it ends wherever it is; 0: no limit.
        batch_size: streams that are read side by side.
        sequence_length: characters per sequence; states start from zero where one begins.
        truncate_every: characters through which gradients flow back.
        adam_lr: maximum learning rate with Adam.
        muon_lr: maximum learning rate with Muon.
        schedule: "linear": the rate rises during `warmup_updates`, then falls to zero; "constant".
        warmup_updates: see `schedule`.
        forget_bias: initial bias of the forget gates.
        dropout: dropout of hidden vectors.
        weight_decay: weight decay, with Muon that of its matrices, decoupled from the gradient.
        matmul_precision: of the matrix products, see the task's `--matmul-precision`.
        validations: validations per epoch, each with a checkpoint.
    """

    limit: int
    valid: int
    test: int
    hidden_size: int
    layers: int
    stacked_layers: int
    epochs: int
    batch_size: int
    hours: float = 0.0
    sequence_length: int = 10_000
    truncate_every: int = 50
    adam_lr: float = 0.002
    muon_lr: float = 0.005
    schedule: str = "linear"
    warmup_updates: int = 200
    forget_bias: float = 1.0
    dropout: float = 0.0
    weight_decay: float = 0.0
    matmul_precision: str = "highest"
    validations: int = 1

    def updates_per_epoch(self, characters: int) -> int:
        """Return the number of batches into which the task divides a text; see `--task grid_char_lm`.

        Args:
            characters: number of characters of the text.
        """
        sequences = -(-characters // self.sequence_length)
        streams = min(self.batch_size, sequences)
        each = -(-self.sequence_length // self.truncate_every)
        updates = -(-sequences // streams) * each
        last = characters - (sequences - 1) * self.sequence_length
        if last == self.sequence_length:
            return updates
        # The last sequence is shorter. Alone, it has fewer pieces; beside others, a batch also ends where it ends.
        return updates + (-(-last // self.truncate_every) - each if streams == 1 else last % self.truncate_every > 0)

    def options(self, model: str, optimizer: str, symbols: int, characters: int, seed: int) -> dict[str, Value]:
        """Return the options of fairseq-train.

        Args:
            model: name of the model in `MODELS`.
            optimizer: "adam" or "muon".
            symbols: size of the alphabet.
            characters: number of characters of the training text.
            seed: seed of parameters and dropout.
        """
        each = self.updates_per_epoch(characters)
        lr = self.muon_lr if optimizer == "muon" else self.adam_lr
        return training_options("grid_char_lm", seed, self.batch_size, lr) | {
            "sequence_length": self.sequence_length,
            "truncate_every": self.truncate_every,
            "criterion": "cross_entropy_with_accuracy",
            **self._architecture(model, symbols),
            "forget_bias": self.forget_bias,
            "dropout": self.dropout,
            "matmul_precision": self.matmul_precision,
            "optimizer": optimizer,
            "weight_decay": self.weight_decay,
            **(linear_decay(each * self.epochs, self.warmup_updates) if self.schedule == "linear" else {}),
            "max_epoch": self.epochs,
            "stop_time_hours": self.hours,
            "best_checkpoint_metric": "bpc",
            "no_epoch_checkpoints": True,
            "save_interval_updates": -(-each // self.validations) if self.validations > 1 else 0,
            "keep_interval_updates": 1,
        }

    def _architecture(self, model: str, symbols: int) -> dict[str, Value]:
        if model == "tied_2lstm":
            return {"arch": "grid_lstm_lm", "hidden_size": self.hidden_size, "layers": self.layers}
        size = equal_size(grid_parameters(self.hidden_size, symbols), self.stacked_layers, symbols)
        return {"arch": "stacked_lstm_lm", "hidden_size": size, "layers": self.stacked_layers, "untied": True}


def grid_parameters(size: int, symbols: int) -> int:
    """Number of parameters of a tied 2-LSTM, whatever its number of layers.

    Args:
        size: number of units.
        symbols: size of the alphabet; the model reads one symbol more, where a sequence begins.
    """
    blocks = 2 * 4 * size * (2 * size + 1)
    return blocks + (symbols + 2) * 2 * size + (2 * size + 1) * symbols


def stacked_parameters(size: int, layers: int, symbols: int) -> int:
    """Number of parameters of a Stacked LSTM of torch, which has two biases for each gate."""
    return (symbols + 1) * size + layers * (4 * size * 2 * size + 8 * size) + (size + 1) * symbols


def equal_size(parameters: int, layers: int, symbols: int) -> int:
    """Number of units with which a Stacked LSTM comes closest to a number of parameters."""
    size = 1
    while stacked_parameters(size + 1, layers, symbols) <= parameters:
        size += 1
    return min(size, size + 1, key=lambda units: abs(stacked_parameters(units, layers, symbols) - parameters))


SCALES = {
    "smoke": Scale(
        limit=20_000, valid=2_000, test=2_000, hidden_size=24, layers=2, stacked_layers=2, epochs=2, batch_size=8,
        sequence_length=1_000, truncate_every=50, adam_lr=0.01, muon_lr=0.02, warmup_updates=10, validations=2,
    ),
    # Meant for two hours per run of the 2-LSTM on one core: 3.65 MB of training text are 365 sequences, 37 of which are
    # read side by side. A character takes 3 x 2 operations for each of layers x 16 d^2 weights: 15 MFLOP, which makes 9
    # minutes per epoch at 100 GFLOP/s. The Stacked LSTM computes each of its weights once per character, not once per
    # layer, and reads the same text in a third of the time. On a processor with AMX, products in bfloat16 take less; on
    # others they are computed in float32 or take as long. The learning rate falls with the epochs: the limit in hours
    # is a reserve for a machine that is busy.
    "cpu": Scale(
        limit=4_150_000, valid=250_000, test=250_000, hidden_size=200, layers=4, stacked_layers=3, epochs=14,
        batch_size=37, hours=6.0, matmul_precision="medium", validations=2,
    ),
    # The paper's numbers, as we read them.
    "paper": Scale(
        limit=0, valid=5_000_000, test=5_000_000, hidden_size=1000, layers=6, stacked_layers=3, epochs=20,
        batch_size=100, adam_lr=0.001, schedule="constant", validations=4,
    ),
}  # fmt: skip
