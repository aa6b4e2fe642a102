"""Every option of the models reaches what it is for: an option that is not handed on would train another model."""

from __future__ import annotations

import math
from argparse import Namespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reencoder.grid import State
from reencoder.models.options import BlockConfig, block_arguments, register_presets
from reencoder.models.readout import OutputLayer, StateLogits
from reencoder.models.reencoder import ReencoderModel
from reencoder.models.reencoder_config import ReencoderConfig
from reencoder.models.sequence import GridLSTM2dConfig, GridLSTM2dModel, StackedLSTM, StackedLSTMConfig
from reencoder.models.string import FeedForward, FeedForwardConfig, GridLSTM1dConfig, GridLSTM1dModel
from tests.test_models_reencoder import PAD, Task, build, logits, sentences

BLOCK: dict[str, Any] = {"output_form": "o_tanhm", "dropout": 0.4, "init_scale": 0.6, "forget_bias": 2.5}


def largest(weight: Tensor) -> float:
    return weight.abs().max().item()


def test_options_of_blocks_are_the_grids() -> None:
    assert block_arguments(BlockConfig(**BLOCK, no_bias=True, recompute_gates=True)) == {
        **BLOCK, "bias": False, "recompute_gates": True
    }  # fmt: skip
    options = build(**BLOCK, recompute_gates=True, layers=3, depth_priority=1, upper_target="continue").decoder.grid
    found = options.stack.options
    assert {name: getattr(found, name) for name in BLOCK} == BLOCK
    assert found.recompute_gates and found.layers == 3 and found.depth_priority == 1
    assert found.continued == (True, False) and not found.depth_output
    assert build(no_bias=True).decoder.grid.stack.options.bias is False
    for upper in ("word", "zero"):
        assert build(upper_target=upper).decoder.grid.stack.options.continued == (False, False)
    assert build(readout="max").decoder.grid.stack.options.depth_output


@pytest.mark.parametrize(
    ("model", "config", "inputs"),
    [
        (GridLSTM2dModel, GridLSTM2dConfig, (4, 4)),
        (GridLSTM1dModel, GridLSTM1dConfig, (16, 2)),
    ],
    ids=["2d", "1d"],
)
def test_options_of_deep_grids_are_the_grids(model: Any, config: Any, inputs: tuple[int, int]) -> None:
    size = 30
    built = model(config(hidden_size=size, layers=3, untied=True, input_scale=7.0, **BLOCK), *inputs)
    weights, biases = built.grid.grid.weights, built.grid.grid.biases
    assert all(3 in weight.shape[:2] and largest(weight) <= 0.6 / weight.size(-1) ** 0.5 for weight in weights)
    assert all(largest(bias) == 2.5 for bias in biases)
    assert 6 < largest(built.grid.project.linear.weight) <= 7
    assert built.grid.grid.options.dropout == 0.4 and built.grid.grid.options.output_form == "o_tanhm"
    for reads, factor in (("hidden", 1), ("hidden-memory", 2)):
        assert model(config(hidden_size=size, softmax_reads=reads), *inputs).readout.output.in_features == factor * size


def test_depth_of_the_2lstm() -> None:
    tokens = torch.tensor([[0, 1, 2, 3]])
    torch.manual_seed(0)
    plain = GridLSTM2dModel(GridLSTM2dConfig(hidden_size=4, layers=2), 4, 4)
    first = GridLSTM2dModel(GridLSTM2dConfig(hidden_size=4, layers=2, depth_priority=1), 4, 4)
    first.load_state_dict(plain.state_dict())
    assert not torch.allclose(plain(tokens).logits, first(tokens).logits, atol=1e-4)


def test_forget_bias_and_layers_of_the_stacked_lstm() -> None:
    model = StackedLSTM(StackedLSTMConfig(hidden_size=5, layers=3, untied=True, forget_bias=4.0), 6, 6)
    for layer in range(3):
        bias = getattr(model.lstm, f"bias_ih_l{layer}")  # torch's gates: input, forget, candidate, output
        assert bias[5:10].tolist() == [4.0] * 5 and largest(bias[:5]) < 1 and largest(bias[10:]) < 1


