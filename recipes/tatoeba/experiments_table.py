"""The table of experiments in docs/results.md, and their curves of perplexity."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.files import read_json
from eval.pictures import new_figure, save_png
from eval.provenance import describe_commit, describe_processor
from eval.tables import markdown_table

from .catalogue import EXPERIMENTS, HIGHLIGHTED, group_by_tokens
from .costs import WALL, describe_minutes, millions, minutes
from .execution import BEAM, UNKPEN
from .experiment import Experiment

LOWEST = "†"
"""Marks a perplexity that may be of another checkpoint than the BLEU beside it."""

_COLUMNS = (
    *("experiment", "what is tried", "data", "seed", "updates", "minutes", "parameters"),
    *("train ppl", "valid ppl", "valid BLEU"),
)


def experiments(folder: Path) -> list[str]:
    """Return the section on the experiments whose results are in a folder; nothing if there are none.

    Args:
        folder: folder of the result files.
    """
    results = [read_json(folder / f"{name}.json") for name in EXPERIMENTS if (folder / f"{name}.json").exists()]
    if not results:
        return []
    return [
        "## Experiments",
        "",
        "One training per row, one thread each. Choices are made on the validation set, by perplexity and by BLEU at "
        f"beam {BEAM} with `--unkpen {UNKPEN:g}`. Perplexities of subwords and characters are not comparable with "
        "those of words, and those of the reverse direction are not comparable with any others. Experiments that did "
        f"not help stay in the table. Minutes are CPU time; {WALL} marks those that are, wholly or in part, time from "
        "start to end. After a plus sign are the minutes of the models that translated the training set, and the time "
        "of the translations from start to end. BLEU and valid ppl are those of the checkpoint with the lowest loss in "
        f"validation. {LOWEST} marks a perplexity that is the lowest of the training, maybe of another checkpoint: the "
        "log was not kept.",
        "",
        *markdown_table(_COLUMNS, map(_row, results)),
        "",
        "<details><summary>Options that differ from those of <code>recipes.options.translation_options</code>, and "
        "where each result comes from</summary>",
        "",
        *(f"* `{result['name']}`: {_changes(result['options'])}. {_origin(result)}" for result in results),
        "",
        "</details>",
        "",
    ]


def _row(result: Mapping[str, Any]) -> list[str]:
    bleu = f"{result['valid']['bleu']:.2f}" if result["valid"] else "-"
    return [
        f"`{result['name']}`",
        # The question is the catalogue's: "the same" in a result file may refer to a row that has been moved.
        EXPERIMENTS[result["name"]].question,
        result["data"],
        str(result["options"]["seed"]),
        f"{result['updates']:,}",
        describe_minutes(result),
        millions(result.get("parameters")),
        f"{result['train_ppl']:.2f}",
        f"{result['valid_ppl']:.2f}{'' if result.get('best_metric') == 'loss' else LOWEST}",
        bleu,
    ]


def _changes(options: Mapping[str, Any]) -> str:
    """Return the options of a training that are not those of every experiment."""
    common = Experiment("", updates=options["max_update"], seed=options["seed"]).training()
    changed = [f"{name}={value}" for name, value in options.items() if common.get(name) != value]
    return ", ".join(changed) or "none"


def _origin(result: Mapping[str, Any]) -> str:
    provenance, starts = result["provenance"], result.get("starts")
    began = f"started {starts[0]['started'][:10]}" if starts else f"last start {provenance['started'][:10]}"
    times = f", in {len(starts)} parts" if starts and len(starts) > 1 else ""
    return (
        f"`{shlex.join(provenance['command'])}`, {describe_commit(provenance['commit'])}, {began}{times}, "
        f"torch {provenance['versions']['torch']}, {describe_processor(provenance['hardware'])}"
    )


def perplexity_curves(folder: Path, best: str) -> dict[str, list[tuple[float, float]]]:
    """Return the validation perplexities of experiments by minutes of training.

    Validations do not record the time, but every update of a training costs the same.

    Args:
        folder: folder of the result files.
        best: an experiment; those with other tokens or of the other direction, which do not compare, are left out.
    """
    curves = {}
    names = next(group for group in group_by_tokens(EXPERIMENTS) if best in group)
    for name in names:
        if EXPERIMENTS[name].reverse == EXPERIMENTS[best].reverse and (folder / f"{name}.json").exists():
            result = read_json(folder / f"{name}.json")
            per_update = minutes(result) / result["updates"]
            curves[name] = [(updates * per_update, valid) for updates, _, valid in result["curve"] if valid is not None]
    return curves


def plot_perplexities(path: Path, curves: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Draw validation perplexity against minutes of training, one line per experiment; all but some are grey.

    Args:
        path: PNG file to write.
        curves: minutes and perplexities by experiment.
    """
    from matplotlib.ticker import NullFormatter

    figure = new_figure(7, 4.5)
    axes = figure.add_subplot()
    grey: dict[str, Any] = {"color": "0.8", "linewidth": 0.8, "zorder": 1}
    for name, points in curves.items():
        style = {"marker": ".", "label": name} if name in HIGHLIGHTED else grey
        axes.plot(*zip(*points, strict=True), **style)
    axes.plot([], [], **grey, label="other experiments")
    axes.set(xlabel="minutes of training, one thread", ylabel="validation perplexity", yscale="log")
    axes.set_yticks(ticks := [6, 7, 8, 10, 15, 20, 30, 50], [str(tick) for tick in ticks])
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(top=50)
    axes.grid(alpha=0.3)
    axes.legend()
    save_png(figure, path, dpi=120)
