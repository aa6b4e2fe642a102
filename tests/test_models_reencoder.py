"""The fairseq model: padding, batches, incremental decoding, options and presets."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
import torch
from fairseq.data import Dictionary
from torch import Tensor

from reencoder.models.reencoder import IncrementalState, ReencoderModel
from reencoder.models.reencoder_config import PRESETS, ReencoderConfig, check_options
from reencoder.models.row_readout import winners
from reencoder.optim.matrices import hidden_matrix_rows
from reencoder.tasks.symbol_dictionary import SymbolDictionary

PAD, EOS = 1, 2


def assert_same(mine: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(mine, expected, rtol=1e-11, atol=1e-13)


VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "three layers, depth has priority": {"layers": 3, "depth_priority": 1},
    "depth without priority": {"depth_priority": 0},
    "rows continue, projected words": {"upper_target": "continue", "embed_dim": 5},
    "one layer": {"layers": 1},
    "words enter the first layer only": {"upper_target": "zero", "upper_source": "zero"},
    "words enter all layers": {"upper_target": "word", "upper_source": "word"},
    "softmax reads hidden": {"softmax_reads": "hidden"},
    "shared embeddings": {"share_decoder_input_output_embed": True},
    "shared projected embeddings": {"share_decoder_input_output_embed": True, "embed_dim": 5},
    "as the paper writes it": {"no_bias": True, "depth_priority": 0, "upper_target": "zero", "upper_source": "zero"},
    "common output": {"output_form": "o_tanhm"},
    "maximum over the row": {"readout": "max"},
    "sum over the row": {"readout": "attention", "readout_heads": 3, "readout_dim": 5},
    "lexical readout": {"readout": "lexical-attention", "readout_heads": 2, "embed_dim": 5},
    "lexical readout of pairs": {"readout": "lexical-attention", "embed_dim": 0, "readout_heads": 1},
}


class Task:
    """As much of a task as a model is built from."""

    def __init__(self) -> None:
        self.source_dictionary = self.target_dictionary = Dictionary()
        for symbol in range(12):
            self.source_dictionary.add_symbol(f"w{symbol}")

    def max_positions(self) -> tuple[int, int]:
        return 50, 60


def build(**options: Any) -> ReencoderModel:
    torch.manual_seed(0)
    model: ReencoderModel = ReencoderModel.build_model(
        ReencoderConfig(**{"hidden_size": 6, "readout": "end", **options}), Task()
    )
    return model.double().eval()


def sentences(*lengths: int, first: int | None = None) -> list[Tensor]:
    """Random words, then (or, with `first`, before) the end symbol."""
    generator = torch.Generator().manual_seed(3)
    drawn = [torch.randint(4, 16, (length - 1,), generator=generator) for length in lengths]
    end = torch.tensor([EOS])
    return [torch.cat([end, words] if first is not None else [words, end]) for words in drawn]


def batch(rows: list[Tensor], left: bool = False, extra: int = 0) -> Tensor:
    width = max(len(row) for row in rows) + extra
    padded = []
    for row in rows:
        padding = row.new_full((width - len(row),), PAD)
        padded.append(torch.cat([padding, row] if left else [row, padding]))
    return torch.stack(padded)


SOURCES, TARGETS = sentences(6, 1, 4, 2), sentences(3, 5, 1, 4, first=EOS)


def logits(model: ReencoderModel, source: Tensor, target: Tensor) -> Tensor:
    out: Tensor = model(source, None, target)[0]
    return out


@pytest.mark.parametrize("name", VARIANTS)
def test_neither_padding_nor_batch_changes_a_result(name: str) -> None:
    model = build(**VARIANTS[name])
    alone = [logits(model, s[None], t[None])[0] for s, t in zip(SOURCES, TARGETS, strict=True)]
    for left_source in (False, True):
        for left_target in (False, True):
            source, target = batch(SOURCES, left_source, extra=2), batch(TARGETS, left_target, extra=1)
            together = logits(model, source, target)
            for b, expected in enumerate(alone):
                got = together[b, -len(expected) :] if left_target else together[b, : len(expected)]
                assert_same(got, expected)


@pytest.mark.parametrize("name", VARIANTS)
def test_incremental_decoding_is_the_full_forward(name: str) -> None:
    model = build(**VARIANTS[name])
    source, target = batch(SOURCES, left=True), batch(sentences(5, 5, 5, 5, first=EOS))
    full = logits(model, source, target)
    encoder_out = model.encoder(source)
    state: IncrementalState = {}
    for step in range(target.size(1)):
        new = model.decoder(target[:, : step + 1], encoder_out=encoder_out, incremental_state=state)[0]
        assert new.size(1) == 1
        assert_same(new[:, 0], full[:, step])


@pytest.mark.parametrize("name", VARIANTS)
def test_states_follow_the_beam(name: str) -> None:
    """After random re-ordering, repetition and removal of rows the logits are those of the rows' own histories."""
    model = build(**VARIANTS[name])
    source = batch(SOURCES, left=True)
    encoder_out = model.encoder(source)
    state: IncrementalState = {}
    tokens = torch.full((len(SOURCES), 1), EOS)
    generator = torch.Generator().manual_seed(5)
    for step in range(5):
        new = model.decoder(tokens, encoder_out=encoder_out, incremental_state=state)[0]
        assert_same(new[:, 0], logits(model, source, tokens)[:, -1])
        order = torch.randint(0, len(tokens), (len(tokens) + (1, -1, 2, -2, 0)[step],), generator=generator)
        tokens, source = tokens[order], source[order]
        encoder_out = model.encoder.reorder_encoder_out(encoder_out, order)
        model.decoder.reorder_incremental_state_scripting(state, order)
        word = torch.randint(4, 16, (len(tokens), 1), generator=generator)
        tokens = torch.cat([tokens, word], dim=1)


