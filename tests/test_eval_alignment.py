"""Alignments of models against slow twins, their links, and their pictures."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import pytest
import torch
from fairseq.data import Dictionary
from fairseq.models import ARCH_CONFIG_REGISTRY, ARCH_MODEL_REGISTRY

import reencoder  # noqa: F401  # registers the plugin
from data_prep.errors import DataError
from data_prep.manifest import write_manifest
from eval.alignment import Aligner, Alignment, Method, alignment_from_json, diagonal, to_pharaoh
from eval.heatmap import draw, to_svg
from eval.pictures import chinese_font
from eval.sentence_pairs import SentencePair, raw_pair
from reencoder.models.reencoder import ReencoderModel
from reencoder.models.reencoder_config import ReencoderConfig

SOURCE, TARGET = "w3 w1 w7 w2", "w5 w4 w5"


class Task:
    """As much of a task as a model is built from."""

    def __init__(self) -> None:
        self.source_dictionary, self.target_dictionary = Dictionary(), Dictionary()
        for number in range(9):
            self.source_dictionary.add_symbol(f"w{number}")
            self.target_dictionary.add_symbol(f"w{number}")

    def max_positions(self) -> tuple[int, int]:
        return 6, 6


def reencoder_aligner(**options: Any) -> Aligner:
    torch.manual_seed(1)
    task = Task()
    config = ReencoderConfig(**{"hidden_size": 6, "layers": 2, "embed_dim": 4, "readout_heads": 2, **options})
    return Aligner(ReencoderModel.build_model(config, task).double(), *dictionaries(task), "model")


def dictionaries(task: Task) -> tuple[Dictionary, Dictionary]:
    return task.source_dictionary, task.target_dictionary


def fairseq_aligner(arch: str, **options: Any) -> Aligner:
    """A small model of fairseq itself."""
    torch.manual_seed(1)
    task = Task()
    arguments = argparse.Namespace(max_source_positions=6, max_target_positions=6, criterion="", **options)
    ARCH_CONFIG_REGISTRY[arch](arguments)
    return Aligner(ARCH_MODEL_REGISTRY[arch].build_model(arguments, task), *dictionaries(task), "model")


def inputs(aligner: Aligner) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Source, previous target words and target words, as indices."""
    source = torch.tensor([aligner.source_dictionary.index(word) for word in [*SOURCE.split(), "</s>"]])
    target = torch.tensor([aligner.target_dictionary.index(word) for word in TARGET.split()])
    return source, torch.cat([torch.tensor([aligner.target_dictionary.eos()]), target[:-1]]), target


@pytest.mark.parametrize("readout", ["max", "attention", "lexical-attention"])
def test_readout_weights_are_those_of_the_model(readout: str) -> None:
    aligner = reencoder_aligner(readout=readout, readout_heads=2)
    found = aligner.align(SOURCE, TARGET, "readout", 7)
    source, previous, _ = inputs(aligner)
    attention = aligner.model(source[None], None, previous[None])[1]["attn"][0][0]
    assert found.source == ("w3", "w1", "w7", "w2", "</s>") and found.target == tuple(TARGET.split())
    assert found.number == 7
    torch.testing.assert_close(torch.tensor(found.weights).double(), attention)


@pytest.mark.parametrize("readout", ["end", "lexical-attention"])
def test_gradients_are_those_of_one_word_after_the_other(readout: str) -> None:
    """The words of the source differ, so that the gradient of a row of the table is that of a position."""
    aligner = reencoder_aligner(readout=readout, readout_heads=2)
    found = aligner.align(SOURCE, TARGET, "gradient")
    source, previous, target = inputs(aligner)
    table = aligner.model.encoder.words.embed_tokens.weight
    for step, word in enumerate(target):
        logits = aligner.model(source[None], None, previous[None])[0]
        (gradient,) = torch.autograd.grad(logits[0, step, word], table)
        raised = (gradient * table)[source].sum(dim=-1).clamp(min=0)
        torch.testing.assert_close(torch.tensor(found.weights[step]).double(), raised / raised.sum())
    assert all(parameter.grad is None for parameter in aligner.model.parameters())


