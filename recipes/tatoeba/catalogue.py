"""The experiments on Tatoeba: what was tried, and with which options."""

from __future__ import annotations

from collections.abc import Iterable

from ..options import Value
from .data import VARIANTS
from .experiment import DECAY, MUON, RARE_WORDS, Experiment
from .rivals import RIVALS

# The preset's values of today were found one after the other; here each experiment has those of its time. What has no
# option is today's: since `pieces-phrases-decayed` Muon also steps the projections of word vectors and the layer before
# the softmax. The results of experiments before it are of the commits that they name.
_BARE: dict[str, Value] = {"dropout": 0.25, "output_dropout": 0.0, "embed_dropout": 0.0, "embed_scale": 1.0}
_END: dict[str, Value] = {"readout": "end", **_BARE}
_MAX: dict[str, Value] = {"readout": "max", **_BARE}
_ATTENTION: dict[str, Value] = {"readout": "attention", **_BARE}
_LEXICAL: dict[str, Value] = {"readout": "lexical-attention", **_BARE}
_ADAM: dict[str, Value] = {"optimizer": "adam"}
_DROPOUT: dict[str, Value] = {"dropout": 0.25, "output_dropout": 0.2}
_LONG: dict[str, Value] = {**_LEXICAL, **MUON, "upsample_primary": 2}
_RARE_LONG: dict[str, Value] = {**_LEXICAL, **MUON, **_DROPOUT, **RARE_WORDS, "word_dropout": 0.02}
_TWICE: dict[str, Value] = {**_RARE_LONG, "upsample_primary": 2}
_DECAYED: dict[str, Value] = {"embed_scale": 4.0, "embed_dropout": 0.25, **DECAY}
# On the processor of the committed results, which has no AMX, this precision changed nothing.
_LOW_PRECISION: dict[str, Value] = {**_TWICE, "matmul_precision": "medium"}

