"""Options of fairseq-train that the recipes share."""

from __future__ import annotations

from recipes.training import Value


def training_options(
    arch: str, updates: int, max_cells: int, learning_rate: float, seed: int, **more: Value
) -> dict[str, Value]:
    """Adam, label smoothing, a short warm-up and a linear decay to zero at the last update.

    Args:
        arch: fairseq architecture or preset.
        updates: parameter updates of the whole training.
        max_cells: cells a batch, see `--task reencoder_translation`.
        learning_rate: the highest.
        seed: of everything random.
        more: further options of fairseq-train; they go before those here.
    """
    return {
        "task": "reencoder_translation",
        "arch": arch,
        "optimizer": "adam",
        "adam_betas": "(0.9,0.98)",
        "lr": learning_rate,
        "lr_scheduler": "polynomial_decay",
        "warmup_updates": min(400, updates // 10),
        "total_num_update": updates,
        "max_update": updates,
        "clip_norm": 1.0,
        "criterion": "label_smoothed_cross_entropy",
        "label_smoothing": 0.1,
        "max_cells": max_cells,
        # fairseq asks for one of its own limits too
        "batch_size": 512,
        # fairseq keeps a multiple by dropping sentences
        "required_batch_size_multiple": 1,
        "num_workers": 0,
        "log_interval": 50,
        "seed": seed,
        **more,
    }
