"""The section of docs/results.md on the character language model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from data_prep.files import read_json, read_lines
from eval.provenance import ROOT
from eval.tables import markdown_table

from ..origins import origins_of_run

RESULTS = ROOT / "recipes" / "char_lm" / "results"

COLUMNS = (
    *("model", "parameters", "passes over the text", "best after", "minutes", "characters per second"),
    *("valid", "test"),
)


def section(folder: Path = RESULTS) -> list[str]:
    """Return the section, with a subsection per folder of further results; nothing if there are no results.

    Args:
        folder: folder of the results. Default: the committed ones
    """
    if not (folder / "curves.json").exists():
        return []
    lines = ["## Next character", "", *_runs(folder)]
    for further in sorted(path.parent for path in folder.glob("*/curves.json")):
        lines += [f"### Next character: {further.name.replace('-', ' ')}", "", *_runs(further)]
    paper = "; ".join(f"{figure['text']}: {figure['bpc']:.2f}" for figure in read_json(folder / "curves.json")["paper"])
    return [
        *lines,
        "The paper's bits per character, as we read it, are those of the last 5 million characters of enwik8 after "
        f"training on the first 90 million, so they are not comparable with those above: {paper}.",
        "",
    ]


def _runs(folder: Path) -> list[str]:
    found = read_json(folder / "curves.json")
    counts = found["text"]["counts"]
    text, level = found["text"]["inputs"]["text"]["path"], found["text"]["options"]["level"]
    runs = sorted(found["runs"].values(), key=lambda run: run["bpc"]["valid"])
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder.name
    notes = folder / "notes.md"
    return [
        f"Scale `{found['scale']}`: {counts['train']:,} {level}s of `{text}` for training, the next "
        f"{counts['valid']:,} for validation and the next {counts['test']:,} for the test; {counts['alphabet']} "
        f"different {level}s occur. Bits per character are those of the checkpoint that is best in validation, and "
        f"exact over all characters of a split. The curves are in `{place}/` (`curves.csv`, `curves.png`).",
        "",
        *markdown_table(COLUMNS, [*map(_row, runs), *map(_compressor_row, found["compressors"])]),
        "",
        *_verdict(runs),
        *([*read_lines(notes), ""] if notes.exists() else []),
        *(f"* {run['label']}: {_settings(run['options'])}. {origins_of_run(run)}" for run in runs),
        "",
    ]


def _row(run: dict[str, Any]) -> list[str]:
    return [
        run["label"],
        f"{run['parameters']:,}",
        f"{run['points'][-1]['epoch']:g}",
        f"{run['best']['epoch']:g}",
        f"{(run['seconds'] or 0) / 60:.0f}",
        f"{run['characters_per_second'] or 0:,.0f}",
        f"{run['bpc']['valid']:.3f}",
        f"{run['bpc']['test']:.3f}",
    ]


def _compressor_row(mark: dict[str, Any]) -> list[str]:
    name = f"{mark['name']} ({_version(mark['version'])}), test set after all text before it; alone {mark['alone']:.3f}"
    return [name, *6 * "-", f"{mark['after']:.3f}"]


def _version(said: str | None) -> str:
    """Return the version in the output of a program; None stands for Python's own liblzma."""
    number = re.search(r"v\d+(\.\d+)+", said or "")
    return "liblzma" if said is None else number[0] if number else said


def _verdict(runs: list[dict[str, Any]]) -> list[str]:
    """Return which model is the better one in the test, with its better optimizer: a sentence, if there are both."""
    best = {run["model"]: run for run in sorted(runs, key=lambda run: -run["bpc"]["valid"])}
    if len(best) < 2:
        return []
    grid, stacked = best["tied_2lstm"], best["stacked_lstm"]
    difference = stacked["bpc"]["test"] - grid["bpc"]["test"]
    better = f"{abs(difference):.3f} bits per character better" if difference else "as good"
    if difference < 0:
        better = better.replace("better", "worse")
    chosen = all(sum(run["model"] == model for run in runs) > 1 for model in best)
    choice = ", each with the optimizer that suits it better in validation" if chosen else ""
    optimizers = [run["optimizer"].capitalize() for run in (grid, stacked)]
    used = f"both with {optimizers[0]}" if optimizers[0] == optimizers[1] else " and ".join(optimizers)
    return [
        f"The tied 2-LSTM is {better} in the test than the Stacked LSTM with as many parameters{choice} ({used}).",
        "",
    ]


def _settings(options: dict[str, Any]) -> str:
    decay = "linear decay to zero" if "total_num_update" in options else "constant"
    limit = f", at most {options['stop_time_hours']:g} hours" if options.get("stop_time_hours") else ""
    regularised = "".join(
        f"{name.replace('_', ' ')} {options[name]:g}, " for name in ("dropout", "weight_decay") if options.get(name)
    )
    return (
        f"{options['optimizer'].capitalize()}, learning rate {options['lr']} ({decay}), "
        f"{options['batch_size']} streams, sequences of {options['sequence_length']:,}, "
        f"truncated every {options['truncate_every']}, {regularised}"
        f"{options['max_epoch']} epochs{limit}, seed {options['seed']}"
    )
