"""What single choices changed: pairs of experiments that differ in what is named, for docs/results.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from data_prep.files import read_json

from .execution import result_path


class Effect(NamedTuple):
    """Two experiments that differ in what is named, and otherwise at most in `matmul_precision`.

    On the processor of the results that precision changed nothing.

    Attributes:
        what: the difference.
        before: the experiment without it.
        after: the experiment with it.
    """

    what: str
    before: str
    after: str


EFFECTS: Sequence[Effect] = (
    Effect("Muon instead of Adam, where the softmax reads the end of a row", "end-adam", "end-muon"),
    Effect("Muon instead of Adam, where it reads all blocks and the source words", "lexical-adam", "lexical-muon"),
    Effect("it also reads the maximum over the row", "end-muon", "max-muon"),
    Effect("it also reads a weighted sum over the row", "end-muon", "attention-muon"),
    Effect("and the source words with the same weights", "attention-muon", "lexical-muon"),
    Effect("a slower average of squared gradients (0.999 instead of 0.98)", "lexical-muon", "rare-words"),
    Effect("steps of word vectors four times as large", "rare-words", "rare-words-scaled"),
    Effect("pieces of words instead of words", "lexical-muon", "pieces"),
    Effect("twice as many updates", "pieces-phrases", "pieces-phrases-long"),
    Effect(
        "the same, with steps of word vectors four times as large", "pieces-phrases-long", "pieces-phrases-scaled-long"
    ),
    Effect(
        "steps of word vectors four times as large, and dropout of their elements",
        "pieces-phrases-seed-3",
        "pieces-phrases-scaled-dropped",
    ),
    Effect(
        "weight decay of the matrices, and Muon also for the projections of word vectors",
        "pieces-phrases-scaled-dropped",
        "pieces-phrases-decayed",
    ),
    Effect("of these, weight decay alone", "pieces-phrases-undecayed", "pieces-phrases-decayed"),
    Effect("with weight decay, twice as many updates", "pieces-phrases-decayed", "pieces-phrases-decayed-long-seed-3"),
    Effect("twice as many again", "pieces-phrases-decayed-long", "pieces-phrases-decayed-longer"),
    Effect(
        "less dropout in the blocks (0.15 instead of 0.25)",
        "pieces-phrases-decayed-long",
        "pieces-phrases-decayed-lighter",
    ),
    Effect(
        "word vectors of 256, a layer of 256 before the softmax, target word vectors as its weights",
        "pieces-phrases-decayed",
        "pieces-phrases-shared",
    ),
    Effect("a slower average of squared gradients for fairseq's LSTM", "lstm-long", "lstm-long-rare-words"),
    Effect(
        "Muon, weight decay, and a learning rate of 0.003 instead of 0.002 for fairseq's LSTM",
        "lstm-long-rare-words",
        "lstm-muon-decayed-long",
    ),
    Effect(
        "weight decay and twice as many updates for fairseq's Transformer with Muon",
        "transformer-muon",
        "transformer-muon-decayed-long",
    ),
    Effect("guided alignment", "pieces-phrases", "pieces-phrases-guided"),
)
"""In the order of the table. Experiments that are not finished leave their rows out."""


def table(folder: Path) -> list[str]:
    """Return the lines on what single choices changed; none if no pair is finished.

    Args:
        folder: folder of the result files.
    """
    rows = []
    for what, *names in EFFECTS:
        paths = [result_path(name, folder) for name in names]
        if all(path.exists() for path in paths):
            before, after = (read_json(path)["valid"]["bleu"] for path in paths)
            rows.append(
                f"| {what} | `{names[0]}` | `{names[1]}` | {before:.2f} | {after:.2f} | {after - before:+.2f} |"
            )
    if not rows:
        return []
    return [
        "### What single choices changed",
        "",
        "Each row compares two experiments that differ in what it names, with one seed each. The two seeds of "
        "`pieces-phrases` show what chance does. BLEU on the validation set:",
        "",
        "| what | without | with | without | with | difference |",
        "| --- | --- | --- | ---: | ---: | ---: |",
        *rows,
        "",
    ]