def test_the_output_of_the_encoder_follows_the_beam() -> None:
    encoder = build(upper_source="word").encoder
    source, order = batch(SOURCES, left=True), torch.tensor([2, 0, 0, 1])
    moved, expected = encoder.reorder_encoder_out(encoder(source), order), encoder(source[order])
    torch.testing.assert_close(moved, expected, rtol=0, atol=0)
    assert len(moved.left_padding.unique()) > 1


def test_state_of_a_hypothesis_does_not_grow() -> None:
    model = build()
    source = batch(SOURCES[:1])
    encoder_out = model.encoder(source)
    state: IncrementalState = {}
    sizes = []
    for step in range(1, 6):
        model.decoder(torch.full((1, step), EOS), encoder_out=encoder_out, incremental_state=state)
        sizes.append(sum(part.numel() for states in state.values() for pair in states for part in pair))
    # 2 layers, S positions, 2 vectors of d
    assert sizes == [2 * source.size(1) * 2 * 6] * 5


def test_features_only_are_what_the_softmax_reads() -> None:
    model = build()
    source, target = batch(SOURCES), batch(TARGETS)
    features = model.decoder(target, encoder_out=model.encoder(source), features_only=True)[0]
    assert_same(model.decoder.output_layer(features), logits(model, source, target))


def test_every_parameter_learns() -> None:
    for name, options in VARIANTS.items():
        model = build(**options)
        logits(model, batch(SOURCES), batch(TARGETS)).square().sum().backward()
        without = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()]
        assert without == [], name


def test_all_but_word_vectors_softmax_and_scores_is_marked_for_muon() -> None:
    model = build(readout="lexical-attention", readout_heads=2, readout_dim=5)
    matrices = {name for name, parameter in model.named_parameters() if parameter.dim() > 1}
    marked = {name for name, parameter in model.named_parameters() if hidden_matrix_rows(parameter)}
    assert matrices - marked == {
        "encoder.words.embed_tokens.weight",
        "decoder.words.embed_tokens.weight",
        "decoder.readout.score.weight",
        "decoder.output.output.weight",
    }
    assert len(marked) == 8 and {"decoder.hidden_layer.weight", "encoder.words.projections.1.weight"} < marked


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"embed_dim": -1}, "--embed-dim"),
        ({"embed_std": 0.0}, "--embed-std"),
        ({"embed_std": float("nan")}, "--embed-std"),
        ({"embed_scale": 0.0}, "--embed-scale"),
        ({"hidden_size": 0}, "--hidden-size"),
        ({"dropout": 1.5}, "--dropout"),
        ({"layers": 0}, "--layers"),
        ({"depth_priority": 2}, "--depth-priority"),
        ({"init_scale": 0.0}, "--init-scale"),
        (
            {"readout": "attention", "readout_heads": 5},
            "--readout-heads: expected a divisor of the hidden size 256, got 5",
        ),
        ({"embed_dropout": 1.0}, "--embed-dropout"),
        ({"word_dropout": -0.1}, "--word-dropout"),
        ({"output_dropout": 2.0}, "--output-dropout"),
        ({"readout_dim": -1}, "--readout-dim"),
    ],
)
def test_options_that_do_not_fit_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReencoderModel.build_model(ReencoderConfig(**options), Task())


