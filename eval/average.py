"""Average the parameters of checkpoints into a checkpoint that fairseq's programs load."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import new_file
from reencoder.text.manifest import DIRECTION

from .checkpoints import check_checkpoint, check_not_replaced, describe_checkpoints, load_plugin, read_checkpoint
from .program import USER_DIR

_RECORDS = "version_records."
"""Part of the names under which models save what a task records in them."""

_UPDATE_CHECKPOINT = re.compile(r"checkpoint_\d+_(\d+)\.pt")
_EPOCH_CHECKPOINT = re.compile(r"checkpoint(\d+)\.pt")
_BEST_CHECKPOINT = re.compile(r"checkpoint\.best_.*\.pt")


def last_checkpoints(folder: Path, count: int) -> list[Path]:
    """Return the last checkpoints of a training.

    They are those saved by ``--save-interval-updates`` or, if there are none, the epoch checkpoints.

    Args:
        folder: folder of checkpoints.
        count: number of checkpoints.

    Returns:
        Paths in the order of their updates.

    Raises:
        DataError: there are fewer.
    """
    if count < 1:
        raise DataError(f"--last {count}: must be at least 1")
    found = _matching(folder, _UPDATE_CHECKPOINT) or _matching(folder, _EPOCH_CHECKPOINT)
    if len(found) < count:
        raise DataError(
            f"{folder}: {len(found)} checkpoints named checkpoint_<epoch>_<updates>.pt or checkpoint<epoch>.pt, "
            f"expected at least {count}; fairseq-train writes the former with --save-interval-updates"
        )
    return found[-count:]


def best_checkpoints(folder: Path, count: int, user_dir: Path | None = USER_DIR) -> list[Path]:
    """Return the checkpoints of a training that are best in validation, by the metric that the training went by.

    Args:
        folder: folder of checkpoints, also those that ``--keep-best-checkpoints`` wrote.
        count: number of checkpoints.
        user_dir: see `average`.

    Returns:
        Paths in the order of their updates. If several files have the same number of updates, one is returned.

    Raises:
        DataError: fewer were validated, or one cannot be read.
    """
    if count < 1:
        raise DataError(f"--best {count}: must be at least 1")
    load_plugin(user_dir)
    validated: dict[int | None, tuple[float, Path]] = {}
    for pattern in (_BEST_CHECKPOINT, _EPOCH_CHECKPOINT, _UPDATE_CHECKPOINT):
        for path in _matching(folder, pattern):
            state = read_checkpoint(path)
            value = (state.get("extra_state") or {}).get("val_loss")
            if value is not None and isfinite(value):
                higher = (state["cfg"].get("checkpoint") or {}).get("maximize_best_checkpoint_metric", False)
                validated[_updates(state)] = (-value if higher else value, path)
    if len(validated) < count:
        raise DataError(
            f"{folder}: {len(validated)} checkpoints with a finite validation score named checkpoint.best_<...>.pt, "
            f"checkpoint<epoch>.pt or checkpoint_<epoch>_<updates>.pt, expected at least {count}; keep more with "
            "--keep-best-checkpoints or --save-interval-updates"
        )
    chosen = sorted(validated, key=lambda updates: (validated[updates][0], updates or 0))[:count]
    return [validated[updates][1] for updates in sorted(chosen, key=lambda updates: updates or 0)]


def _matching(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """Return the files of a folder whose names match, in the order of the number in the name if there is one.

    Raises:
        DataError: the folder does not exist.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such directory")
    matches = [(pattern.fullmatch(path.name), path) for path in folder.iterdir()]
    found = [(int(match[1]) if pattern.groups else 0, path) for match, path in matches if match is not None]
    return [path for _, path in sorted(found)]


def _updates(state: Mapping[str, Any]) -> int | None:
    """Return the number of updates after which a checkpoint was written."""
    updates: int | None = (state.get("optimizer_history") or [{}])[-1].get("num_updates")
    return updates


