"""Models of symbols: the 1-LSTM and 2-LSTM, and what the paper compares them with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from fairseq.data import Dictionary
from fairseq.models import ARCH_CONFIG_REGISTRY
from torch import Tensor

from reencoder.grid import State
from reencoder.models.sequence import GridLSTM2dConfig, GridLSTM2dModel, StackedLSTM, StackedLSTMConfig
from reencoder.models.string import FeedForward, FeedForwardConfig, GridLSTM1dConfig, GridLSTM1dModel
from reencoder.models.symbols import SymbolModel
from reencoder.tasks.symbol_dictionary import SymbolDictionary


def task(symbols: str, positions: tuple[int, int] | int | None) -> Any:
    """As much of a task as these models are built from: dictionaries and lengths, in fairseq's own names."""
    dictionary = SymbolDictionary(symbols)
    return SimpleNamespace(source_dictionary=dictionary, target_dictionary=dictionary, max_positions=lambda: positions)


STRING_MODELS: list[tuple[Any, Any]] = [(GridLSTM1dModel, GridLSTM1dConfig), (FeedForward, FeedForwardConfig)]
SEQUENCE_MODELS: list[tuple[Any, Any]] = [(GridLSTM2dModel, GridLSTM2dConfig), (StackedLSTM, StackedLSTMConfig)]


@pytest.mark.parametrize(("model", "config"), STRING_MODELS)
def test_models_of_strings_are_built_from_dictionaries_and_lengths(model: Any, config: Any) -> None:
    built = model.build_model(config(hidden_size=4, layers=2), task("01", (9, 1)))
    assert built(torch.zeros(3, 9, dtype=torch.long)).logits.shape == (3, 1, 2)
    assert model.build_model(config(hidden_size=4), task("01", 9))(torch.zeros(1, 9)).logits.shape == (1, 1, 2)
    for wrong, message in (
        (task("0123456789-", (10, 10)), "this task has 11 symbols"),
        (task("01", None), "no maximum"),
    ):
        with pytest.raises(ValueError, match=f"{message}.*choose a task of strings"):
            model.build_model(config(), wrong)


@pytest.mark.parametrize(("model", "config"), SEQUENCE_MODELS)
def test_models_of_sequences_are_built_from_any_dictionaries(model: Any, config: Any) -> None:
    """Also from fairseq's own, as a language model has them, and for sequences of any length."""
    words = Dictionary()
    for word in "abcd":
        words.add_symbol(word)
    lm = SimpleNamespace(source_dictionary=words, target_dictionary=words, max_positions=lambda: None)
    built = model.build_model(config(hidden_size=4, layers=2), lm)
    for length in (1, 7):
        assert built(torch.full((3, length), 5)).logits.shape == (3, length, len(words))


@pytest.mark.parametrize(("model", "config"), SEQUENCE_MODELS)
@pytest.mark.parametrize("untied", [False, True])
def test_a_sequence_goes_on_in_the_next_call(model: Any, config: Any, untied: bool) -> None:
    torch.manual_seed(1)
    built: SymbolModel = model(config(hidden_size=6, layers=3, untied=untied), 5, 7).double()
    tokens = torch.randint(0, 5, (2, 11), generator=torch.Generator().manual_seed(1))
    whole = built(tokens)
    states: State | None = None
    pieces: list[Tensor] = []
    for piece in tokens.split([4, 1, 6], dim=1):
        logits, states = built(piece, states=states)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole.logits, rtol=1e-12, atol=1e-12)
    assert states is not None and whole.states is not None
    for mine, expected in zip(states, whole.states, strict=True):
        assert mine.shape == (3, 2, 6)
        torch.testing.assert_close(mine, expected, rtol=1e-12, atol=1e-12)


# Baselines