def test_initial_values_of_the_stacked_lstm() -> None:
    """Where the options say nothing they are torch's: +-1 / sqrt(16) and a standard normal distribution."""
    given: dict[str, Any] = {"init_scale": 2.0, "input_scale": 0.5}
    for scales, bound, vectors in (({}, 0.25, 2.0), (given, 2 / 32**0.5, 0.5)):
        model = StackedLSTM(StackedLSTMConfig(hidden_size=16, layers=2, untied=True, **scales), 50, 6)
        for name, parameter in model.lstm.named_parameters():
            if name.startswith("weight"):
                assert 0.95 * bound < largest(parameter) <= bound
        assert (largest(model.embed.weight) <= 0.5) == (vectors == 0.5) and largest(model.embed.weight) > 0.9 * vectors
    for option in given:
        with pytest.raises(ValueError, match=f"--{option.replace('_', '-')}: expected 0 or more"):
            StackedLSTM(StackedLSTMConfig(**{**given, option: -1.0}), 5, 5)


def test_options_of_feed_forward_nets() -> None:
    strings = torch.randint(0, 2, (64, 6))
    for activation, function in (("tanh", torch.tanh), ("relu", torch.relu)):
        model = FeedForward(FeedForwardConfig(hidden_size=8, layers=2, activation=activation, input_scale=5.0), 6, 2)
        assert 4 < largest(model.project.weight) <= 5
        values = function(model.project(strings.float()))
        for _ in range(2):
            values = function(model.hidden[0](values))
        torch.testing.assert_close(model(strings).logits[:, 0], model.output(values))


@pytest.mark.parametrize(
    ("model", "config"), [(GridLSTM1dModel, GridLSTM1dConfig), (FeedForward, FeedForwardConfig)], ids=["1d", "net"]
)
def test_signs_tell_the_parity_of_all_bits(model: Any, config: Any) -> None:
    built = model(config(hidden_size=8, layers=2, input_scale=0.5, input_init="signs"), 20, 2)
    project = built.project if model is FeedForward else built.grid.project.linear
    assert set(project.weight.unique().tolist()) == {-0.5, 0.5}
    strings = torch.randint(0, 2, (64, 20))
    sums = (strings.float() @ project.weight.t()) / 0.5
    assert torch.equal(sums.long() % 2, strings.sum(dim=1, keepdim=True).expand_as(sums) % 2)
    with pytest.raises(ValueError, match="--input-init signs: --input-scale 0 leaves torch's weights"):
        model(config(hidden_size=8, layers=2, input_init="signs"), 20, 2)


def test_word_vectors_start_as_the_options_say() -> None:
    class ManyWords(Task):
        def __init__(self) -> None:
            super().__init__()
            for n in range(500):
                self.source_dictionary.add_symbol(f"more{n}")

    torch.manual_seed(0)
    options: dict[str, Any] = {
        "hidden_size": 20,
        "embed_dim": 10,
        "embed_std": 0.6,
        "embed_scale": 3.0,
        "init_scale": 0.5,
        "readout": "end",
    }
    config = build(**options, embed_dropout=0.15, word_dropout=0.05)  # checks the options
    assert config.encoder.words.dropout == config.decoder.words.dropout == 0.15
    assert config.encoder.words.word_dropout == config.decoder.words.word_dropout == 0.05
    model = ReencoderModel.build_model(ReencoderConfig(**options), ManyWords())
    for words in (model.encoder.words, model.decoder.words):
        vectors = words.embed_tokens.weight
        assert 0.19 < vectors[PAD + 1 :].std().item() < 0.21 and not vectors[PAD].any()
        for projection in words.projections.values():
            bound = 0.5 / 10**0.5
            assert 0.95 * bound < largest(projection.weight) <= bound


@pytest.mark.parametrize("source", ["word", "zero"])
@pytest.mark.parametrize("target", ["word", "zero", "continue"])
def test_words_enter_the_layers_that_the_options_name(source: str, target: str) -> None:
    model = build(upper_source=source, upper_target=target, layers=3)
    assert model.encoder.words.layers == ((0, 1, 2) if source == "word" else (0,))
    assert model.decoder.words.layers == ((0, 1, 2) if target == "word" else (0,))


