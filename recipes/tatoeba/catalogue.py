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
# Of the data with phrase pairs, each sentence occurs twice per epoch.
_PHRASES: dict[str, Value] = {**_LEXICAL, **MUON, **_DROPOUT, "upsample_primary": 2}
_PIECES: dict[str, Value] = {**_PHRASES, **RARE_WORDS, "word_dropout": 0.02}
_DECAYED: dict[str, Value] = {**_PIECES, "embed_scale": 4.0, "embed_dropout": 0.25, **DECAY}
# The processor of the committed results has no AMX, so these products were in full float32, computed by oneDNN.
_MEDIUM: dict[str, Value] = {"matmul_precision": "medium"}

EXPERIMENTS: dict[str, Experiment] = {
    "end-adam": Experiment("the paper's readout, the end of a row", {**_END, **_ADAM}),
    "end-muon": Experiment("Muon", {**_END, **MUON}),
    "max-muon": Experiment("maximum over the row", {**_MAX, **MUON}),
    "attention-muon": Experiment("weighted sum over the row", {**_ATTENTION, **MUON}),
    "lexical-adam": Experiment("lexical readout, Adam", {**_LEXICAL, **_ADAM}),
    "lexical-muon": Experiment("lexical readout, Muon", {**_LEXICAL, **MUON}),
    "lexical-muon-dropout": Experiment("dropout before the softmax", {**_LEXICAL, **MUON, **_DROPOUT}),
    "bpe": Experiment("subwords on both sides", {**_LEXICAL, **MUON, **_DROPOUT}, data="bpe"),
    "words-all": Experiment("words that occur once are known", {**_LEXICAL, **MUON}, data="words-all"),
    "pieces": Experiment("large vocabularies of pieces of words", {**_LEXICAL, **MUON}, data="pieces"),
    "pieces-sampled": Experiment("pieces drawn at random", {**_LEXICAL, **MUON}, data="pieces-sampled"),
    "characters": Experiment("Chinese characters", {**_LEXICAL, **MUON, **_DROPOUT}, data="characters"),
    "phrases-long": Experiment("phrase pairs, longer", _PHRASES, data="phrases", updates=4000),
    "phrases-long-seed-2": Experiment("the same, a second member", _PHRASES, data="phrases", updates=4000, seed=2),
    "rare-words": Experiment("slower average of squared gradients", {**_LEXICAL, **MUON, **RARE_WORDS}),
    "rare-words-scaled": Experiment(
        "and larger steps of word vectors", {**_LEXICAL, **MUON, **RARE_WORDS, "embed_scale": 4.0}
    ),
    "words-all-phrases": Experiment(
        "words that occur once are known, and occur in phrase pairs",
        _PIECES,
        data="words-all-phrases",
        updates=5000,
    ),
    "pieces-phrases": Experiment(
        "pieces of words, and phrase pairs",
        _PIECES,
        data="pieces-phrases",
        updates=5000,
        seed=2,
    ),
    "pieces-phrases-seed-3": Experiment(
        "the same, a second member",
        _PIECES,
        data="pieces-phrases",
        updates=5000,
        seed=3,
    ),
    "pieces-phrases-large": Experiment(
        "the same, larger and longer, with more dropout",
        {
            **_PIECES,
            "hidden_size": 224,
            "embed_dim": 224,
            "dropout": 0.3,
            "output_dropout": 0.25,
            "word_dropout": 0.03,
        },
        data="pieces-phrases",
        updates=8000,
        seed=4,
    ),
    "reverse": Experiment(
        "English to Chinese, to rerank and to translate back",
        _PIECES,
        data="pieces-phrases",
        updates=5000,
        seed=5,
        reverse=True,
    ),
    "pieces-phrases-long": Experiment(
        "pieces of words, and phrase pairs: twice as long",
        {**_PIECES, **_MEDIUM},
        data="pieces-phrases",
        updates=10000,
        seed=2,
    ),
    "pieces-phrases-scaled-long": Experiment(
        "twice as long, with larger steps of word vectors",
        {**_PIECES, **_MEDIUM, "embed_scale": 4.0},
        data="pieces-phrases",
        updates=10000,
        seed=2,
    ),
    "pieces-phrases-scaled-dropped": Experiment(
        "larger steps of word vectors, and dropout of their elements",
        {**_PIECES, "embed_scale": 4.0, "embed_dropout": 0.25},
        data="pieces-phrases",
        updates=5000,
        seed=3,
    ),
    "pieces-phrases-scaled-dropped-long": Experiment(
        "more than twice as long, with larger steps of word vectors, and more dropout of their elements and of words",
        {**_PIECES, **_MEDIUM, "embed_scale": 4.0, "embed_dropout": 0.25, "word_dropout": 0.05},
        data="pieces-phrases",
        updates=12000,
        seed=2,
    ),
    "pieces-phrases-scaled-outside": Experiment(
        "larger steps of word vectors, and dropout where the LSTM has it: less inside the grid, more around it",
        {**_PIECES, "embed_scale": 4.0, "dropout": 0.1, "embed_dropout": 0.3, "output_dropout": 0.3},
        data="pieces-phrases",
        updates=5000,
        seed=3,
    ),
    "pieces-phrases-decayed": Experiment(
        "larger steps of word vectors, dropout of their elements, weight decay, and Muon for their projections",
        _DECAYED,
        data="pieces-phrases",
        updates=5000,
        seed=3,
    ),
    "pieces-phrases-decayed-long": Experiment(
        "the same, twice as long",
        {**_DECAYED, **_MEDIUM},
        data="pieces-phrases",
        updates=10000,
        seed=2,
    ),
    "pieces-phrases-decayed-long-seed-3": Experiment(
        "weight decay, twice as long: a second member",
        {**_DECAYED, **_MEDIUM},
        data="pieces-phrases",
        updates=10000,
        seed=3,
    ),
    "pieces-phrases-decayed-longer": Experiment(
        "weight decay, four times as long",
        {**_DECAYED, **_MEDIUM},
        data="pieces-phrases",
        updates=20000,
        seed=2,
    ),
    "pieces-phrases-decayed-lighter": Experiment(
        "weight decay, twice as long, less dropout in the blocks",
        {**_DECAYED, **_MEDIUM, "dropout": 0.15},
        data="pieces-phrases",
        updates=10000,
        seed=2,
    ),
    "pieces-phrases-decayed-wide": Experiment(
        "weight decay, twice as long, larger",
        {**_DECAYED, **_MEDIUM, "hidden_size": 224, "embed_dim": 224},
        data="pieces-phrases",
        updates=10000,
        seed=5,
    ),
    "pieces-phrases-undecayed": Experiment(
        "Muon for the projections of word vectors, without weight decay",
        {**_DECAYED, "weight_decay": 0.0},
        data="pieces-phrases",
        updates=5000,
        seed=3,
    ),
    "reverse-decayed": Experiment(
        "English to Chinese, with weight decay",
        _DECAYED,
        data="pieces-phrases",
        updates=5000,
        seed=5,
        reverse=True,
    ),
    "pieces-phrases-shared": Experiment(
        "weight decay, word vectors of 256, a layer of 256 before the softmax, target word vectors as its weights",
        {
            **_DECAYED,
            "embed_dim": 256,
            "readout_dim": 256,
            "share_decoder_input_output_embed": True,
        },
        data="pieces-phrases",
        updates=5000,
        seed=3,
    ),
    "pieces-phrases-rdrop": Experiment(
        "R-Drop: half as many updates, each of two passes",
        {**_PIECES, "criterion": "rdrop", "rdrop_alpha": 5.0},
        data="pieces-phrases",
        updates=2500,
        seed=2,
    ),
    "pieces-phrases-guided": Experiment(
        "word alignments teach the attention (guided alignment)",
        {
            **_PIECES,
            "load_alignments": True,
            "criterion": "label_smoothed_cross_entropy_with_alignment",
            "alignment_lambda": 0.1,
        },
        data="pieces-phrases-aligned",
        updates=5000,
        seed=2,
    ),
    "pieces-phrases-translated": Experiment(
        "translations of the training set by models of both directions",
        _PIECES,
        data="pieces-phrases-translated",
        updates=8000,
        seed=2,
    ),
    "pieces-phrases-translated-wide": Experiment(
        "the same, larger",
        {**_PIECES, "hidden_size": 192, "embed_dim": 192},
        data="pieces-phrases-translated",
        updates=7000,
        seed=3,
    ),
    "btec": Experiment(
        "the paper's model and optimizer",
        {"arch": "reencoder_btec", "label_smoothing": 0.0},
        updates=1200,
        lr=0.001,
    ),
    "btec-long": Experiment(
        "the same, twice as many updates",
        {"arch": "reencoder_btec", "label_smoothing": 0.0},
        updates=2400,
        lr=0.001,
    ),
    **RIVALS,
}
"""Experiments by name, in the order of the table."""

BEST = "pieces-phrases-decayed-lighter"
"""The experiment with the best validation BLEU of a single Reencoder."""

HIGHLIGHTED = (
    "pieces-phrases-long",
    "pieces-phrases-decayed-long",
    "pieces-phrases-decayed-longer",
    BEST,
    "transformer-muon",
    "transformer-muon-decayed-long",
    "lstm-long-rare-words",
    "lstm-muon-decayed-long",
)
"""Experiments whose curves have colours of their own in the plot: long trainings of each kind of model."""


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
