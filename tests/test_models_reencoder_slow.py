"""The whole Reencoder against a slow model that is written from the paper, with every option at each of its values."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from reencoder.grid.modules import plane_stack, reencoder_grid
from reencoder.models.reencoder_config import ReencoderConfig
from tests.slow_reencoder import SlowReencoder
from tests.test_models_reencoder import SOURCES, TARGETS, batch, build

ATTENTION = {"readout": "attention", "readout_heads": 3}
LEXICAL = {"readout": "lexical-attention", "readout_heads": 3}
VALUES: dict[str, list[dict[str, Any]]] = {
    "hidden_size": [{}, {"hidden_size": 3}],
    "layers": [{"layers": 1}, {"layers": 2}, {"layers": 3}],
    "embed_dim": [{"embed_dim": 0}, {"embed_dim": 5}],
    "upper_source": [{"upper_source": "word"}, {"upper_source": "zero"}],
    "upper_target": [{"upper_target": "continue"}, {"upper_target": "word"}, {"upper_target": "zero"}],
    "depth_priority": [{"depth_priority": 0}, {"depth_priority": 1}, {"depth_priority": 0, **ATTENTION}],
    "softmax_reads": [{"softmax_reads": "hidden"}, {"softmax_reads": "hidden-memory"}],
    "output_form": [{"output_form": "tanh_om"}, {"output_form": "o_tanhm"}],
    "no_bias": [{"no_bias": True}, {"no_bias": False}],
    "readout": [{"readout": kind} for kind in ("end", "max", "attention", "lexical-attention")],
    "readout_heads": [{"readout": "attention", "readout_heads": heads} for heads in (1, 2, 3, 6)],
    "readout_dim": [{"readout_dim": 7}, {**LEXICAL, "readout_dim": 7}, {**LEXICAL, "embed_dim": 0}],
    "embed_scale": [{"embed_scale": 3.0, "embed_dim": 0}, {**LEXICAL, "embed_scale": 0.5}],
    "share_decoder_input_output_embed": [
        {"share_decoder_input_output_embed": True, "embed_dim": 0},
        {"share_decoder_input_output_embed": True, "embed_dim": 5},
        {"share_decoder_input_output_embed": True, "embed_dim": 5, "readout_dim": 5},
        {"share_decoder_input_output_embed": True, "embed_dim": 5, "embed_scale": 2.0},
        {"share_decoder_input_output_embed": True, "embed_dim": 0, "softmax_reads": "hidden"},
        {"share_decoder_input_output_embed": True, "embed_dim": 0, "softmax_reads": "hidden", **LEXICAL},
    ],
    "recompute_gates": [{"recompute_gates": True}],
}
"""For each option that changes the function the values to try; others change the start or the training only."""

TRAINING_ONLY = {"dropout", "forget_bias", "init_scale", "embed_std", "embed_dropout", "word_dropout", "output_dropout"}
CASES = [(name, number) for name, values in VALUES.items() for number in range(len(values))]


def test_every_option_is_tried() -> None:
    assert {*VALUES, *TRAINING_ONLY} == set(ReencoderConfig.__dataclass_fields__) - {"_name"}


@pytest.mark.parametrize(("name", "number"), CASES)
def test_the_model_is_the_slow_model(name: str, number: int) -> None:
    options = {"readout_heads": 2, "embed_dim": 4, **VALUES[name][number]}
    model = build(**options)
    slow = SlowReencoder(model.state_dict(), ReencoderConfig(**{"hidden_size": 6, "readout": "end", **options}))
    logits, extra = model(batch(SOURCES, left=True), None, batch(TARGETS))
    for b, (source, target) in enumerate(zip(SOURCES, TARGETS, strict=True)):
        expected, weights = slow.logits(source.tolist(), target.tolist())
        torch.testing.assert_close(logits[b, : len(target)], expected, rtol=1e-11, atol=1e-13)
        if weights is None:
            assert extra["attn"] == [None]
        else:
            found = extra["attn"][0][b, : len(target)]  # sources are padded on the left
            torch.testing.assert_close(found[:, -len(source) :], weights, rtol=1e-11, atol=1e-13)
            assert not found[:, : -len(source)].any()


@pytest.mark.parametrize("options", [{}, {"layers": 3, "upper_target": "word"}, {**ATTENTION, "depth_priority": 0}])
def test_dropout_is_where_the_paper_has_it(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """On every hidden vector that enters the grid or leaves a block, whatever reads it next."""
    drawn: list[Tensor] = []
    generator = torch.Generator().manual_seed(5)

    def mask(shape: tuple[int, ...], probability: float, like: Tensor) -> Tensor:
        assert probability == 0.25
        drawn.append(torch.randint(0, 4, shape, generator=generator).clamp(max=1).to(like.dtype) / 0.75)
        return drawn[-1]

    entered: list[Tensor] = []

    def dropout(hidden: Tensor, probability: float, training: bool) -> Tensor:
        if probability == 0.0:  # of word vectors and of the output
            return hidden
        assert probability == 0.25 and training
        entered.append(torch.randint(0, 4, hidden.shape, generator=generator).clamp(max=1).to(hidden.dtype) / 0.75)
        return hidden * entered[-1]

    monkeypatch.setattr(plane_stack, "dropout_mask", mask)
    monkeypatch.setattr(reencoder_grid.F, "dropout", dropout)
    options = {"dropout": 0.25, "embed_dim": 4, **options}
    model = build(**options).train()
    source, target = SOURCES[0], TARGETS[1]
    logits = model(source[None], None, target[None])[0][0]
    monkeypatch.undo()
    assert len(drawn) == model.decoder.layers

    class Dropped(SlowReencoder):
        def enter(self, side: str, word: int, layer: int) -> tuple[Tensor, Tensor]:
            hidden, memory = super().enter(side, word, layer)
            return hidden * self.factors[side].pop(0), memory

        factors: dict[str, list[Tensor]]

    def of_block(layer: int, i: int, j: int) -> tuple[Tensor, Tensor]:
        # a plane's factors lie in the order of its scan, front by front
        extents = len(source), len(target)
        along = i if layer % 2 == 0 else extents[0] - 1 - i
        order = sorted(
            ((a, b) for a in range(extents[0]) for b in range(extents[1])), key=lambda at: (at[0] + at[1], at[0])
        )
        both = drawn[layer][order.index((along, j)), 0]
        return both[:6], both[6:]

    slow = Dropped(model.state_dict(), ReencoderConfig(**{"hidden_size": 6, "readout": "end", **options}), of_block)
    # the grid drops what enters layer by layer, the target's states before the source's
    inputs: dict[str, list[Tensor]] = {"decoder": [], "encoder": []}
    for factors in entered:
        side = "decoder" if factors.size(0) == len(target) else "encoder"
        inputs[side].append(factors[:, 0])
    slow.factors = {
        "encoder": [layer[i] for layer in inputs["encoder"] for i in range(len(source))],
        "decoder": [layer[j] for j in range(len(target)) for layer in inputs["decoder"]],
    }
    assert len(source) != len(target)
    torch.testing.assert_close(logits, slow.logits(source.tolist(), target.tolist())[0], rtol=1e-11, atol=1e-13)
    assert not slow.factors["encoder"] and not slow.factors["decoder"]


def test_word_dropout_replaces_words_and_nothing_else() -> None:
    from reencoder.models.words import WordStates
    from tests.test_models_reencoder import PAD, Task

    torch.manual_seed(1)
    dictionary = Task().source_dictionary
    words = WordStates(
        dictionary,
        hidden_size=6,
        layers=[0],
        embed_dim=4,
        embed_std=1.0,
        embed_scale=1.0,
        init_scale=1.7,
        word_dropout=0.3,
    ).train()
    tokens = torch.randint(0, len(dictionary), (50, 40))
    vectors = words.vectors(tokens).transpose(0, 1)
    table = words.embed_tokens.weight
    kept = (vectors == table[tokens]).all(dim=-1)
    replaced = (vectors == table[dictionary.unk()]).all(dim=-1)
    assert bool((kept | replaced).all())
    special = tokens < dictionary.nspecial
    assert bool(kept[special].all()) and tokens.eq(PAD).any()
    assert 0.25 < float(replaced[~special].double().mean()) < 0.35
    assert torch.equal(words.eval().vectors(tokens).transpose(0, 1), table[tokens])


def test_dropout_of_vectors_and_of_the_output_acts_in_training_only() -> None:
    source, target = batch(SOURCES), batch(TARGETS)
    for options in (
        {"embed_dropout": 0.5},
        {"output_dropout": 0.5},
        {**LEXICAL, "output_dropout": 0.5},
    ):
        model = build(dropout=0.0, **options)
        still = model(source, None, target)[0]
        assert torch.equal(
            still,
            build(dropout=0.0, **{**options, **dict.fromkeys(["embed_dropout", "output_dropout"], 0.0)})(
                source, None, target
            )[0],
        )
        model.train()
        assert not torch.allclose(model(source, None, target)[0], still)


def test_initial_values_are_those_of_the_options() -> None:
    model = build(embed_dim=64, embed_std=0.6, embed_scale=3.0, init_scale=2.5, forget_bias=1.25)
    for side in (model.encoder, model.decoder):
        vectors = side.words.embed_tokens.weight
        assert not vectors[1].any() and 0.18 < float(vectors[2:].detach().std()) < 0.22
        for projection in side.words.projections.values():
            assert 2.4 / 8 < float(projection.weight.detach().abs().max()) <= 2.5 / 8
    stack = model.decoder.grid.stack
    for weight in [*stack.weights, *stack.depth_weights]:
        bound = 2.5 / weight.size(1) ** 0.5
        assert 0.9 * bound < float(weight.detach().abs().max()) <= bound
    for bias in stack.biases:
        assert (bias[12:24] == 1.25).all() and not bias[:12].any() and not bias[24:].any()
