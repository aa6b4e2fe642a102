"""The experiments on Tatoeba: what was tried, and with which options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..options import Value, translation_options
from .data import VARIANTS


@dataclass(frozen=True)
class Experiment:
    """One training.

    Attributes:
        question: what is tried.
        options: changes to the options of training, see `recipes.options.translation_options`.
        data: variant of the data, see `recipes.tatoeba.data`.
        updates: number of parameter updates.
        max_blocks: maximum number of blocks per batch.
        lr: maximum learning rate.
        seed: seed of everything random.
        reverse: translate English into Chinese. Such a model reranks and translates back; it has no BLEU.
    """

    question: str
    options: Mapping[str, Value] = field(default_factory=dict)
    data: str = "words"
    updates: int = 2000
    max_blocks: int = 3000
    lr: float = 0.006
    seed: int = 1
    reverse: bool = False

    def training(self) -> dict[str, Value]:
        """Return the options of fairseq-train, without folders."""
        base = translation_options("reencoder_small", self.updates, self.max_blocks, self.lr, self.seed)
        direction: dict[str, Value] = {"source_lang": "en", "target_lang": "zh"} if self.reverse else {}
        return {**base, "warmup_updates": self.updates // 10, **direction, **self.options}


# The preset's values of today were found one after the other; here each experiment has those of its time.
_BARE: dict[str, Value] = {"output_dropout": 0.0, "embed_scale": 1.0}
_END: dict[str, Value] = {"readout": "end", **_BARE}
_MAX: dict[str, Value] = {"readout": "max", **_BARE}
_ATTENTION: dict[str, Value] = {"readout": "attention", **_BARE}
_LEXICAL: dict[str, Value] = {"readout": "lexical-attention", **_BARE}
_ADAM: dict[str, Value] = {"optimizer": "adam"}
_MUON: dict[str, Value] = {"optimizer": "muon"}
_DROPOUT: dict[str, Value] = {"dropout": 0.25, "output_dropout": 0.2}
# The vector of a rare word gets few gradients. Adam divides each by the root of an average of squares: if the average
# forgets slowly, it is small, and each of the few steps is large.
_RARE_WORDS: dict[str, Value] = {"adam_betas": "(0.9,0.999)"}
_LONG: dict[str, Value] = {**_LEXICAL, **_MUON, "upsample_primary": 2}
_RARE_LONG: dict[str, Value] = {**_LEXICAL, **_MUON, **_DROPOUT, **_RARE_WORDS, "word_dropout": 0.02}
_TWICE: dict[str, Value] = {**_RARE_LONG, "upsample_primary": 2}
_LOW_PRECISION: dict[str, Value] = {**_TWICE, "matmul_precision": "medium"}

# The systems to compare with: fairseq's own, with the same data, search and seeds. Batches are limited by tokens, which
# is what they cost; there are as many words per update as with our limit, so as many epochs, and at least our minutes.
_BASELINE: dict[str, Value] = {
    "max_blocks": False,
    "max_tokens": 600,
    "share_decoder_input_output_embed": True,
    "upsample_primary": 2,
}
_TRANSFORMER: dict[str, Value] = {
    **_BASELINE,
    "arch": "transformer",
    **{
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", 3), ("embed_dim", 256), ("ffn_embed_dim", 512), ("attention_heads", 4))
    },
    "dropout": 0.3,
}
_LSTM: dict[str, Value] = {
    **_BASELINE,
    "arch": "lstm",
    "encoder_embed_dim": 256,
    "encoder_hidden_size": 256,
    "encoder_bidirectional": True,
    "decoder_embed_dim": 256,
    "decoder_hidden_size": 256,
    "decoder_out_embed_dim": 256,
    "dropout": 0.3,
}

EXPERIMENTS: dict[str, Experiment] = {
    "end-adam": Experiment("the paper's readout, the end of a row", {**_END, **_ADAM}),
    "end-muon": Experiment("Muon", {**_END, **_MUON}),
    "max-muon": Experiment("maximum over the row", {**_MAX, **_MUON}),
    "attention-muon": Experiment("weighted sum over the row", {**_ATTENTION, **_MUON}),
    "lexical-adam": Experiment("lexical readout, Adam", {**_LEXICAL, **_ADAM}),
    "lexical-muon": Experiment("lexical readout, Muon", {**_LEXICAL, **_MUON}),
    "lexical-muon-seed-2": Experiment("how large the noise is", {**_LEXICAL, **_MUON}, seed=2),
    "lexical-muon-dropout": Experiment("dropout before the softmax", {**_LEXICAL, **_MUON, **_DROPOUT}),
    "phrases": Experiment("phrase pairs, sentences twice", {**_LONG, **_DROPOUT}, "phrases"),
    "bpe": Experiment("subwords on both sides", {**_LEXICAL, **_MUON, **_DROPOUT}, "bpe"),
    "words-all": Experiment("words that occur once are known", {**_LEXICAL, **_MUON}, "words-all"),
    "pieces": Experiment("large vocabularies of pieces of words", {**_LEXICAL, **_MUON}, "pieces"),
    "pieces-sampled": Experiment("pieces drawn at random", {**_LEXICAL, **_MUON}, "pieces-sampled"),
    "characters": Experiment("Chinese characters", {**_LEXICAL, **_MUON, **_DROPOUT}, "characters"),
    "phrases-long": Experiment("phrase pairs, longer", {**_LONG, **_DROPOUT}, "phrases", 4000),
    "phrases-long-seed-2": Experiment("the same, a second member", {**_LONG, **_DROPOUT}, "phrases", 4000, seed=2),
    "phrases-long-strong": Experiment(
        "phrase pairs, longer, more dropout",
        {**_LONG, "dropout": 0.3, "output_dropout": 0.3, "embed_dropout": 0.1, "word_dropout": 0.03},
        "phrases",
        4000,
        seed=3,
    ),
    "rare-words": Experiment("slower average of squared gradients", {**_LEXICAL, **_MUON, **_RARE_WORDS}),
    "rare-words-scaled": Experiment(
        "and larger steps of word vectors", {**_LEXICAL, **_MUON, **_RARE_WORDS, "embed_scale": 4.0}
    ),
    "rare-words-scaled-12": Experiment(
        "and still larger steps of word vectors", {**_LEXICAL, **_MUON, **_RARE_WORDS, "embed_scale": 12.0}
    ),
    "rare-words-shared": Experiment(
        "and larger steps, a layer before the softmax, and target word vectors as its weights",
        {
            **_LEXICAL,
            **_MUON,
            **_RARE_WORDS,
            "embed_scale": 12.0,
            "readout_dim": 160,
            "share_decoder_input_output_embed": True,
        },
    ),
    "rare-words-dropped": Experiment(
        "and more whole words dropped", {**_LEXICAL, **_MUON, **_RARE_WORDS, "word_dropout": 0.1}
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
        "pieces of words, and phrase pairs: twice as long, with products in bfloat16",
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
        "R-Drop, longer still, with products in bfloat16",
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
        "the paper's model and optimizer, for as long as the best single model",
        {"arch": "reencoder_btec", "label_smoothing": 0.0},
        updates=1200,
        lr=0.001,
    ),
    "transformer-muon-translated": Experiment(
        "Transformer with Muon, on the translations too",
        {**_TRANSFORMER, **_MUON, **_RARE_WORDS},
        "pieces-phrases-translated",
        6500,
        seed=2,
        lr=0.003,
    ),
    "transformer": Experiment("Transformer, 3 + 3 layers of 256", _TRANSFORMER, "pieces-phrases", 5000, lr=0.001),
    "transformer-muon": Experiment(
        "Transformer with Muon", {**_TRANSFORMER, **_MUON, **_RARE_WORDS}, "pieces-phrases", 5000, lr=0.003
    ),
    "lstm": Experiment("LSTM with attention", _LSTM, "pieces-phrases", 5000, lr=0.002),
    "lstm-long": Experiment("LSTM with attention, as many minutes as ours", _LSTM, "pieces-phrases", 11000, lr=0.002),
    "lstm-long-seed-2": Experiment("the same, a second member", _LSTM, "pieces-phrases", 11000, lr=0.002, seed=2),
    "lstm-long-seed-3": Experiment("the same, a third member", _LSTM, "pieces-phrases", 11000, lr=0.002, seed=3),
    "lstm-long-rare-words": Experiment(
        "LSTM with a slower average of squared gradients", {**_LSTM, **_RARE_WORDS}, "pieces-phrases", 11000, lr=0.002
    ),
    "lstm-reverse": Experiment(
        "LSTM, English to Chinese", _LSTM, "pieces-phrases", 11000, lr=0.002, seed=4, reverse=True
    ),
    "transformer-muon-long": Experiment(
        "Transformer with Muon, longer",
        {**_TRANSFORMER, **_MUON, **_RARE_WORDS},
        "pieces-phrases",
        11000,
        lr=0.003,
        seed=2,
    ),
}
"""Experiments by name, in the order of the table."""

BEST = "pieces-phrases-long"
"""The experiment with the best validation BLEU of a single model."""


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
