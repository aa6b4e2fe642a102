"""The parts of the documents that are generated from the committed result files.

python -m recipes.tables            # write docs/results.md, docs/speed.md and its plot, and the README's figures
python -m recipes.tables --check    # only check that they are up to date
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_prep import command_line
from data_prep.files import read_json, read_lines, write_lines
from eval.provenance import ROOT, describe_commit
from eval.speed import tables as speed_tables

from .options import with_current_names
from .tatoeba.tables import experiments

README = ROOT / "README.md"
SPEED = ROOT / "docs" / "speed.json"
TATOEBA = ROOT / "recipes" / "tatoeba" / "results"

BASELINES = ROOT / "recipes" / "tatoeba" / "baselines.json"
"""Scores of other systems on the same split, measured outside this project with the same scoring."""


def _origin(provenance: dict[str, Any]) -> str:
    hardware = provenance["hardware"]
    return (
        f"Command: `{' '.join(provenance['command'])}`; {describe_commit(provenance['commit'])}; "
        f"started {provenance['started']}; "
        f"{provenance['wall_seconds'] / 60:.0f} minutes on {hardware['cores']} cores ({hardware['cpu']}); "
        f"torch {provenance['versions']['torch']}."
    )


def algorithmic(name: str, metric: str, unit: str) -> list[str]:
    """Return the section on one of the paper's algorithmic tasks, with a subsection per folder of further results.

    Args:
        name: name of the recipe.
        metric: validation accuracy to show.
        unit: what the size counts.
    """
    folder = ROOT / "recipes" / name / "results"
    paper = read_json(folder / "curves.json")["paper"]
    lines = [f"## {name.capitalize()}", "", *_runs(folder, metric, unit)]
    for further in sorted(path.parent for path in folder.glob("*/curves.json")):
        lines += [f"### {name.capitalize()}: {further.name.capitalize()}", "", *_runs(further, metric, unit)]
    return [*lines, f"The paper, as we read it: {'; '.join(figure['text'] for figure in paper)}.", ""]


def _runs(folder: Path, metric: str, unit: str) -> list[str]:
    """Return the runs in a folder of results and the notes beside them."""
    found = read_json(folder / "curves.json")
    runs = sorted(found["runs"].values(), key=lambda run: (run["size"], -run["best"][metric]))
    lines = [
        f"Scale `{found['scale']}`. Best accuracy of all validations, on {runs[0]['options']['valid_samples']} samples "
        "that are held out of training; training samples are drawn on the fly. The curves are in "
        f'`{folder.relative_to(ROOT)}/` (`curves.csv`, `curves.png`). "Solved": all held-out samples right.',
        "",
        f"| {unit} | model | best accuracy | whole sequences | samples until solved | samples seen | minutes |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in runs:
        solved = f"{run['samples_to_solve']:,}" if run["solved"] else "-"
        best = run["best"]
        lines.append(
            f"| {run['size']} | {run['label']} | {best[metric]:.2%} | {best['valid_sequence_accuracy']:.2%} "
            f"| {solved} | {run['samples']:,} | {(run['seconds'] or 0) / 60:.0f} |"
        )
    return [
        *lines,
        "",
        *read_lines(folder / "notes.md"),
        "",
        *(f"* {run['label']}, {run['size']} {unit}: {_settings(run['options'])}. {_origins(run)}" for run in runs),
        "",
    ]


def _settings(options: dict[str, Any]) -> str:
    rate = f"learning rate {options['lr']}"
    if "lr_shrink" in options:
        rate += f", times {options['lr_shrink']} after {options['lr_patience'] + 1} validations without improvement"
    return f"{options['optimizer'].capitalize()}, {rate}, batch {options['batch_size']}, seed {options['seed']}"


def _origins(run: dict[str, Any]) -> str:
    """Return all commands that started or resumed a run, and their commits."""
    found: dict[str, None] = {}
    for start in run["starts"]:
        found[f"`{' '.join(start['command'])}` ({describe_commit(start['commit'])}, {start['started'][:10]})"] = None
    versions, hardware = run["provenance"]["versions"], run["provenance"]["hardware"]
    return f"{', then '.join(found)}; {hardware['cores']} cores ({hardware['cpu']}), torch {versions['torch']}."


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in with_current_names(options).items())


def results() -> list[str]:
    """Return the lines of docs/results.md."""
    result, ablation = read_json(TATOEBA / "result.json"), read_json(TATOEBA / "ablation.json")
    test, valid = result["scores"]["test"], result["scores"]["valid"]
    with (TATOEBA / "curve.csv").open(encoding="utf-8", newline="") as stream:
        curve = [row for row in csv.DictReader(stream) if row["train_ppl"] and row["valid_ppl"]]
    members = result.get("members")
    system = f"`{result['training']['arch']}`" if members is None else " + ".join(f"`{m['name']}`" for m in members)
    lines = [
        "# Results",
        "",
        "Generated by `python -m recipes.tables` from the files in `recipes/*/results/`; do not edit.",
        "",
        "## Tatoeba, Chinese to English",
        "",
        "Test set, lower-cased sacreBLEU against all references. The figures of the other systems come from runs",
        "outside this project on the same split, scored in the same way.",
        "",
        "| system | BLEU, all refs | BLEU, 1 ref | chrF2 | length ratio |",
        "| --- | --- | --- | --- | --- |",
        f"| **Reencoder, {system}** | {test['bleu']:.2f} | {test['bleu_first_reference']:.2f} | {test['chrf2']:.2f} "
        f"| {test['length_ratio']:.3f} |",
        *(
            f"| {row['system']} | {row['bleu']} | {row['bleu_first_reference'] or '-'} | {row['chrf2']} "
            f"| {row['length_ratio']} |"
            for row in read_json(BASELINES)
        ),
        "",
        f"Valid set: BLEU {valid['bleu']:.2f}. Signature: `{test['bleu_signature']}`.",
        _origin(result["provenance"]),
        "",
        "Perplexity after each epoch (plot: `recipes/tatoeba/results/curve.png`):",
        "",
        "| epoch | updates | train | valid |",
        "| --- | --- | --- | --- |",
        *(
            f"| {row['epoch']} | {row['updates']} | {float(row['train_ppl']):.2f} | {float(row['valid_ppl']):.2f} |"
            for row in curve
        ),
        "",
        *experiments(TATOEBA / "experiments"),
        "## Ablation: what the paper leaves open",
        "",
        "One epoch on the same training data, one option changed at a time; validation perplexity.",
        "",
        "| variant | changed | updates | valid perplexity |",
        "| --- | --- | --- | --- |",
        *(
            f"| {row['variant']} | {_options(row['changed']) or '-'} | {row['updates']} | {row['valid_ppl']:.2f} |"
            for row in ablation["results"]
        ),
        "",
        f"The base: {_options(ablation['base'])}. Options have their present names; some had others at the commit of "
        "the run. The difference between the two seeds of the base shows the noise.",
        "",
        _origin(ablation["results"][0]["provenance"]),
        "",
        *algorithmic("memorization", "valid_recall_accuracy", "symbols"),
        *algorithmic("addition", "valid_digit_accuracy", "digits"),
        *algorithmic("parity", "valid_accuracy", "bits"),
    ]
    while not lines[-1]:
        lines.pop()
    return lines


def _between(lines: list[str], name: str, content: list[str]) -> list[str]:
    """Return `lines` with `content` between the two comments that mark the place `name`."""
    first, last = (
        lines.index(f"<!-- {name}: made by python -m recipes.tables -->"),
        lines.index(f"<!-- end of {name} -->"),
    )
    return [*lines[: first + 1], *content, *lines[last:]]


def documents() -> dict[Path, list[str]]:
    """Return the lines of all documents that contain figures, by path."""
    speed = read_json(SPEED)
    return {
        ROOT / "docs" / "results.md": results(),
        SPEED.with_suffix(".md"): speed_tables.document(speed, SPEED.with_suffix(".png").name),
        README: _between(read_lines(README), "speed", speed_tables.main_figures(speed)),
    }


def update(check: bool) -> list[Path]:
    """Write the documents, or only compare them.

    Args:
        check: write nothing.

    Returns:
        With `check` the documents that are out of date, else none.

    Raises:
        DataError: a result file or the README cannot be read.
    """
    if check:
        return [path for path, lines in documents().items() if not path.exists() or read_lines(path) != lines]
    for path, lines in documents().items():
        write_lines(path, lines)
    speed_tables.plot(SPEED.with_suffix(".png"), read_json(SPEED))
    return []


def main(arguments: list[str] | None = None) -> int:
    """Write the documents, or check them.

    Args:
        arguments: arguments without the program name; None for those of the process.

    Returns:
        The exit status: 1 if the check finds a document out of date, else see `data_prep.command_line.run`.
    """
    parser = command_line.Parser(prog="python -m recipes.tables", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a document is out of date")
    options = parser.parse_args(arguments)
    outdated: list[Path] = []
    status = command_line.run(lambda: outdated.extend(update(options.check)))
    for path in outdated:
        print(f"error: {path.relative_to(ROOT)} is out of date; run: python -m recipes.tables", file=sys.stderr)
    return status or int(bool(outdated))


if __name__ == "__main__":
    sys.exit(main())
