"""A peer: the two-dimensional LSTM translation model of Bahar, Brix and Ney (2018), from a checkout of
github.com/FlorianPfisterer/2D-LSTM-Seq2Seq, which cannot be installed as a package.

It has one plane of two-dimensional LSTM blocks with one memory each, above a bidirectional LSTM over the source.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data_prep.errors import DataError

from ..provenance import commit
from . import translation
from .measure import Work, alternating

EXTENT, BATCH = 10, 30
"""Source and target length, and sentences per batch: as many blocks as the batches of the recipes."""


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let the modules of a checkout, whose names are general, be imported for a while."""

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "model"]:
            del sys.modules[name]

    forget()
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        forget()


def load_peer(
    folder: Path, hidden_size: int, dropout: float, source_words: int, target_words: int, symbols: dict[str, int]
) -> Any:
    """Return the peer's model.

    Args:
        folder: its checkout.
        hidden_size: size of its word vectors and of the states of its blocks; each of the two directions of its encoder
            has half of it.
        dropout: its dropout, in versions that have one.
        source_words: number of source words.
        target_words: number of target words.
        symbols: indices of the target's `pad_token`, `bos_token` and `eos_token`.

    Raises:
        DataError: the folder does not contain the model, or it has another interface.
    """
    if not (folder / "model" / "lstm2d.py").is_file():
        raise DataError(f"--peer {folder}: no model/lstm2d.py; give a checkout of FlorianPfisterer/2D-LSTM-Seq2Seq")
    given: dict[str, Any] = {
        "embed_dim": hidden_size,
        "state_dim_2d": hidden_size,
        "encoder_state_dim": hidden_size // 2,
        "input_vocab_size": source_words,
        "output_vocab_size": target_words,
        "device": torch.device("cpu"),
        **symbols,
    }
    try:
        with _importable(folder.resolve()):
            kind = importlib.import_module("model.lstm2d").LSTM2d
        if "dropout_p" in inspect.signature(kind).parameters:  # later versions
            given["dropout_p"] = dropout
        return kind(**given)
    except Exception as error:
        raise DataError(f"--peer {folder}: its model cannot be made ({error}); try its newest commit") from error


def against_peer(folder: Path, data: Path, repeats: int) -> dict[str, Any]:
    """Measure a training step of the peer and of the recipes' Reencoder, in turn, both with Adam.

    Both get the same random sentences without padding, which the peer's training does not support.

    Args:
        folder: checkout of the peer.
        data: folder of binarised data, for the vocabularies.
        repeats: number of measured steps of each.

    Returns:
        `peer`: time of the peer / time of the Reencoder (`ratio`), both times in `seconds`, the sizes, and the peer's
        commit.

    Raises:
        DataError: the peer cannot be used.
    """
    adam = {**translation.RECIPE, "--optimizer": "adam", "--weight-decay": "0"}
    step = translation.Step(data, adam, translation.RECIPE_BLOCKS, batches=1)
    source, target = step.task.source_dictionary, step.task.target_dictionary
    grid = step.model.decoder.grid.stack.options
    d = grid.hidden_size
    symbols = {"pad_token": target.pad(), "bos_token": target.bos(), "eos_token": target.eos()}
    peer = load_peer(folder, d, grid.dropout, len(source), len(target), symbols)
    torch.manual_seed(1)
    x = torch.randint(source.nspecial, len(source), (BATCH, EXTENT))
    y = torch.randint(target.nspecial, len(target), (BATCH, EXTENT))
    x[:, -1], y[:, -1] = source.eos(), target.eos()
    lengths = torch.full((BATCH,), EXTENT)
    batch = {
        "net_input": {"src_tokens": x, "src_lengths": lengths, "prev_output_tokens": y.roll(1, dims=1)},
        "target": y,
        "ntokens": y.numel(),
    }

    def mine() -> None:
        step.learn(batch)
        step.update()

    theirs = _peer_step(peer, x.t(), lengths, y.t())
    try:
        theirs()
    except Exception as error:
        raise DataError(f"--peer {folder}: its training step fails ({error}); try its newest commit") from error
    theirs_taken, taken = alternating([theirs, mine], repeats)
    found = commit(folder.resolve())
    return {
        "peer": {
            "ratio": theirs_taken / taken,
            "seconds": {"peer": theirs_taken, "Reencoder": taken},
            "hidden_size": d,
            "extent": EXTENT,
            "batch": BATCH,
            "commit": None if found is None else asdict(found),
        }
    }


def _peer_step(peer: Any, x: Tensor, lengths: Tensor, y: Tensor) -> Work:
    """A training step as in the peer's own training program; x and y have shape (length, batch)."""
    optimizer = torch.optim.Adam(peer.parameters(), lr=0.0005)
    x, y = x.contiguous(), y.contiguous()

    def run() -> None:
        peer.train()
        optimizer.zero_grad()
        peer.loss(peer(x=x, x_lengths=lengths, y=y), y).backward()
        torch.nn.utils.clip_grad_norm_(peer.parameters(), 1.0)
        optimizer.step()

    return run
