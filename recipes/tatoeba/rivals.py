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
    "transformer": Experiment(
        "Transformer, 3 + 3 layers of 256", _TRANSFORMER, data="pieces-phrases", updates=5000, lr=0.001
    ),
    "transformer-muon": Experiment(
        "Transformer with Muon", {**_TRANSFORMER, **MUON, **RARE_WORDS}, data="pieces-phrases", updates=5000, lr=0.003
    ),
    "lstm": Experiment("LSTM with attention", _LSTM, data="pieces-phrases", updates=5000, lr=0.002),
    "lstm-long": Experiment("LSTM with attention, longer", _LSTM, data="pieces-phrases", updates=11000, lr=0.002),
    "lstm-long-rare-words": Experiment(
        "LSTM with a slower average of squared gradients",
        {**_LSTM, **RARE_WORDS},
        data="pieces-phrases",
        updates=11000,
        lr=0.002,
    ),
    "lstm-muon-decayed": Experiment(
        "LSTM with Muon and weight decay",
        {**_LSTM, **MUON, **RARE_WORDS, **DECAY},
        data="pieces-phrases",
        updates=5000,
        lr=0.003,
    ),
    "lstm-muon-decayed-long": Experiment(
        "the same, as many minutes as the best Reencoder",
        {**_LSTM, **MUON, **RARE_WORDS, **DECAY},
        data="pieces-phrases",
        updates=11000,
        lr=0.003,
    ),
    "transformer-muon-decayed-long": Experiment(
        "Transformer with Muon and weight decay, as many minutes as the best Reencoder",
        {**_TRANSFORMER, **MUON, **RARE_WORDS, **DECAY},
        data="pieces-phrases",
        updates=10000,
        lr=0.003,
    ),
}
"""Experiments by name, in the order of the table."""
