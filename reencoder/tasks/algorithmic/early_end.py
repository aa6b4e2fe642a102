"""Ending fairseq-train before its limits.

fairseq's training loop ends at `--max-update` and `--stop-time-hours` and reads both limits again after every update.
A task has no other way to end it. The task's configuration is a part of the program's; OmegaConf has no public function
that finds the whole, so this module uses its private `_get_root`.
"""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig


def whole_config(task_config: Any) -> DictConfig | None:
    """The configuration of the program that `task_config` is part of; None if it stands alone, as in a notebook."""
    if not isinstance(task_config, DictConfig):
        return None
    whole = task_config._get_root()
    return whole if isinstance(whole, DictConfig) and "optimization" in whole else None


def end_training(task_config: Any, updates: int) -> None:
    """Make fairseq-train end as soon as it has done `updates` updates.

    Raises:
        ValueError: the task's configuration is not part of a program's.
    """
    whole = whole_config(task_config)
    if whole is None:
        raise ValueError(
            "--stop-at-accuracy: expected to run in fairseq-train, whose --max-update ends the training; set "
            "stop_at_accuracy to 0 here and stop the loop when `task.solved` is true"
        )
    whole.optimization.max_update = updates
