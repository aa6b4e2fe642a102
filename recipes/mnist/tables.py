"""The section of docs/results.md on MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_prep.files import read_json, read_lines
from eval.provenance import ROOT
from eval.tables import markdown_table

from ..origins import origins_of_run

RESULTS = ROOT / "recipes" / "mnist" / "results"

COLUMNS = (
    *("model", "parameters", "images to train with", "epochs", "minutes"),
    *("valid, last", "valid, average", "valid, chosen", "test"),
)


def section(folder: Path = RESULTS) -> list[str]:
    """Return the section, with a row per folder of further results; nothing if there are no results.

    Args:
        folder: folder of the results. Default: the committed ones
    """
    paths = [folder / "result.json", *sorted(folder.glob("*/result.json"))]
    found = [(path.parent, read_json(path)) for path in paths if path.exists()]
    if not found:
        return []
    notes = folder / "notes.md"
    paper = ["the paper, as we read it (version 1)", *7 * "-", f"{found[0][1]['paper']['error_rate']}%"]
    return [
        "## MNIST",
        "",
        "Wrong images in per cent. All choices were made on held-out training images, including the choice between "
        "the last model and the average of the last epochs. The test set was read once per row.",
        "",
        *markdown_table(COLUMNS, [*(_row(result) for _, result in found), paper]),
        "",
        *([*read_lines(notes), ""] if notes.exists() else []),
        *(
            f"* {_model(result)}: {_settings(result)}. {_pictures(path, result)} {origins_of_run(result)}"
            for path, result in found
        ),
        "",
    ]


def _model(result: dict[str, Any]) -> str:
    options = result["options"]
    return f"{options['layers']} layers of {options['hidden_size']}, patches of {options['patch']} x {options['patch']}"


def _row(result: dict[str, Any]) -> list[str]:
    models, evaluations = result["models"], result["evaluations"]
    rates = [
        f"{models[name]['valid_error_rate']:.2f}%" if _validated(models, name) else "-" for name in ("last", "average")
    ]
    counts = [
        f"{part['errors']} of {part['images']:,} ({part['error_rate']:.2f}%)" if part else "not read"
        for part in (evaluations.get("valid"), evaluations.get("test"))
    ]
    return [
        _model(result),
        f"{result['parameters']:,}",
        f"{result['images']:,}",
        str(result["points"][-1]["epoch"]),
        f"{(result['seconds'] or 0) / 60:.0f}",
        *rates,
        f"{result['chosen']}: {counts[0]}",
        counts[1],
    ]


def _validated(models: dict[str, Any], name: str) -> bool:
    return "valid_error_rate" in models.get(name, {})


def _settings(result: dict[str, Any]) -> str:
    options = result["options"]
    limit = f", at most {options['stop_time_hours']:g} hours" if options.get("stop_time_hours") else ""
    averaged = len(result["models"].get("average", {}).get("checkpoints", [])) or "none"
    return (
        f"scale `{result['scale']}`, {options['optimizer'].capitalize()}, learning rate {options['lr']} (linear decay "
        f"to zero), batch {options['batch_size']}, shifts of up to {options['shift']} pixels, readout "
        f"`{options['readout']}`, {options['max_epoch']} epochs{limit}, epochs averaged: {averaged}, "
        f"seed {options['seed']}"
    )


def _pictures(path: Path, result: dict[str, Any]) -> str:
    place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    names = ", ".join(f"`errors.{split}.png`" for split in result["evaluations"])
    return f"Curve and errors are in `{place}/`" + (f" ({names})." if names else ".")
