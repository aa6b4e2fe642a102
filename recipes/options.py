"""Options of fairseq-train that the recipes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Value = str | float | bool
"""Value of an option; True gives a flag, False omits it."""

Options = Mapping[str, Value]
"""Options of fairseq-train by name, with underscores or hyphens."""


def training_options(task: str, seed: int, batch_size: int, lr: float) -> dict[str, Value]:
    """Return options that all recipes share.

    Args:
        task: name of the task.
        seed: seed of everything random.
        batch_size: maximum number of samples per update.
        lr: learning rate, the maximum one if it changes.
    """
    return {
        "task": task,
        "lr": lr,
        "clip_norm": 1.0,
        "batch_size": batch_size,
        "num_workers": 0,
        "log_interval": 100,
        "seed": seed,
    }


def linear_decay(updates: int, warmup: int) -> dict[str, Value]:
    """Return options with which the learning rate rises linearly and then falls linearly to zero.

    Args:
        updates: number of updates of the whole training.
        warmup: updates during which it rises; at most a tenth of all updates are used for this.
    """
    return {
        "lr_scheduler": "polynomial_decay",
        "warmup_updates": min(warmup, updates // 10),
        "total_num_update": updates,
    }


def translation_options(
    arch: str, updates: int, max_blocks: int, learning_rate: float, seed: int, **more: Value
) -> dict[str, Value]:
    """Return options for training a translation model: Adam, label smoothing, warm-up, then linear decay to zero.

    Args:
        arch: fairseq architecture or preset.
        updates: number of parameter updates of the whole training.
        max_blocks: maximum number of blocks per batch, see `--task reencoder_translation`.
        learning_rate: maximum learning rate.
        seed: seed of everything random.
        more: further options, which override those above.
    """
    # fairseq requires one of its own limits of the batch, too.
    return training_options("reencoder_translation", seed, batch_size=512, lr=learning_rate) | {
        "arch": arch,
        "optimizer": "adam",
        "adam_betas": "(0.9,0.98)",
        **linear_decay(updates, 400),
        "max_update": updates,
        "criterion": "label_smoothed_cross_entropy",
        "label_smoothing": 0.1,
        "max_blocks": max_blocks,
        # Larger values make fairseq drop sentences.
        "required_batch_size_multiple": 1,
        "log_interval": 50,
        **more,
    }


def algorithmic_options(
    task: str, seed: int, batch_size: int, samples: int, samples_per_epoch: int, hours: float, lr: float, **more: Value
) -> dict[str, Value]:
    """Return options for training on an algorithmic task until it is solved or a limit is reached.

    Args:
        task: name of the task.
        seed: seed of the parameters and of the training samples.
        batch_size: samples per update.
        samples: maximum number of training samples.
        samples_per_epoch: samples between two validations.
        hours: maximum training time in hours; 0: no limit.
        lr: learning rate.
        more: further options, which override those above.
    """
    return training_options(task, seed, batch_size, lr) | {
        "criterion": "cross_entropy_with_accuracy",
        "max_update": -(-samples // batch_size),
        "stop_time_hours": hours,
        "samples_per_epoch": samples_per_epoch,
        "best_checkpoint_metric": "accuracy",
        "maximize_best_checkpoint_metric": True,
        "no_epoch_checkpoints": True,
        **more,
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return the options whose values differ, in words, such as "lr 0.1, now 0.2; seed 1, now 2"; "" if none does."""
    return "; ".join(
        f"{name} {before.get(name)}, now {now.get(name)}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    )
