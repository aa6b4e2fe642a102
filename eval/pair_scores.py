"""Log-probabilities of translations given as tokens, under a model of either direction."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from pathlib import Path

from .models import load_translation_model


def score_tokens(
    checkpoint: Path, data: Path, sources: Sequence[str], targets: Sequence[str], device: str | None = None
) -> list[float]:
    """Return the log-probability to base 2 of each target given its source, or the reverse with a reverse model.

    The direction of a model is that of its training, see `--source-lang`.

    Args:
        checkpoint: a translation model of fairseq that was trained on `data`, in either direction.
        data: folder written by ``python -m data_prep prepare``.
        sources: source tokens of each pair, joined by spaces.
        targets: target tokens of each pair, joined by spaces.
        device: where to compute. Default: a GPU if there is one

    Raises:
        DataError: the checkpoint cannot be loaded with these data, or there is no such device.
    """
    from tqdm import tqdm

    from reencoder.scoring import score_pairs

    model, task, reverse = load_translation_model(checkpoint, data, device=device)
    lines = (targets, sources) if reverse else (sources, targets)
    dictionaries = (task.source_dictionary, task.target_dictionary)
    tokens = [
        [dictionary.encode_line(line, add_if_not_exist=False).long() for line in side]
        for dictionary, side in zip(dictionaries, lines, strict=True)
    ]
    scores = [0.0] * len(sources)
    found = score_pairs(task, [model], tokens[0], tokens[1], next(model.parameters()).device)
    for index, hypothesis in tqdm(found, desc=f"score with {checkpoint.name}", unit=" pairs", total=len(sources)):
        scores[index] = float(hypothesis["positional_scores"].sum()) / log(2)
    return scores
