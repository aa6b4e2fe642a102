"""The experiments with rival systems: fairseq's own Transformer and LSTM."""

from __future__ import annotations

from ..options import Value
from .experiment import DECAY, MUON, RARE_WORDS, Experiment

# The same data and search as ours. Batches are limited by tokens, which is what these models cost; there are as many
# words per update as with our limit, so as many epochs; those named "long" have more.
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

RIVALS: dict[str, Experiment] = {
    "transformer-muon-translated": Experiment(
        "Transformer with Muon, on the translations too",
        {**_TRANSFORMER, **MUON, **RARE_WORDS},
        "pieces-phrases-translated",
        6500,
        seed=2,
        lr=0.003,
    ),
    "transformer": Experiment("Transformer, 3 + 3 layers of 256", _TRANSFORMER, "pieces-phrases", 5000, lr=0.001),
    "transformer-muon": Experiment(
        "Transformer with Muon", {**_TRANSFORMER, **MUON, **RARE_WORDS}, "pieces-phrases", 5000, lr=0.003
    ),
    "lstm": Experiment("LSTM with attention", _LSTM, "pieces-phrases", 5000, lr=0.002),
    "lstm-long": Experiment("LSTM with attention, longer", _LSTM, "pieces-phrases", 11000, lr=0.002),
    "lstm-long-seed-2": Experiment("the same, a second member", _LSTM, "pieces-phrases", 11000, lr=0.002, seed=2),
    "lstm-long-seed-3": Experiment("the same, a third member", _LSTM, "pieces-phrases", 11000, lr=0.002, seed=3),
    "lstm-long-rare-words": Experiment(
        "LSTM with a slower average of squared gradients", {**_LSTM, **RARE_WORDS}, "pieces-phrases", 11000, lr=0.002
    ),
    "lstm-muon-decayed": Experiment(
        "LSTM with Muon and weight decay",
        {**_LSTM, **MUON, **RARE_WORDS, **DECAY},
        "pieces-phrases",
        5000,
        lr=0.003,
    ),
    "lstm-muon-decayed-long": Experiment(
        "the same, as many minutes as the best Reencoder",
        {**_LSTM, **MUON, **RARE_WORDS, **DECAY},
        "pieces-phrases",
        11000,
        lr=0.003,
    ),
    "lstm-reverse": Experiment(
        "LSTM, English to Chinese", _LSTM, "pieces-phrases", 11000, lr=0.002, seed=4, reverse=True
    ),
    "transformer-muon-long": Experiment(
        "Transformer with Muon, longer",
        {**_TRANSFORMER, **MUON, **RARE_WORDS},
        "pieces-phrases",
        11000,
        lr=0.003,
        seed=2,
    ),
    "transformer-muon-decayed-long": Experiment(
        "Transformer with Muon and weight decay, as many minutes as the best Reencoder",
        {**_TRANSFORMER, **MUON, **RARE_WORDS, **DECAY},
        "pieces-phrases",
        10000,
        lr=0.003,
    ),
}
"""Experiments by name, in the order of the table."""