EXPERIMENTS: dict[str, Experiment] = {
    "end-adam": Experiment("the paper's readout, the end of a row", {**_END, **_ADAM}),
    "end-muon": Experiment("Muon", {**_END, **MUON}),
    "max-muon": Experiment("maximum over the row", {**_MAX, **MUON}),
    "attention-muon": Experiment("weighted sum over the row", {**_ATTENTION, **MUON}),
    "lexical-adam": Experiment("lexical readout, Adam", {**_LEXICAL, **_ADAM}),
    "lexical-muon": Experiment("lexical readout, Muon", {**_LEXICAL, **MUON}),
    "lexical-muon-seed-2": Experiment("how large the noise is", {**_LEXICAL, **MUON}, seed=2),
    "lexical-muon-dropout": Experiment("dropout before the softmax", {**_LEXICAL, **MUON, **_DROPOUT}),
    "phrases": Experiment("phrase pairs, sentences twice", {**_LONG, **_DROPOUT}, "phrases"),
    "bpe": Experiment("subwords on both sides", {**_LEXICAL, **MUON, **_DROPOUT}, "bpe"),
    "words-all": Experiment("words that occur once are known", {**_LEXICAL, **MUON}, "words-all"),
    "pieces": Experiment("large vocabularies of pieces of words", {**_LEXICAL, **MUON}, "pieces"),
    "pieces-sampled": Experiment("pieces drawn at random", {**_LEXICAL, **MUON}, "pieces-sampled"),
    "characters": Experiment("Chinese characters", {**_LEXICAL, **MUON, **_DROPOUT}, "characters"),
    "phrases-long": Experiment("phrase pairs, longer", {**_LONG, **_DROPOUT}, "phrases", 4000),
    "phrases-long-seed-2": Experiment("the same, a second member", {**_LONG, **_DROPOUT}, "phrases", 4000, seed=2),
    "phrases-long-strong": Experiment(
        "phrase pairs, longer, more dropout",
        {**_LONG, "dropout": 0.3, "output_dropout": 0.3, "embed_dropout": 0.1, "word_dropout": 0.03},
        "phrases",
        4000,
        seed=3,
    ),
    "rare-words": Experiment("slower average of squared gradients", {**_LEXICAL, **MUON, **RARE_WORDS}),
    "rare-words-scaled": Experiment(
        "and larger steps of word vectors", {**_LEXICAL, **MUON, **RARE_WORDS, "embed_scale": 4.0}
    ),
    "rare-words-scaled-12": Experiment(
        "and still larger steps of word vectors", {**_LEXICAL, **MUON, **RARE_WORDS, "embed_scale": 12.0}
    ),
    "rare-words-shared": Experiment(
        "and larger steps, a layer before the softmax, and target word vectors as its weights",
        {
            **_LEXICAL,
            **MUON,
            **RARE_WORDS,
            "embed_scale": 12.0,
            "readout_dim": 160,
            "share_decoder_input_output_embed": True,
        },
    ),
    "rare-words-dropped": Experiment(
        "and more whole words dropped", {**_LEXICAL, **MUON, **RARE_WORDS, "word_dropout": 0.1}
    ),
    "words-all-phrases": Experiment(
        "words that occur once are known, and occur in phrase pairs",
        _TWICE,
        "words-all-phrases",
        5000,
    ),
    "pieces-phrases": Experiment(
        "pieces of words, and phrase pairs",
        _TWICE,
        "pieces-phrases",
        5000,
        seed=2,
    ),
    "pieces-phrases-seed-3": Experiment(
        "the same, a second member",
        _TWICE,
        "pieces-phrases",
        5000,
        seed=3,
    ),
    "pieces-phrases-large": Experiment(
        "the same, larger and longer, with more dropout",
        {
            **_TWICE,
            "hidden_size": 224,
            "embed_dim": 224,
            "dropout": 0.3,
            "output_dropout": 0.25,
            "word_dropout": 0.03,
        },
        "pieces-phrases",
        8000,
        seed=4,
    ),
    "pieces-sampled-phrases": Experiment(
        "pieces drawn at random, and phrase pairs",
        _RARE_LONG,
        "pieces-sampled-phrases",
        5000,
        seed=2,
    ),
    "reverse": Experiment(
        "English to Chinese, to rerank and to translate back",
        _TWICE,
        "pieces-phrases",
        5000,
        seed=5,
        reverse=True,
    ),
    "pieces-phrases-seed-6": Experiment(
        "pieces of words, and phrase pairs: a third member",
        _TWICE,
        "pieces-phrases",
        5000,
        seed=6,
    ),
    "pieces-phrases-long": Experiment(
        "pieces of words, and phrase pairs: twice as long",
        _LOW_PRECISION,
        "pieces-phrases",
        10000,
        seed=2,
    ),
    "pieces-phrases-long-seed-3": Experiment(
        "twice as long: a second member",
        _LOW_PRECISION,
        "pieces-phrases",
        10000,
        seed=3,
    ),
    "pieces-phrases-long-seed-4": Experiment(
        "twice as long: a third member",
        _LOW_PRECISION,
        "pieces-phrases",
        10000,
        seed=4,
    ),
    "pieces-phrases-scaled-long": Experiment(
        "twice as long, with larger steps of word vectors",
        {**_LOW_PRECISION, "embed_scale": 4.0},
        "pieces-phrases",
        10000,
        seed=2,
    ),
    "pieces-phrases-scaled": Experiment(
        "larger steps of word vectors",
        {**_TWICE, "embed_scale": 4.0},
        "pieces-phrases",
        5000,
        seed=3,
    ),
    "pieces-phrases-scaled-dropped": Experiment(
        "larger steps of word vectors, and dropout of their elements",
        {**_TWICE, "embed_scale": 4.0, "embed_dropout": 0.25},
        "pieces-phrases",
        5000,
        seed=3,
    ),
    "pieces-phrases-scaled-dropped-long": Experiment(
        "more than twice as long, with larger steps of word vectors, and more dropout of their elements and of words",
        {**_LOW_PRECISION, "embed_scale": 4.0, "embed_dropout": 0.25, "word_dropout": 0.05},
        "pieces-phrases",
        12000,
        seed=2,
    ),
    "pieces-phrases-scaled-dropped-slow": Experiment(
        "larger steps of word vectors, dropout of their elements, and half the learning rate",
        {**_TWICE, "embed_scale": 4.0, "embed_dropout": 0.25},
        "pieces-phrases",
        5000,
        lr=0.003,
        seed=3,
    ),
    "pieces-phrases-scaled-outside": Experiment(
        "larger steps of word vectors, and dropout where the LSTM has it: less inside the grid, more around it",
        {**_TWICE, "embed_scale": 4.0, "dropout": 0.1, "embed_dropout": 0.3, "output_dropout": 0.3},
        "pieces-phrases",
        5000,
        seed=3,
    ),
    "pieces-phrases-decayed": Experiment(
        "larger steps of word vectors, dropout of their elements, weight decay, and Muon for their projections",
        {**_TWICE, **_DECAYED},
        "pieces-phrases",
        5000,
        seed=3,
    ),
    "pieces-phrases-decayed-long": Experiment(
        "the same, twice as long",
        {**_LOW_PRECISION, **_DECAYED},
        "pieces-phrases",
        10000,
        seed=2,
    ),
    "pieces-phrases-decayed-long-seed-3": Experiment(
        "weight decay, twice as long: a second member",
        {**_LOW_PRECISION, **_DECAYED},
        "pieces-phrases",
        10000,
        seed=3,
    ),
    "pieces-phrases-decayed-long-seed-4": Experiment(
        "weight decay, twice as long: a third member",
        {**_LOW_PRECISION, **_DECAYED},
        "pieces-phrases",
        10000,
        seed=4,
    ),
    "pieces-phrases-decayed-longer": Experiment(
        "weight decay, four times as long",
        {**_LOW_PRECISION, **_DECAYED},
        "pieces-phrases",
        20000,
        seed=2,
    ),
    "pieces-phrases-decayed-lighter": Experiment(
        "weight decay, twice as long, less dropout in the blocks",
        {**_LOW_PRECISION, **_DECAYED, "dropout": 0.15},
        "pieces-phrases",
        10000,
        seed=2,
    ),
    "pieces-phrases-decayed-wide": Experiment(
        "weight decay, twice as long, larger",
        {**_LOW_PRECISION, **_DECAYED, "hidden_size": 224, "embed_dim": 224},
        "pieces-phrases",
        10000,
        seed=5,
    ),
    "pieces-phrases-undecayed": Experiment(
        "Muon for the projections of word vectors, without weight decay",
        {**_TWICE, **_DECAYED, "weight_decay": 0.0},
        "pieces-phrases",
        5000,
        seed=3,
    ),
    "reverse-decayed": Experiment(
        "English to Chinese, with weight decay",
        {**_TWICE, **_DECAYED},
        "pieces-phrases",
        5000,
        seed=5,
        reverse=True,
    ),
    "pieces-phrases-shared": Experiment(
        "weight decay, word vectors of 256, a layer of 256 before the softmax, target word vectors as its weights",
        {
            **_TWICE,
            **_DECAYED,
            "embed_dim": 256,
            "readout_dim": 256,
            "share_decoder_input_output_embed": True,
        },
        "pieces-phrases",
        5000,
        seed=3,
    ),
    "reverse-scaled": Experiment(
        "English to Chinese, with larger steps of word vectors",
        {**_TWICE, "embed_scale": 4.0},
        "pieces-phrases",
        5000,
        seed=5,
        reverse=True,
    ),
    "pieces-phrases-long-wide": Experiment(
        "twice as long, larger, with the same dropout",
        {**_LOW_PRECISION, "hidden_size": 224, "embed_dim": 224},
        "pieces-phrases",
        10000,
        seed=5,
    ),
    "reverse-long": Experiment(
        "English to Chinese, twice as long",
        _LOW_PRECISION,
        "pieces-phrases",
        10000,
        seed=6,
        reverse=True,
    ),
    "pieces-phrases-rdrop": Experiment(
        "R-Drop: half as many updates, each of two passes",
        {**_TWICE, "criterion": "rdrop", "rdrop_alpha": 5.0},
        "pieces-phrases",
        2500,
        seed=2,
    ),
    "pieces-phrases-rdrop-long": Experiment(
        "R-Drop, longer",
        {**_TWICE, "criterion": "rdrop", "rdrop_alpha": 5.0},
        "pieces-phrases",
        7000,
        seed=2,
    ),
    "pieces-phrases-rdrop-longer": Experiment(
        "R-Drop, longer still",
        {**_LOW_PRECISION, "criterion": "rdrop", "rdrop_alpha": 5.0},
        "pieces-phrases",
        12000,
        seed=3,
    ),
    "pieces-phrases-guided": Experiment(
        "word alignments teach the attention (guided alignment)",
        {
            **_TWICE,
            "load_alignments": True,
            "criterion": "label_smoothed_cross_entropy_with_alignment",
            "alignment_lambda": 0.1,
        },
        "pieces-phrases-aligned",
        5000,
        seed=2,
    ),
    "pieces-phrases-wide": Experiment(
        "pieces of words, and phrase pairs: larger, with the same dropout",
        {**_TWICE, "hidden_size": 224, "embed_dim": 224},
        "pieces-phrases",
        6000,
        seed=2,
    ),
    "pieces-phrases-translated": Experiment(
        "translations of the training set by models of both directions",
        _TWICE,
        "pieces-phrases-translated",
        8000,
        seed=2,
    ),
    "pieces-phrases-translated-wide": Experiment(
        "the same, larger",
        {**_TWICE, "hidden_size": 192, "embed_dim": 192},
        "pieces-phrases-translated",
        7000,
        seed=3,
    ),
    "btec": Experiment(
        "the paper's model and optimizer, half as long as the best single model",
        {"arch": "reencoder_btec", "label_smoothing": 0.0},
        updates=1200,
        lr=0.001,
    ),
    "btec-long": Experiment(
        "the paper's model and optimizer, as long as the best single model",
        {"arch": "reencoder_btec", "label_smoothing": 0.0},
        updates=2400,
        lr=0.001,
    ),
    **RIVALS,
}
"""Experiments by name, in the order of the table."""

BEST = "pieces-phrases-decayed-lighter"
"""The experiment with the best validation BLEU of a single Reencoder."""


def group_by_tokens(names: Iterable[str]) -> list[list[str]]:
    """Group experiments whose data have the same tokens; those of a group can make an ensemble.

    Neither synthetic pairs nor word alignments change subwords or dictionaries.

    Args:
        names: names of experiments.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        options = {**VARIANTS[EXPERIMENTS[name].data], "word_alignments": False}
        groups.setdefault(repr(options), []).append(name)
    return list(groups.values())
