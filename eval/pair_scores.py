"""Log-probabilities of given translations under a model of either direction."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import log
from pathlib import Path

from data_prep.errors import DataError

from .program import USER_DIR

MAX_PAIRS, MAX_BLOCKS = 64, 25_000
"""Limits of a batch: its pairs, and pairs x longest source x longest target, which is what it takes of memory."""


def score_pairs(checkpoint: Path, data: Path, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
    """Return the log-probability to base 2 of each target given its source, or the reverse with a reverse model.

    Which direction a model has is what its training's `--source-lang` says.

    Args:
        checkpoint: a translation model of fairseq that was trained on `data`, in either direction.
        data: folder written by ``python -m data_prep prepare``.
        sources: source tokens of each pair, joined by spaces.
        targets: target tokens of each pair, joined by spaces.

    Raises:
        DataError: the checkpoint cannot be loaded with these data.
    """
    import numpy as np
    import torch
    from fairseq import checkpoint_utils, utils
    from fairseq.data import LanguagePairDataset
    from tqdm import tqdm

    from reencoder.tasks.batching import batch_by_blocks

    utils.import_user_module(argparse.Namespace(user_dir=str(USER_DIR)))
    try:
        models, cfg, task = checkpoint_utils.load_model_ensemble_and_task(
            [str(checkpoint)], arg_overrides={"data": str(data / "bin")}
        )
    except Exception as error:  # torch and fairseq explain at length
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{checkpoint}: cannot be loaded with the data of {data}: {reason}") from error
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for model in models:
        model.to(device).eval()
    options = cfg.generation.copy()
    options.score_reference = True
    scorer = task.build_generator(models, options)
    lines = (sources, targets) if task.cfg.source_lang == "zh" else (targets, sources)
    dictionaries = (task.source_dictionary, task.target_dictionary)
    tokens = [
        [dictionary.encode_line(line, add_if_not_exist=False).long() for line in side]
        for dictionary, side in zip(dictionaries, lines, strict=True)
    ]
    # The pairs of a batch are of similar size, the largest come first: too little memory shows at once.
    sizes = [np.array([len(line) for line in side], dtype=np.int64) for side in tokens]
    order = np.argsort(-sizes[0] * sizes[1], kind="stable")
    batches = batch_by_blocks(order, sizes[0], sizes[1], max_blocks=MAX_BLOCKS, max_sentences=MAX_PAIRS)
    scores = [0.0] * len(sources)
    for chosen in tqdm(batches, desc=f"score with {checkpoint.name}", unit="batch"):
        sides = [[side[n] for n in chosen] for side in tokens]
        dataset = LanguagePairDataset(
            sides[0],
            [len(line) for line in sides[0]],
            dictionaries[0],
            sides[1],
            [len(line) for line in sides[1]],
            dictionaries[1],
            shuffle=False,
        )
        batch = dataset.collater([dataset[n] for n in range(len(dataset))])
        batch = utils.apply_to_sample(lambda tensor: tensor.to(device), batch)
        with torch.no_grad():
            found = task.inference_step(scorer, models, batch)
        # The collater sorts by length; its ids are positions in `chosen`.
        for position, hypotheses in zip(batch["id"].tolist(), found, strict=True):
            scores[chosen[position]] = float(hypotheses[0]["positional_scores"].sum()) / log(2)
    return scores