def size_of(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("untied", [False, True])
def test_baselines_have_the_sizes_of_their_equations(untied: bool) -> None:
    d, layers = 12, 3
    copies = layers if untied else 1
    stacked = StackedLSTM(StackedLSTMConfig(hidden_size=d, layers=layers, untied=untied), 11, 11)
    assert size_of(stacked) == 11 * d + copies * (4 * d * 2 * d + 8 * d) + (d + 1) * 11
    assert stacked(torch.zeros(2, 7, dtype=torch.long)).logits.shape == (2, 7, 11)
    net = FeedForward(FeedForwardConfig(hidden_size=d, layers=layers, untied=untied, activation="relu"), 20, 2)
    assert size_of(net) == 21 * d + copies * (d + 1) * d + (d + 1) * 2
    assert net(torch.ones(2, 20, dtype=torch.long)).logits.shape == (2, 1, 2)


def test_baselines_start_as_their_options_say() -> None:
    d = 16
    options: Any = {"hidden_size": d, "layers": 2}
    stacked = StackedLSTM(StackedLSTMConfig(**options, untied=True, forget_bias=3.0), 5, 5)
    for layer in range(2):
        bias = getattr(stacked.lstm, f"bias_ih_l{layer}")
        assert torch.equal(bias[d : 2 * d], torch.full((d,), 3.0))  # torch's order: input, forget, candidate, output
        assert bias[:d].abs().max() < 1 and bias[2 * d :].abs().max() < 1
    for activation, function in (("relu", torch.relu), ("tanh", torch.tanh)):
        net = FeedForward(FeedForwardConfig(**options, activation=activation, input_scale=4.0), 20, 2)
        assert 3.5 < net.project.weight.abs().max() <= 4.0
        bits = torch.randint(0, 2, (3, 20), generator=torch.Generator().manual_seed(1))
        values = function(net.project(bits.float()))
        for _ in range(2):
            values = function(net.hidden[0](values))
        assert torch.equal(net(bits).logits, net.output(values).unsqueeze(1))


def test_an_untied_stacked_lstm_with_equal_layers_is_a_tied_one() -> None:
    tied = StackedLSTM(StackedLSTMConfig(hidden_size=8, layers=3, untied=False), 5, 5)
    untied = StackedLSTM(StackedLSTMConfig(hidden_size=8, layers=3, untied=True), 5, 5)
    state = tied.state_dict()
    for name in list(state):
        if name.startswith("lstm."):
            state |= {name.replace("_l0", f"_l{layer}"): state[name] for layer in (1, 2)}
    untied.load_state_dict(state)
    tokens = torch.randint(0, 5, (4, 9), generator=torch.Generator().manual_seed(1))
    assert torch.allclose(tied(tokens).logits, untied(tokens).logits, atol=1e-6)


# Grid LSTMs

GRID = {"hidden_size": 12, "layers": 3, "dropout": 0.0, "output_form": "tanh_om", "no_bias": False}
GRID |= {"forget_bias": 1.0, "init_scale": 1.7, "input_scale": 0.0, "depth_priority": 0, "recompute_gates": False}
GRID |= {"input_init": "uniform"}


@pytest.mark.parametrize("untied", [False, True])
@pytest.mark.parametrize("softmax_reads", ["hidden", "hidden-memory"])
def test_grid_lstms_have_the_sizes_of_their_equations(untied: bool, softmax_reads: str) -> None:
    d, copies = 12, 3 if untied else 1
    read = 2 * d if softmax_reads == "hidden-memory" else d
    cfg: Any = SimpleNamespace(**GRID, untied=untied, softmax_reads=softmax_reads, depth="lstm")
    deep = GridLSTM1dModel(cfg, 20, 2)
    assert size_of(deep) == 21 * 2 * d + copies * (d + 1) * 4 * d + (read + 1) * 2
    assert deep(torch.ones(2, 20, dtype=torch.long)).logits.shape == (2, 1, 2)
    grid = GridLSTM2dModel(cfg, 11, 11)
    transform = 4 * d * (2 * d + 1)  # one along time and one along depth
    assert size_of(grid) == 12 * 2 * d + copies * 2 * transform + (read + 1) * 11
    assert grid(torch.zeros(2, 7, dtype=torch.long)).logits.shape == (2, 7, 11)


def test_options_of_grid_lstms_reach_the_grid() -> None:
    cfg: Any = SimpleNamespace(**GRID | {"forget_bias": 2.5, "input_scale": 3.0, "output_form": "o_tanhm"})
    cfg.untied, cfg.softmax_reads, cfg.depth = False, "hidden", "lstm"
    for model in (GridLSTM1dModel(cfg, 20, 2), GridLSTM2dModel(cfg, 11, 11)):
        assert model.grid.grid.options.output_form == "o_tanhm"
        biases = torch.cat([bias.flatten() for bias in model.grid.grid.biases])
        assert int((biases == 2.5).sum()) == 12 * len(model.grid.grid.dimensions)
        weight = model.grid.project.linear.weight
        assert 2.5 < weight.abs().max() <= 3.0
    cfg.depth_priority = 1
    assert [dim.priority for dim in GridLSTM2dModel(cfg, 11, 11).grid.grid.dimensions] == [0, 1]


def test_presets_fill_in_what_is_not_given() -> None:
    args = SimpleNamespace(layers=7)
    ARCH_CONFIG_REGISTRY["grid_lstm_2d_memorization"](args)
    given = {"layers": 7, "hidden_size": 100, "input_scale": 2.0, "forget_bias": 3.0}
    defaults = {name: value for name, value in vars(GridLSTM2dConfig()).items() if not name.startswith("_")}
    assert vars(args) == defaults | given and defaults["init_scale"] == 1.7


@pytest.mark.parametrize("depth", ["identity", "tanh", "relu"])
def test_a_depth_without_cells_has_no_memory_to_read(depth: str) -> None:
    cfg: Any = SimpleNamespace(**GRID, untied=False, softmax_reads="hidden-memory", depth=depth)
    grid = GridLSTM2dModel(cfg, 5, 5)
    assert grid.readout.output.in_features == 12
    assert grid(torch.zeros(2, 4, dtype=torch.long)).logits.shape == (2, 4, 5)


def test_a_2lstm_predicts_from_what_it_has_read_so_far() -> None:
    cfg: Any = SimpleNamespace(**GRID, untied=False, softmax_reads="hidden-memory", depth="lstm")
    grid = GridLSTM2dModel(cfg, 6, 6)
    tokens = torch.randint(0, 6, (3, 8), generator=torch.Generator().manual_seed(1))
    changed = tokens.clone()
    changed[:, 5] = (changed[:, 5] + 1) % 6
    before, after = grid(tokens).logits, grid(changed).logits
    assert torch.allclose(before[:, :5], after[:, :5], atol=1e-6)
    assert not torch.allclose(before[:, 5:], after[:, 5:], atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": 0}, "--layers: expected at least 1, got 0"),
        ({"hidden_size": 0}, "--hidden-size: expected at least 1, got 0"),
        ({"dropout": 1.0}, "--dropout: expected a probability in"),
        ({"init_scale": 0.0}, "--init-scale: expected above 0"),
        ({"input_scale": -1.0}, "--input-scale: expected 0 or more, got -1.0"),
        ({"recompute_gates": True, "depth_priority": 1}, "--recompute-gates: only the fused engine supports it"),
        ({"depth_priority": 2}, "--depth-priority: expected 0 or 1, got 2"),
    ],
)
def test_bad_options_of_models_are_named(change: dict[str, float], message: str) -> None:
    cfg: Any = SimpleNamespace(**{**GRID, "untied": False, "softmax_reads": "hidden", "depth": "lstm", **change})
    with pytest.raises(ValueError, match=message):
        GridLSTM2dModel(cfg, 5, 5)


def test_no_bias_goes_with_a_preset_that_sets_a_forget_bias() -> None:
    """The same rule for all models: without biases, the initial value of one has no effect."""
    args = SimpleNamespace(no_bias=True)
    ARCH_CONFIG_REGISTRY["grid_lstm_2d_small"](args)
    model = GridLSTM2dModel(GridLSTM2dConfig(**vars(args)), 5, 5)
    assert not list(model.grid.grid.biases) and args.forget_bias == 3.0
