"""Language models: sizes, presets, states in and out, and what fairseq's scorer makes of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from fairseq.models import ARCH_CONFIG_REGISTRY
from fairseq.sequence_scorer import SequenceScorer

from reencoder.grid import State
from reencoder.models.language_model import (
    GridLSTMLanguageModel,
    GridLSTMLanguageModelConfig,
    StackedLSTMLanguageModel,
    StackedLSTMLanguageModelConfig,
)
from reencoder.optim.matrices import hidden_matrix_rows
from reencoder.tasks.symbol_dictionary import SymbolDictionary

HUTTER = 205
"""Symbols of the paper's alphabet."""

MODELS: list[tuple[Any, Any]] = [
    (GridLSTMLanguageModel, GridLSTMLanguageModelConfig),
    (StackedLSTMLanguageModel, StackedLSTMLanguageModelConfig),
]


def preset(name: str, model: Any, config: Any, symbols: int = HUTTER) -> torch.nn.Module:
    """The model of an architecture; it reads one symbol more than it predicts."""
    args = SimpleNamespace()
    ARCH_CONFIG_REGISTRY[name](args)
    with torch.device("meta"):
        built: torch.nn.Module = model(config(**vars(args)), symbols + 1, symbols)
    return built


def size_of(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_papers_numbers_give_the_papers_parameters() -> None:
    """Its 16.8 million: 16 d^2 in the blocks, 2 d for each symbol that is read and for each that is predicted."""
    d = 1000
    paper = 16 * d * d + 2 * d * HUTTER + 2 * d * HUTTER
    assert paper == 16_820_000
    # ours has biases, which the paper does not write, and one symbol more to read
    ours = paper + 8 * d + 2 * d + HUTTER + 2 * d
    assert size_of(preset("grid_lstm_lm_hutter", *MODELS[0])) == ours == 16_832_205
    assert round(ours / 1e6, 1) == round(paper / 1e6, 1) == 16.8


@pytest.mark.parametrize("scale", ["hutter", "small"])
def test_presets_that_are_compared_have_equal_sizes(scale: str) -> None:
    grid, stacked = (
        size_of(preset(f"{name}_{scale}", *model))
        for name, model in zip(("grid_lstm_lm", "stacked_lstm_lm"), MODELS, strict=True)
    )
    assert abs(grid - stacked) < 0.01 * grid


@pytest.mark.parametrize("untied", [False, True])
def test_layers_share_their_weights_unless_untied(untied: bool) -> None:
    d, layers = 6, 3
    model = GridLSTMLanguageModel(GridLSTMLanguageModelConfig(hidden_size=d, layers=layers, untied=untied), 11, 10)
    blocks = (layers if untied else 1) * 2 * 4 * d * (2 * d + 1)
    assert size_of(model) == blocks + 12 * 2 * d + (2 * d + 1) * 10


def test_the_stacked_lstm_has_the_size_of_its_equations() -> None:
    d, layers = 6, 3
    model = StackedLSTMLanguageModel(StackedLSTMLanguageModelConfig(hidden_size=d, layers=layers, untied=True), 11, 10)
    assert size_of(model) == 11 * d + layers * (4 * d * 2 * d + 8 * d) + (d + 1) * 10
    for layer in range(layers):
        biases = [getattr(model.lstm, f"bias_{part}_l{layer}") for part in ("ih", "hh")]
        assert torch.equal(sum(bias[d : 2 * d] for bias in biases), torch.ones(d))  # the forget gate, of both together
    assert [hidden_matrix_rows(weight) for weight in model.lstm.parameters() if weight.dim() == 2] == [d] * 2 * layers


@pytest.mark.parametrize(("model", "config"), MODELS)
def test_a_text_goes_on_in_the_next_call(model: Any, config: Any) -> None:
    torch.manual_seed(1)
    built = model(config(hidden_size=6, layers=3), 6, 5).double().eval()
    tokens = torch.randint(0, 6, (2, 11), generator=torch.Generator().manual_seed(1))
    whole = built(tokens)
    states: State | None = None
    pieces = []
    for piece in tokens.split([4, 1, 6], dim=1):
        output = built(src_tokens=piece, states=states)
        states = output.states
        assert states is not None and states.hidden.shape == states.memory.shape == (3, 2, 6)
        pieces.append(output.logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole.logits, rtol=1e-12, atol=1e-12)
    other = built(src_tokens=tokens[:, 4:])
    assert not torch.allclose(other.logits, whole.logits[:, 4:], atol=1e-4), "states matter"


@pytest.mark.parametrize(("model", "config"), MODELS)
@pytest.mark.parametrize("untied", [False, True])
def test_dropout_acts_between_layers_and_only_in_training(model: Any, config: Any, untied: bool) -> None:
    tokens = torch.randint(0, 6, (2, 11), generator=torch.Generator().manual_seed(1))
    built = model(config(hidden_size=6, layers=3, untied=untied, dropout=0.5), 6, 5)
    assert not torch.equal(built(tokens).logits, built(tokens).logits)
    built.eval()
    plain = model(config(hidden_size=6, layers=3, untied=untied), 6, 5)
    plain.load_state_dict(built.state_dict())
    assert torch.equal(built(tokens).logits, plain(tokens).logits)


@pytest.mark.parametrize(("model", "config"), MODELS)
@pytest.mark.parametrize("softmax_batch", [None, 4])
def test_scores_of_fairseq_are_those_of_the_softmax(model: Any, config: Any, softmax_batch: int | None) -> None:
    """The scorer of fairseq-eval-lm, with more rows than layers, at once and in parts."""
    torch.manual_seed(1)
    built = model(config(hidden_size=6, layers=1), 6, 5).eval()
    tokens = torch.randint(0, 5, (3, 7), generator=torch.Generator().manual_seed(1))
    scorer = SequenceScorer(SymbolDictionary("abcde"), softmax_batch)
    found = scorer.generate([built], {"net_input": {"src_tokens": tokens}, "target": tokens})
    expected = torch.log_softmax(built(tokens).logits, dim=-1).gather(2, tokens[..., None])[..., 0]
    for row, [hypothesis] in enumerate(found):
        torch.testing.assert_close(hypothesis["positional_scores"], expected[row].detach())


@pytest.mark.parametrize(
    ("model", "change", "message"),
    [
        (0, {"layers": 0}, "--layers: expected at least 1, got 0"),
        (1, {"layers": 0}, "--layers: expected at least 1, got 0"),
        (1, {"hidden_size": 0}, "--hidden-size: expected at least 1, got 0"),
        (1, {"dropout": 1.0}, "--dropout: expected a probability"),
    ],
)
def test_bad_options_are_named(model: int, change: dict[str, Any], message: str) -> None:
    built, config = MODELS[model]
    with pytest.raises(ValueError, match=message):
        built(config(**change), 6, 5)