def test_words_are_dropped_but_not_their_special_symbols() -> None:
    words = build(word_dropout=0.5).encoder.words.train()
    tokens = torch.tensor([[4, 5, 6, 7, 2, PAD]]).repeat(200, 1)
    vectors = words.vectors(tokens)  # (positions, batch, e)
    table = words.embed_scale * words.embed_tokens.weight
    dropped = (vectors == table[words.unknown]).all(dim=-1)
    assert 0.4 < dropped[:4].float().mean() < 0.6 and not dropped[4:].any()
    assert (vectors[4] == table[2]).all() and not vectors[5].any()
    thinned = build(embed_dropout=0.5).encoder.words.train()
    assert 0.4 < (thinned.vectors(tokens)[:4] == 0).float().mean() < 0.6


def test_options_of_the_readout() -> None:
    decoder = build(readout="lexical-attention", readout_heads=3, readout_dim=5, output_dropout=0.3).decoder
    assert (decoder.readout.heads, decoder.readout.dropout, decoder.output_dropout) == (3, 0.3, 0.3)
    assert decoder.readout.reads_memory and not build(softmax_reads="hidden").decoder.readout.reads_memory
    assert decoder.hidden_layer is not None and decoder.hidden_layer.out_features == 5
    model = build(output_dropout=0.5)
    (source,), (target,) = sentences(4), sentences(3, first=2)
    first = logits(model, source[None], target[None])
    assert torch.equal(first, logits(model, source[None], target[None]))
    dropped = model.decoder.train().output_layer(torch.ones(1, 12, dtype=torch.float64))
    assert not torch.equal(dropped, model.decoder.output_layer(torch.ones(1, 12, dtype=torch.float64)))


def test_lexical_features_are_dropped() -> None:
    readout = build(hidden_size=16, embed_dim=40, readout="lexical-attention", output_dropout=0.5).decoder.readout
    state = torch.ones(3, 2, 16, dtype=torch.float64)
    inputs = ((state, state), torch.ones(4, 3, 2, 16).double(), torch.ones(4, 2, 40).double(), torch.ones(4, 2) > 0)
    lexical = readout.train()(*inputs).features[..., -40:]
    assert lexical.unique().tolist() == pytest.approx([0.0, 2 * math.tanh(1.0)])


def test_the_order_of_what_the_softmax_reads_is_hidden_then_memory() -> None:
    readout = StateLogits(3, 5, reads_memory=True)
    hidden, memory = torch.randn(2, 4, 3)
    weight, bias = readout.output.weight, readout.output.bias
    expected = hidden @ weight[:, :3].t() + memory @ weight[:, 3:].t() + bias
    torch.testing.assert_close(readout(State(hidden, memory)), expected)
    alone = StateLogits(3, 5, reads_memory=False)
    torch.testing.assert_close(alone(State(hidden, memory)), alone.output(hidden))


def test_a_shared_softmax_uses_the_word_vectors_scaled() -> None:
    embedding = nn.Embedding(300, 64)
    layer = OutputLayer(64, 300, embedding)
    assert layer.output.weight is embedding.weight and not layer.output.bias.any()
    features = torch.randn(50, 64)
    torch.testing.assert_close(layer(features), features @ embedding.weight.t() / 8)
    projected = OutputLayer(20, 300, embedding)
    assert projected.project is not None
    few = torch.randn(5, 20)
    torch.testing.assert_close(projected(few), projected.project(few) @ embedding.weight.t() / 8)
    assert not OutputLayer(20, 30).output.bias.any()
    model = build(share_decoder_input_output_embed=True, embed_dim=5)
    assert model.decoder.output.output.weight is model.decoder.words.embed_tokens.weight
    assert build().decoder.output.output.weight is not build().decoder.words.embed_tokens.weight


def test_presets_leave_what_the_user_gives() -> None:
    from fairseq.models import ARCH_CONFIG_REGISTRY

    register_presets("reencoder", {"preset_of_a_test": {"hidden_size": 3, "dropout": 0.7}})
    given = Namespace(hidden_size=9)
    ARCH_CONFIG_REGISTRY["preset_of_a_test"](given)
    assert (given.hidden_size, given.dropout) == (9, 0.7)
