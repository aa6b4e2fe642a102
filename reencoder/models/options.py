"""Options that the grid models share, and how presets are registered."""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.models import MODEL_DATACLASS_REGISTRY, register_model_architecture
from torch import nn

from ..grid import OUTPUT_FORMS, BlockArguments, BlockOptions, GridLSTM, PlaneStack
from ..grid.checks import check_probability
from ..optim.matrices import mark_hidden_matrices


@dataclass
class BlockConfig(FairseqDataclass):
    """Options of the blocks of any grid, and of what the softmax reads of them."""

    hidden_size: int = field(default=100, metadata={"help": "size d of every hidden and memory vector"})
    dropout: float = field(
        default=BlockOptions.dropout, metadata={"help": "dropout of the hidden vectors that leave the blocks"}
    )
    softmax_reads: ChoiceEnum(["hidden", "hidden-memory"]) = field(  # type: ignore[valid-type]
        default="hidden-memory",
        metadata={"help": "what the softmax reads of a state: the hidden vector, or hidden and memory"},
    )
    output_form: ChoiceEnum(list(OUTPUT_FORMS)) = field(  # type: ignore[valid-type]
        default=BlockOptions.output_form,
        metadata={"help": "output of an LSTM transform: tanh(o * m) as in the paper, or the common o * tanh(m)"},
    )
    no_bias: bool = field(
        default=not BlockOptions.bias, metadata={"help": "gates without biases, as the paper writes them"}
    )
    forget_bias: float = field(
        default=BlockOptions.forget_bias,
        metadata={"help": "initial bias of the forget gates (no effect with --no-bias)"},
    )
    init_scale: float = field(
        default=BlockOptions.init_scale,
        metadata={"help": "weights start uniform within +-SCALE / sqrt(number of inputs)"},
    )
    recompute_gates: bool = field(
        default=BlockOptions.recompute_gates,
        metadata={
            "help": "recompute the gates in the backward pass: less than half of the grid's memory, about a third more "
            "time"
        },
    )


@dataclass
class DeepBlockConfig(BlockConfig):
    """Options of a deep grid whose input enters through one projection."""

    layers: int = field(default=5, metadata={"help": "blocks along the depth"})
    untied: bool = field(default=False, metadata={"help": "give each layer weights of its own"})
    input_scale: float = field(
        default=0.0,
        metadata={"help": "weights of the input's projection start uniform within +-SCALE; 0: torch's default"},
    )


@contextmanager
def named_options() -> Iterator[None]:
    """Rewrite an error of the grid library in the block so that it names the command-line option.

    Raises:
        ValueError: the block raised one.
    """
    try:
        yield
    except ValueError as error:
        name, separator, rest = str(error).partition(": ")
        raise ValueError(f"--{name.replace(' ', '-').replace('_', '-')}{separator}{rest}") from None


def block_arguments(cfg: BlockConfig) -> BlockArguments:
    """Keyword arguments of the grid modules.

    Raises:
        ValueError: names the option that is wrong.
    """
    arguments: BlockArguments = {
        "bias": not cfg.no_bias,
        "forget_bias": cfg.forget_bias,
        "output_form": str(cfg.output_form),  # type: ignore[typeddict-item]
        "dropout": cfg.dropout,
        "init_scale": cfg.init_scale,
        "recompute_gates": cfg.recompute_gates,
    }
    with named_options():
        BlockOptions(hidden_size=cfg.hidden_size, **arguments)
    return arguments


def mark_grids(model: nn.Module) -> None:
    """Mark the weights of all grids of a model, gate by gate, as matrices that `--optimizer muon` gives to Muon."""
    for module in model.modules():
        if isinstance(module, GridLSTM):
            mark_hidden_matrices(module.weights, module.options.hidden_size)
        elif isinstance(module, PlaneStack):
            mark_hidden_matrices([*module.weights, *module.depth_weights], module.options.hidden_size)


def check_at_least_one(cfg: Any, *options: str) -> None:
    """Check that options are at least 1.

    Raises:
        ValueError: names the option that is wrong.
    """
    for option in options:
        if getattr(cfg, option) < 1:
            raise ValueError(f"--{option.replace('_', '-')}: expected at least 1, got {getattr(cfg, option)}")


def check_probabilities(cfg: Any, *options: str) -> None:
    """Check that options are probabilities of dropping something, in [0, 1).

    Raises:
        ValueError: names the option that is wrong.
    """
    with named_options():
        for option in options:
            check_probability(option, getattr(cfg, option))


def register_presets(model: str, presets: Mapping[str, Mapping[str, Any]]) -> None:
    """Register architectures of a model.

    Args:
        model: name of the model.
        presets: for each architecture the options that it sets unless the user does.
    """
    for name, values in presets.items():

        @register_model_architecture(model, name)
        def fill_in(args: Any, values: Mapping[str, Any] = values) -> None:
            # A checkpoint from before an option was added lacks it. fairseq fills in the defaults only if the
            # architecture has the model's own name.
            defaults = vars(MODEL_DATACLASS_REGISTRY[model]())
            for option, value in {**defaults, **values}.items():
                if not option.startswith("_") and not hasattr(args, option):
                    setattr(args, option, value)