def average(
    paths: Sequence[Path],
    output: Path,
    *,
    ema: bool = False,
    user_dir: Path | None = USER_DIR,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Average checkpoints of one architecture and write the result.

    Floating-point parameters are averaged in float64 and rounded to their own type; everything else must be equal. The
    configuration is that of the last checkpoint. The states of optimizer and data iterator are left out: training can
    start from the average (``--finetune-from-model``), but not go on with it.

    Args:
        paths: checkpoints, one or more.
        output: file to write.
        ema: use the exponential moving average that fairseq-train kept in the checkpoints (``--store-ema``) instead of
            the parameters. Default: False
        user_dir: fairseq plugin whose classes the checkpoints may contain. Default: this project's
        overwrite: replace an existing file. Default: False

    Returns:
        The record of what was averaged, which the checkpoint contains as ``extra_state["average"]``.

    Raises:
        DataError: a checkpoint is missing or unreadable, has no moving average, or differs in its architecture or in
            how its training data were prepared from the first; or the output exists.
    """
    import torch

    if not paths:
        raise DataError("no checkpoint to average")
    for path in paths:
        check_checkpoint(path)
    if output.exists() and not overwrite:
        raise DataError(f"--output {output}: exists already; choose another name or give --overwrite")
    load_plugin(user_dir)
    checkpoints = describe_checkpoints(paths)
    first = state = read_checkpoint(paths[0])
    first_model = _parameters(first, paths[0], ema)
    sums = {name: value.double() for name, value in first_model.items() if _is_float(value)}
    updates = []
    for number, path in enumerate(paths):
        if number > 0:
            state = read_checkpoint(path)
            model = _parameters(state, path, ema)
            _check_same(first, first_model, paths[0], state, model, path)
            for name in sums:
                sums[name] += model[name].double()
        updates.append(_updates(state))
    check_not_replaced(paths, checkpoints)
    described = [
        {"path": checkpoint["path"], "sha256": checkpoint["sha256"], "updates": number}
        for checkpoint, number in zip(checkpoints, updates, strict=True)
    ]
    record = {"checkpoints": described, "ema": ema}
    averaged = {
        name: (sums[name] / len(paths)).to(value.dtype) if name in sums else value
        for name, value in first_model.items()
    }
    for name, value in averaged.items():
        if name in sums and not torch.isfinite(value).all():
            raise DataError(f"parameter {name}: not finite after averaging; one of the checkpoints is damaged")
    result = {
        **{key: value for key, value in state.items() if key != "last_optimizer_state"},
        "model": OrderedDict(averaged),
        "extra_state": {"average": record},
    }
    with new_file(output, overwrite, "--output") as temporary:
        torch.save(result, temporary)
    return record


def _parameters(state: Mapping[str, Any], path: Path, ema: bool) -> Mapping[str, Any]:
    """Return the parameters of a checkpoint or their moving average.

    Raises:
        DataError: it has no moving average.
    """
    if not ema:
        return state["model"]
    if "ema" not in (state.get("extra_state") or {}):
        raise DataError(f"{path}: has no moving average; train with --store-ema, or leave out --ema")
    return state["extra_state"]["ema"]


def _is_float(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _check_same(
    first: Mapping[str, Any],
    first_model: Mapping[str, Any],
    first_path: Path,
    state: Mapping[str, Any],
    model: Mapping[str, Any],
    path: Path,
) -> None:
    """Check that a checkpoint has the architecture and the tokens of the first.

    Raises:
        DataError: names the first difference.
    """
    import torch

    if _arch(state) != _arch(first):
        raise DataError(f"{path}: has the architecture {_arch(state)}, not {_arch(first)} as {first_path}")
    if _tokens(state) != _tokens(first):
        raise DataError(f"{path}: was trained on data prepared otherwise than those of {first_path}: no average")
    if None not in (_direction(state), _direction(first)) and _direction(state) != _direction(first):
        raise DataError(f"{path}: translates {_direction(state)}, not {_direction(first)} as {first_path}: no average")
    head = f"{path}: another architecture than {first_path}"
    # What a task records in a model is the same if the above is, but older checkpoints have no such record.
    first_model, model = (
        {name: part for name, part in parts.items() if _RECORDS not in name} for parts in (first_model, model)
    )
    ours, theirs = _options(first), _options(state)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            raise DataError(f"{head}: option {name} is {theirs.get(name)!r}, not {ours.get(name)!r}")
    for name in sorted(first_model.keys() ^ model.keys()):
        raise DataError(f"{head}: only one of them has the parameter {name}")
    for name, value in first_model.items():
        other = model[name]
        if not isinstance(value, torch.Tensor) or not isinstance(other, torch.Tensor):
            equal = type(value) is type(other) and bool(value == other)
        elif value.shape != other.shape or value.dtype != other.dtype:
            raise DataError(
                f"{head}: {name} has shape {tuple(other.shape)} ({other.dtype}), not {tuple(value.shape)} "
                f"({value.dtype})"
            )
        else:
            equal = value.is_floating_point() or torch.equal(value, other)
        if not equal:
            raise DataError(f"{path}: {name} is not a floating-point parameter and differs from that of {first_path}")


def _arch(state: Mapping[str, Any]) -> str | None:
    """Return the name of the architecture; a model without a dataclass has it among the options of the program."""
    model = (state.get("cfg") or {}).get("model")
    return model.get("_name") if isinstance(model, dict) else getattr(model, "arch", None)


def _tokens(state: Mapping[str, Any]) -> str | None:
    """Return what the plugin's task records of how text became tokens, if it has trained the model."""
    return (state.get("task_state") or {}).get("text")


def _direction(state: Mapping[str, Any]) -> str | None:
    """Return the languages between which a model translates, as the plugin's task records them."""
    return (state.get("task_state") or {}).get(DIRECTION)


def _options(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the model that determine what it computes: all but those of dropout.

    A model without a dataclass has all options of the program in the place of its own; they are not compared.
    """
    model = (state.get("cfg") or {}).get("model")
    if not isinstance(model, dict):
        return {}
    return {name: value for name, value in model.items() if "drop" not in name}
