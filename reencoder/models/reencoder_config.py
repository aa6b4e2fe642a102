"""Options of `--arch reencoder`, and its presets."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from dataclasses import dataclass, field
from math import inf
from typing import Any

from fairseq.dataclass import ChoiceEnum

from .options import BlockConfig, block_arguments, check_probabilities
from .row_readout import READOUTS


@dataclass
class ReencoderConfig(BlockConfig):
    """Options of a Reencoder; the defaults are what learned best on real text (docs/results.md)."""

    hidden_size: int = field(default=256, metadata={"help": "size d of every hidden and memory vector of the grid"})
    layers: int = field(
        default=2,
        metadata={
            "help": "planes of source x target blocks; each scans the source in the opposite direction of the one "
            "below (the paper: 2)"
        },
    )
    dropout: float = field(default=0.3, metadata={"help": "dropout of the hidden vectors within the grid"})
    forget_bias: float = field(
        default=3.0, metadata={"help": "initial bias of the forget gates (no effect with --no-bias)"}
    )
    embed_dim: int = field(
        default=256,
        metadata={
            "help": "size of the word vectors, which are projected to a pair (hidden, memory) for each layer; 0: a "
            "word vector is the pair itself, 2 * d values"
        },
    )
    embed_std: float = field(default=1.0, metadata={"help": "initial standard deviation of the word vectors"})
    embed_scale: float = field(
        default=4.0,
        metadata={
            "help": "word vectors are stored divided by this, so that each step of Adam moves them by this times as "
            "much: rare words, which get few steps, learn faster (and over-fit sooner in a long training with Muon and "
            "without weight decay)"
        },
    )
    upper_source: ChoiceEnum(["word", "zero"]) = field(  # type: ignore[valid-type]
        default="word",
        metadata={"help": "what enters the upper layers along the target dimension: the source words again, or zeros"},
    )
    upper_target: ChoiceEnum(["continue", "word", "zero"]) = field(  # type: ignore[valid-type]
        default="continue",
        metadata={
            "help": "what enters the upper layers along the source dimension, at the start of every row: the states "
            "with which the layer below ended the row, the target word again, or zeros"
        },
    )
    depth_priority: int = field(
        default=1,
        metadata={
            "help": "1: the depth carries the hidden vectors that leave a block along the two other dimensions; 0: "
            "those that enter it (3.2)"
        },
    )
    readout: ChoiceEnum(list(READOUTS)) = field(  # type: ignore[valid-type]
        default="lexical-attention",
        metadata={
            "help": "what the softmax reads besides the end of a row. end: nothing (the paper); max: the maximum over "
            "the row of what leaves its blocks along the depth; attention: its weighted sum, with weights computed "
            "from it; lexical-attention: that, and the source word vectors summed with the same weights"
        },
    )
    readout_heads: int = field(default=4, metadata={"help": "number of heads of a --readout that attends"})
    readout_dim: int = field(
        default=0, metadata={"help": "size of a tanh layer between the readout and the softmax; 0: none"}
    )
    embed_dropout: float = field(default=0.0, metadata={"help": "dropout of the elements of word vectors"})
    word_dropout: float = field(
        default=0.0, metadata={"help": "probability of replacing a word of either language by <unk> in training"}
    )
    output_dropout: float = field(
        default=0.0,
        metadata={
            "help": "dropout of what the softmax reads; with --readout lexical-attention it also acts on the summed "
            "source word vectors before that"
        },
    )
    share_decoder_input_output_embed: bool = field(
        default=False, metadata={"help": "share one matrix between the target word vectors and the softmax"}
    )


def check_options(cfg: ReencoderConfig) -> None:
    """Check the options.

    Raises:
        ValueError: names the option that is wrong, or the options that exclude each other, and says what to do.
    """
    block_arguments(cfg)
    if cfg.embed_dim < 0:
        raise ValueError(f"--embed-dim: expected 0 or more, got {cfg.embed_dim}")
    if not 0 < cfg.embed_std < inf:
        raise ValueError(f"--embed-std: expected above 0 (a net of zeros does not learn), got {cfg.embed_std}")
    if not 0.0 < cfg.embed_scale < inf:
        raise ValueError(f"--embed-scale: expected a finite number above 0, got {cfg.embed_scale}")
    check_probabilities(cfg, "embed_dropout", "word_dropout", "output_dropout")
    if cfg.readout_dim < 0:
        raise ValueError(f"--readout-dim: expected 0 or more, got {cfg.readout_dim}")


PRESETS: dict[str, dict[str, Any]] = {
    # The paper's numbers and equations (section 4.4, as we read them): d = 450, dropout 0.5, no biases, a depth that
    # carries `V H` of what enters a block, and a softmax that reads the end of the row.
    "reencoder_btec": {
        "hidden_size": 450,
        "dropout": 0.5,
        "no_bias": True,
        "depth_priority": 0,
        "embed_dim": 450,
        "embed_scale": 1.0,
        "readout": "end",
    },
    # Trains well on some 25,000 pairs on two CPU cores, with `--optimizer muon --weight-decay 0.1`.
    "reencoder_small": {
        "hidden_size": 160,
        "dropout": 0.15,
        "embed_dropout": 0.25,
        "output_dropout": 0.2,
        "embed_dim": 160,
    },
    # The demo.
    "reencoder_tiny": {"hidden_size": 96, "dropout": 0.1, "embed_dim": 96},
}
