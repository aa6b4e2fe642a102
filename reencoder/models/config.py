"""Options of `--arch reencoder` and its presets."""

# No `from __future__ import annotations`: fairseq reads the types of the fields to build its options.
from dataclasses import dataclass, field
from typing import Any

from fairseq.dataclass import ChoiceEnum, FairseqDataclass

from ..grid.block import OUTPUT_FORMS
from ..grid.reencoder_grid import GridOptions


@dataclass
class ReencoderConfig(FairseqDataclass):
    """What a Reencoder may vary; the defaults are what learned best on real text (docs/results.md)."""

    hidden_size: int = field(default=256, metadata={"help": "size d of every hidden and memory vector of the grid"})
    grid_layers: int = field(
        default=2,
        metadata={"help": "planes of source x target blocks; each scans the source the other way round (the paper: 2)"},
    )
    dropout: float = field(default=0.3, metadata={"help": "dropout on the hidden vectors within the blocks"})
    embed_dim: int = field(
        default=256,
        metadata={
            "help": "size of the word vectors, which are then projected to a (hidden, memory) pair for each plane; "
            "0: a word vector is the pair itself, 2 * d values"
        },
    )
    upper_columns: ChoiceEnum(["zero", "word"]) = field(  # type: ignore[valid-type]
        default="word",
        metadata={"help": "what enters the columns of the upper planes: nothing, or the source words again"},
    )
    upper_rows: ChoiceEnum(["zero", "word", "continue"]) = field(  # type: ignore[valid-type]
        default="continue",
        metadata={
            "help": "where the rows of the upper planes start: from zeros, from the target word again, or from the "
            "states with which the plane below ended the row"
        },
    )
    depth_reads: ChoiceEnum(["input", "output"]) = field(  # type: ignore[valid-type]
        default="output",
        metadata={
            "help": "whether the depth connection carries the hidden vectors that enter a block, or those that leave "
            "it (depth as a priority dimension)"
        },
    )
    softmax_reads: ChoiceEnum(["hidden", "hidden-memory"]) = field(  # type: ignore[valid-type]
        default="hidden-memory",
        metadata={"help": "what the softmax reads at the end of a row: the hidden vector, or hidden and memory"},
    )
    share_decoder_input_output_embed: bool = field(
        default=False, metadata={"help": "one matrix for the target word vectors and the softmax"}
    )
    output_form: ChoiceEnum(list(OUTPUT_FORMS)) = field(  # type: ignore[valid-type]
        default="tanh_om",
        metadata={"help": "output of an LSTM transform: tanh(o * m) as in the paper, or the common o * tanh(m)"},
    )
    no_bias: bool = field(default=False, metadata={"help": "gates without biases, as the paper writes them"})
    forget_bias: float = field(default=3.0, metadata={"help": "initial bias of the forget gates"})
    init_scale: float = field(
        default=1.7, metadata={"help": "weights start uniform within +-SCALE / sqrt(number of inputs)"}
    )
    recompute_gates: bool = field(
        default=False,
        metadata={"help": "compute gates again in the backward pass: about half the memory, about 1.3 times the time"},
    )
    embed_std: float = field(default=1.0, metadata={"help": "standard deviation with which word vectors start"})

    def grid_options(self) -> GridOptions:
        """The options of the grid; see `grid_options`."""
        return grid_options(self)


def grid_options(cfg: Any) -> GridOptions:
    """Check `cfg`, a `ReencoderConfig` or what fairseq made of one, and return the grid's part of it.

    Raises:
        ValueError: names the option that is wrong, or the options that exclude each other, and what to do.
    """
    if cfg.embed_dim < 0:
        raise ValueError(f"--embed-dim: expected 0 or more, got {cfg.embed_dim}")
    if cfg.embed_std <= 0 or cfg.init_scale <= 0:
        raise ValueError("--embed-std and --init-scale must be above 0: a net of zeros does not learn")
    if cfg.share_decoder_input_output_embed and cfg.embed_dim == 0 and cfg.softmax_reads == "hidden":
        raise ValueError(
            "--share-decoder-input-output-embed: word vectors of 2 * d values cannot score a hidden vector of d: "
            "use --softmax-reads hidden-memory or give --embed-dim"
        )
    return GridOptions(
        hidden_size=cfg.hidden_size,
        layers=cfg.grid_layers,
        dropout=cfg.dropout,
        rows_continue=cfg.upper_rows == "continue" and cfg.grid_layers > 1,
        depth_reads=cfg.depth_reads,
        output_form=cfg.output_form,
        bias=not cfg.no_bias,
        forget_bias=0.0 if cfg.no_bias else cfg.forget_bias,
        init_scale=cfg.init_scale,
        recompute=cfg.recompute_gates,
    )


PRESETS: dict[str, dict[str, Any]] = {
    # The paper's numbers and equations (section 4.4, as we read them): d = 450, dropout 0.5, no biases, depth
    # carries `V H`.
    "reencoder_btec": {"hidden_size": 450, "dropout": 0.5, "no_bias": True, "depth_reads": "input", "embed_dim": 450},
    # What trains well on some 25,000 pairs on two CPU cores.
    "reencoder_small": {"hidden_size": 160, "dropout": 0.25, "embed_dim": 160},
    # The demo.
    "reencoder_tiny": {"hidden_size": 96, "dropout": 0.1, "embed_dim": 96},
}