@pytest.mark.parametrize("method", get_args(Method))
def test_models_of_fairseq(method: Method) -> None:
    small: dict[str, Any] = {"encoder_embed_dim": 8, "decoder_embed_dim": 8}
    lstm = fairseq_aligner("lstm", encoder_hidden_size=8, decoder_hidden_size=8, decoder_out_embed_dim=8, **small)
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    layers = {"encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_embed_dim": 8, "decoder_ffn_embed_dim": 8}
    transformer = fairseq_aligner("transformer", **small, **heads, **layers)
    for aligner in (lstm, transformer):
        weights = torch.tensor(aligner.align(SOURCE, TARGET, method).weights)
        assert weights.shape == (3, 5) and len(weights.unique()) > 6
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(3))


def test_gradients_where_source_and_target_have_the_same_length() -> None:
    """The LSTM of fairseq has the batch second; a square of gradients must not be transposed."""
    small: dict[str, Any] = {"encoder_embed_dim": 8, "decoder_embed_dim": 8}
    aligner = fairseq_aligner("lstm", encoder_hidden_size=8, decoder_hidden_size=8, decoder_out_embed_dim=8, **small)
    longer = aligner.align("w3 w1 w7", "w5 w4 w5 w2 w1", "gradient")
    square = aligner.align("w3 w1 w7", "w5 w4 w5 w2", "gradient")
    torch.testing.assert_close(torch.tensor(square.weights), torch.tensor(longer.weights[:4]))


def test_wrong_input() -> None:
    aligner = reencoder_aligner(readout="end")
    with pytest.raises(DataError, match="model: the model reports no weights; use --method gradient"):
        aligner.align(SOURCE, TARGET, "readout")
    with pytest.raises(DataError, match="sentence 3: the source is empty"):
        aligner.align(" ", TARGET, "gradient", 3)
    with pytest.raises(DataError, match=r"^6 source words; the model allows 5"):
        aligner.align("w1 w1 w1 w1 w1 w1", TARGET, "gradient")


ALIGNMENT = Alignment(
    ("我", "<喝>", "</s>"), ("I", "drink", "&"), ((0.7, 0.2, 0.1), (0.25, 0.5, 0.25), (0.1, 0.1, 0.8)), 4
)


def test_an_empty_translation_has_no_links(tmp_path: Path) -> None:
    found = reencoder_aligner(readout="max").align(SOURCE, "")
    assert (found.target, found.weights, found.links()) == ((), (), set())
    with pytest.raises(DataError, match="nothing to draw, the target is empty"):
        draw(tmp_path / "x.svg", found)


def test_links_leave_out_the_end() -> None:
    assert ALIGNMENT.links() == {(0, 0), (1, 1)}
    assert to_pharaoh({(10, 2), (1, 1), (1, 0)}) == "1-0 1-1 10-2"


def test_json_round_trip() -> None:
    assert alignment_from_json(ALIGNMENT.to_json(), "x") == ALIGNMENT
    values: list[Any] = [{}, [], {"source": ["a"], "target": ["b"], "weights": [["x"]], "number": None}]
    for value in values:
        with pytest.raises(DataError, match=r"x, line 1: not an alignment"):
            alignment_from_json(value, "x, line 1")
    for source, weight in ((["a"], math.nan), (["a"], 1.5), (["a"], -0.1), ([], 0.5)):
        with pytest.raises(DataError, match="expected source words, and weights between 0 and 1"):
            alignment_from_json({"source": source, "target": ["b"], "weights": [[weight]], "number": None}, "x")
    with pytest.raises(DataError, match="expected 1 rows of 2 weights"):
        alignment_from_json({"source": ["a", "</s>"], "target": ["b"], "weights": [[1.0]], "number": None}, "x")


