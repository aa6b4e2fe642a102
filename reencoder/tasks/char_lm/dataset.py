"""A split of a text as fairseq data sets: its sequences, and its batches in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import torch
from fairseq.data import FairseqDataset
from numpy.typing import NDArray
from torch.utils.data import Dataset

from .streams import Piece, Plan


class Place(TypedDict):
    """Where a batch stands among those of its worker.

    Attributes:
        split: name of the split.
        number: number of the batch, counted from 0.
        begins: True if a sequence begins here, and states start from zero.
        plan: how the text is cut.
    """

    split: str
    number: int
    begins: bool
    plan: Plan


class TextDataset(FairseqDataset):
    """The sequences of a split.

    Args:
        split: name of the split.
        characters: indices of its symbols, shape (characters,).
        begin: index of the symbol that a model reads where a sequence begins.
        sequence_length: characters per sequence; the last may be shorter.
    """

    def __init__(self, split: str, characters: NDArray[np.integer], begin: int, sequence_length: int) -> None:
        self.split, self.characters, self.begin, self.sequence_length = split, characters, begin, sequence_length

    def __len__(self) -> int:
        return -(-len(self.characters) // self.sequence_length)

    def __getitem__(self, index: int) -> Piece:
        start = int(index) * self.sequence_length
        return Piece(np.array([start]), min(self.sequence_length, len(self.characters) - start), True)

    def num_tokens(self, index: int) -> int:
        """Number of characters of a sequence."""
        return self[index].length

    def size(self, index: int) -> int:
        """Number of characters of a sequence."""
        return self[index].length

    def collater(self, samples: Sequence[Piece]) -> dict[str, Any]:
        """Collate pieces of equal length.

        Returns:
            fairseq's batch: `id`, the numbers of the sequences, shape (rows,); `net_input.src_tokens`, what the model
            reads, and `target`, what it is to predict, shapes (rows, characters); the numbers of sentences and tokens.
        """
        if not samples:
            return {}
        starts = np.concatenate([piece.starts for piece in samples])
        targets = np.stack([self.characters[start : start + samples[0].length] for start in starts]).astype(np.int64)
        first = np.full(len(starts), self.begin) if samples[0].begins else self.characters[starts - 1]
        sources = np.concatenate([first[:, None].astype(np.int64), targets[:, :-1]], axis=1)
        return {
            "id": torch.from_numpy(starts // self.sequence_length),
            "nsentences": len(starts),
            "ntokens": targets.size,
            "net_input": {"src_tokens": torch.from_numpy(sources)},
            "target": torch.from_numpy(targets),
        }

    def whole_sequences(self, rows: int) -> list[list[int]]:
        """Return batches of sequences of equal length, `rows` each, for programs that carry no states."""
        full = len(self.characters) // self.sequence_length
        batches = [list(range(first, min(first + rows, full))) for first in range(0, full, rows)]
        return batches + [[full]] * (full < len(self))


class Batches(Dataset[dict[str, Any]]):
    """The batches of a split that one worker reads, in their order.

    Args:
        text: the split.
        plan: how it is cut.
        worker: number of the worker.
    """

    def __init__(self, text: TextDataset, plan: Plan, worker: int = 0) -> None:
        self.text, self.plan = text, plan
        self.pieces = plan.batches(worker)

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, number: int) -> dict[str, Any]:
        piece = self.pieces[number]
        place: Place = {"split": self.text.split, "number": int(number), "begins": piece.begins, "plan": self.plan}
        return {**self.text.collater([piece]), "place": place}

    @staticmethod
    def collate(batches: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the batch, or nothing where a worker has run out of batches."""
        return batches[0] if batches else {}