@pytest.mark.parametrize("kind", ["symbols without padding", "images", "text without a maximum length"])
def test_a_task_that_is_not_translation_is_refused(kind: str) -> None:
    task: Any = Task()
    if kind == "symbols without padding":
        task.source_dictionary = SymbolDictionary(["a", "b"])
    elif kind == "images":
        task.source_dictionary = None
    else:
        task.max_positions = lambda: None
    with pytest.raises(ValueError, match="--task Task: a Reencoder needs a task of translation, reencoder_transl"):
        ReencoderModel.build_model(ReencoderConfig(), task)


def test_every_option_has_a_help_text() -> None:
    fields = ReencoderConfig.__dataclass_fields__
    without = [name for name, field in fields.items() if name != "_name" and not field.metadata.get("help")]
    assert without == []


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_registered_and_buildable(name: str) -> None:
    from fairseq.models import ARCH_CONFIG_REGISTRY, ARCH_MODEL_REGISTRY

    assert ARCH_MODEL_REGISTRY[name] is ReencoderModel
    args = argparse.Namespace(dropout=0.25)
    ARCH_CONFIG_REGISTRY[name](args)
    assert args.dropout == 0.25, "a value that the user gave stays"
    assert args.hidden_size == PRESETS[name]["hidden_size"]
    check_options(ReencoderConfig(**PRESETS[name]))


def test_the_papers_preset_has_the_papers_numbers() -> None:
    preset = PRESETS["reencoder_btec"]
    assert (preset["hidden_size"], preset["dropout"]) == (450, 0.5)


def test_alignments_come_from_a_readout_of_all_blocks() -> None:
    for readout in ("max", "attention", "lexical-attention"):
        assert build(readout=readout, readout_heads=2).full_context_alignment is False
    with pytest.raises(NotImplementedError, match="--print-alignment: this model has no alignments"):
        _ = build(readout="end").full_context_alignment


def test_weights_of_the_maximum_are_shares_of_the_elements() -> None:
    # two source positions, one row, one sentence, four elements: the second position has three of the maxima
    values = torch.tensor([[3.0, 0.0, 0.0, 1.0], [2.0, 1.0, 5.0, 2.0]])[:, None, None]
    assert winners(values).flatten().tolist() == [0.25, 0.75]
    model = build(readout="max").train()
    assert model(SOURCES[0][None], None, TARGETS[0][None])[1]["attn"] == [None], "training does not need them"


@pytest.mark.parametrize("left_target", [False, True])
@pytest.mark.parametrize("readout", ["attention", "max"])
def test_weights_of_padding_are_zero_on_either_side(left_target: bool, readout: str) -> None:
    model = build(readout=readout, readout_heads=2)
    alone = [model(s[None], None, t[None])[1]["attn"][0][0] for s, t in zip(SOURCES, TARGETS, strict=True)]
    for left_source in (False, True):
        source, target = batch(SOURCES, left_source, extra=2), batch(TARGETS, left_target, extra=1)
        together = model(source, None, target)[1]["attn"][0]
        for b, expected in enumerate(alone):
            rows = together[b, -len(expected) :] if left_target else together[b, : len(expected)]
            length = expected.size(1)
            found = rows[:, -length:] if left_source else rows[:, :length]
            assert_same(found, expected)
            assert_same(rows.sum(dim=1), torch.ones(len(rows)).double())


@pytest.mark.parametrize("readout", ["lexical-attention", "max"])
def test_weights_of_incremental_decoding_are_those_of_the_full_forward(readout: str) -> None:
    model = build(readout=readout, readout_heads=2)
    source, target = batch(SOURCES, left=True), batch(sentences(5, 5, 5, 5, first=EOS))
    full = model(source, None, target)[1]["attn"][0]
    encoder_out = model.encoder(source)
    state: IncrementalState = {}
    for step in range(target.size(1)):
        new = model.decoder(target[:, : step + 1], encoder_out=encoder_out, incremental_state=state)[1]["attn"][0]
        assert_same(new[:, 0], full[:, step])