def test_diagonal() -> None:
    assert diagonal(3, 3) == {(0, 0), (1, 1), (2, 2)}
    assert diagonal(2, 4) == {(0, 0), (0, 1), (1, 2), (1, 3)}
    assert diagonal(4, 2) == {(1, 0), (3, 1)}


def test_pieces_are_labelled_as_words() -> None:
    pieces = Alignment(("▁他", "们", "▁", "</s>"), ("▁they", "▁re", "ad", "▁."), ((0.25,) * 4,) * 4)
    tree = ElementTree.fromstring(to_svg(pieces))
    labels = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert labels == ["他", "·们", "▁", "</s>", "they", "re", "·ad", "."]


def test_heat_map_as_svg() -> None:
    text = to_svg(ALIGNMENT, "a < b")
    tree = ElementTree.fromstring(text)
    name = "{http://www.w3.org/2000/svg}"
    assert [element.text for element in tree.iter(f"{name}text")] == ["a < b", *ALIGNMENT.source, *ALIGNMENT.target]
    squares = list(tree.iter(f"{name}rect"))[1:]
    assert len(squares) == 9
    tips = [square.findtext(f"{name}title") for square in squares]
    assert tips[1] == "I ← <喝>: 0.20" and tips[8] == "& ← </s>: 0.80"
    # the larger the weight, the darker
    red = [int(str(square.get("fill"))[1:3], 16) for square in squares]
    weights = [weight for row in ALIGNMENT.weights for weight in row]
    assert [n for _, n in sorted(zip(red, weights, strict=True))] == sorted(weights, reverse=True)
    assert to_svg(Alignment(("a",), ("b",), ((1.0,),))).count("#084594") == 1


def test_characters_that_xml_does_not_have_stay_out_of_the_picture(tmp_path: Path) -> None:
    odd = Alignment(("甲\x00\x1b", "乙\ud800"), ("a\ufffe", "\U0001f991\t"), ((0.5, 0.5), (0.5, 0.5)))
    draw(tmp_path / "map.svg", odd, "title\x08")
    labels = [text.text for text in ElementTree.parse(tmp_path / "map.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert labels == ["title\ufffd", "甲\ufffd\ufffd", "乙\ufffd", "a\ufffd", "\U0001f991\t"]


def test_raw_pairs_are_cleaned_like_what_is_translated(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"options": {"segmentation": "char"}})
    pair = raw_pair(tmp_path, "你\u200b好\x1b。", "Hel\ufefflo\x00 there.")
    assert pair == SentencePair("你 好 。", "hello there .")


def test_heat_map_files(tmp_path: Path) -> None:
    draw(tmp_path / "map.svg", ALIGNMENT)
    assert (tmp_path / "map.svg").read_text(encoding="utf-8") == to_svg(ALIGNMENT) + "\n"
    latin = Alignment(("a", "</s>"), ("b",), ((0.5, 0.5),))
    draw(tmp_path / "map.png", latin)
    first = (tmp_path / "map.png").read_bytes()
    draw(tmp_path / "map.png", latin)
    assert first == (tmp_path / "map.png").read_bytes() and first.startswith(b"\x89PNG")
    # Not formulas, which "$$" and "\\frac" would break.
    for word in ("$$", r"$\frac$"):
        draw(tmp_path / "dollars.png", Alignment((word, "</s>"), (word,), ((0.5, 0.5),)))
    if chinese_font() is None:
        with pytest.raises(DataError, match=r"no font with Chinese characters; .* or write the map as \.svg"):
            draw(tmp_path / "chinese.png", ALIGNMENT)
    else:
        draw(tmp_path / "chinese.png", ALIGNMENT)
    with pytest.raises(DataError, match=r"must end in \.svg or \.png"):
        draw(tmp_path / "map.pdf", ALIGNMENT)
