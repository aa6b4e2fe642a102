"""Which characters of a text are in which batch.

A text is cut into sequences of equal length (the last may be shorter), whatever the batch size. The sequences are dealt
out to streams: each stream is a run of consecutive sequences. All streams are read side by side, a piece of each at a
time. A model carries its states from piece to piece; they start from zero where a sequence begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """How a text is cut into batches.

    Attributes:
        characters: number of characters of the text.
        sequence_length: characters per sequence, at least 1.
        piece_length: characters per piece, at least 1; gradients flow no further back.
        streams: number of streams per worker, the rows of a batch.
        workers: number of workers that share the text.

    Raises:
        ValueError: names the option that is wrong, or there are fewer sequences than workers.
    """

    characters: int
    sequence_length: int
    piece_length: int
    streams: int
    workers: int = 1

    def __post_init__(self) -> None:
        if self.streams < 1:
            raise ValueError(f"--batch-size: expected at least 1, got {self.streams}")
        if self.characters < 1:
            raise ValueError("the text has no characters")
        if self.sequences < self.workers:
            raise ValueError(
                f"--sequence-length: {self.characters} characters are {self.sequences} sequences of "
                f"{self.sequence_length}, too few for {self.workers} workers"
            )

    @property
    def sequences(self) -> int:
        """Number of sequences."""
        return -(-self.characters // self.sequence_length)

    def batches(self, worker: int = 0) -> list[Piece]:
        """Return the batches of a worker in their order.

        Every character of the text is in exactly one batch of one worker. The rows of a batch are always the first of
        those of the batch before it, unless a sequence begins.
        """
        streams = min(self.streams * self.workers, self.sequences)
        each, more = divmod(self.sequences, streams)
        # Each worker gets every so-many-th stream: the longer ones come first and are shared by all.
        own = range(worker, streams, self.workers)
        found = []
        for column in range(each + (more > 0)):
            rows = [stream for stream in own if column < each + (stream < more)]
            starts = np.array([stream * each + min(stream, more) + column for stream in rows], dtype=np.int64)
            found += self._pieces(starts * self.sequence_length)
        return found

    def _pieces(self, starts: Positions) -> list[Piece]:
        """Cut sequences that begin at `starts` into pieces; only the last may be shorter, and its row ends earlier."""
        lengths = np.minimum(self.sequence_length, self.characters - starts)
        ends = {*range(self.piece_length, self.sequence_length, self.piece_length), *map(int, lengths)}
        found, begin = [], 0
        for end in sorted(ends):
            rows = starts[lengths >= end]
            if len(rows):
                found.append(Piece(rows + begin, end - begin, begin == 0))
            begin = end
        return found


@dataclass(frozen=True)
class Piece:
    """One batch: as many characters of each stream.

    Attributes:
        starts: position in the text of the first character of each row, shape (rows,).
        length: number of characters per row.
        begins: True if a sequence begins here in all rows; False if all of them go on.
    """

    starts: Positions
    length: int
    begins: bool
