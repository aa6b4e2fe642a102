"""Everything in the documents that is made from the committed result files.

python -m recipes.tables            # write docs/results.md, docs/speed.md and its plot, and the README's figures
python -m recipes.tables --check    # only say whether they are up to date
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

from eval.files import write_lines
from eval.speed import tables as speed_tables

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SPEED = ROOT / "docs" / "speed.json"
TATOEBA = ROOT / "recipes" / "tatoeba" / "results"

# Other systems on the same split, measured outside of this project with the same scoring.
OTHERS = json.loads((ROOT / "recipes" / "tatoeba" / "baselines.json").read_text(encoding="utf-8"))


def _read(name: str) -> Any:
    return json.loads((TATOEBA / name).read_text(encoding="utf-8"))


def _origin(provenance: dict[str, Any]) -> str:
    commit, hardware = provenance["commit"], provenance["hardware"]
    return (
        f"Command: `{' '.join(provenance['command'])}`; commit {commit['revision'][:7]}"
        f"{' with uncommitted changes' if commit['dirty'] else ''}; started {provenance['started']}; "
        f"{provenance['wall_seconds'] / 60:.0f} minutes on {hardware['cores']} cores ({hardware['cpu']}); "
        f"torch {provenance['versions']['torch']}."
    )


def algorithmic(name: str, metric: str, unit: str) -> list[str]:
    """The section of one of the paper's algorithmic tasks, with a part for each folder of further results.

    Args:
        name: of the recipe.
        metric: validation accuracy to show.
        unit: what the size counts.
    """
    folder = ROOT / "recipes" / name / "results"
    paper = json.loads((folder / "curves.json").read_text(encoding="utf-8"))["paper"]
    lines = [f"## {name.capitalize()}", "", *_runs(folder, metric, unit)]
    for further in sorted(path.parent for path in folder.glob("*/curves.json")):
        lines += [f"### {name.capitalize()}: {further.name.capitalize()}", "", *_runs(further, metric, unit)]
    return [*lines, f"The paper, as we read it: {'; '.join(figure['text'] for figure in paper)}.", ""]


def _runs(folder: Path, metric: str, unit: str) -> list[str]:
    """The runs in a folder of results, and the notes that lie beside them."""
    found = json.loads((folder / "curves.json").read_text(encoding="utf-8"))
    runs = sorted(found["runs"].values(), key=lambda run: (run["size"], -run["best"][metric]))
    lines = [
        f"Scale `{found['scale']}`. Accuracy on {runs[0]['options']['valid_samples']} samples that are held out of "
        "training, the best of all validations; training samples are drawn on the fly. The curves are in "
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
        *(folder / "notes.md").read_text(encoding="utf-8").splitlines(),
        "",
        *(f"* {run['label']}, {run['size']} {unit}: {_settings(run['options'])}. {_origins(run)}" for run in runs),
        "",
    ]


def _settings(options: dict[str, Any]) -> str:
    rate = f"learning rate {options['lr']}"
    if "lr_shrink" in options:
        rate += f", times {options['lr_shrink']} after {options['lr_patience'] + 1} validations without progress"
    return f"{options['optimizer'].capitalize()}, {rate}, batch {options['batch_size']}, seed {options['seed']}"


def _origins(run: dict[str, Any]) -> str:
    """All commands that a run was started with, and the commits that they ran on."""
    found: dict[str, None] = {}
    for start in run["starts"]:
        commit = start["commit"]
        state = f"commit {commit['revision'][:7]}{' with uncommitted changes' if commit['dirty'] else ''}"
        found[f"`{' '.join(start['command'])}` ({state}, {start['started'][:10]})"] = None
    versions, hardware = run["provenance"]["versions"], run["provenance"]["hardware"]
    return f"{', then '.join(found)}; {hardware['cores']} cores ({hardware['cpu']}), torch {versions['torch']}."


def results() -> list[str]:
    """The lines of docs/results.md."""
    result, ablation = _read("result.json"), _read("ablation.json")
    test, valid = result["scores"]["test"], result["scores"]["valid"]
    with (TATOEBA / "curve.csv").open(encoding="utf-8", newline="") as stream:
        curve = [row for row in csv.DictReader(stream) if row["train_ppl"] and row["valid_ppl"]]
    preset = result["training"]["arch"]
    lines = [
        "# Results",
        "",
        "Made by `python -m recipes.tables` from the files in `recipes/*/results/`; do not edit.",
        "",
        "## Tatoeba, Chinese to English",
        "",
        "Test set, lower-cased sacreBLEU against all references. The other systems' figures come from runs outside of",
        "this project on the same split, scored in the same way.",
        "",
        "| system | BLEU, all refs | BLEU, 1 ref | chrF2 | length ratio |",
        "| --- | --- | --- | --- | --- |",
        f"| **Reencoder, `{preset}`** | {test['bleu']:.2f} | {test['bleu_first_reference']:.2f} | {test['chrf2']:.2f} "
        f"| {test['length_ratio']:.3f} |",
        *(
            f"| {row['system']} | {row['bleu']} | {row['bleu_first_reference'] or '-'} | {row['chrf2']} "
            f"| {row['length_ratio']} |"
            for row in OTHERS
        ),
        "",
        f"Valid set: BLEU {valid['bleu']:.2f}. Signature: `{test['bleu_signature']}`.",
        _origin(result["provenance"]),
        "",
        "The curve (`recipes/tatoeba/results/curve.png`): perplexity after each epoch.",
        "",
        "| epoch | updates | train | valid |",
        "| --- | --- | --- | --- |",
        *(
            f"| {row['epoch']} | {row['updates']} | {float(row['train_ppl']):.2f} | {float(row['valid_ppl']):.2f} |"
            for row in curve
        ),
        "",
        "## Ablation: what the paper leaves open",
        "",
        "One epoch on the same training data, one option changed at a time; validation perplexity.",
        "",
        "| variant | changed | updates | valid perplexity |",
        "| --- | --- | --- | --- |",
        *(
            f"| {row['variant']} | {', '.join(f'{k}={v}' for k, v in row['changed'].items()) or '-'} "
            f"| {row['updates']} | {row['valid_ppl']:.2f} |"
            for row in ablation["results"]
        ),
        "",
        "The base: " + ", ".join(f"{name}={value}" for name, value in ablation["base"].items()) + ".",
        "",
        _origin(ablation["results"][0]["provenance"]) + " Two seeds of the base say how large the noise is.",
        "",
        *algorithmic("memorization", "valid_recall_accuracy", "symbols"),
        *algorithmic("addition", "valid_digit_accuracy", "digits"),
        *algorithmic("parity", "valid_accuracy", "bits"),
    ]
    while not lines[-1]:
        lines.pop()
    return lines


def _between(lines: list[str], name: str, content: list[str]) -> list[str]:
    """`lines` with `content` between the two comments that mark the place `name`."""
    first, last = (
        lines.index(f"<!-- {name}: made by python -m recipes.tables -->"),
        lines.index(f"<!-- end of {name} -->"),
    )
    return [*lines[: first + 1], *content, *lines[last:]]


def documents() -> dict[Path, list[str]]:
    """All documents that hold figures, with their lines."""
    speed = json.loads(SPEED.read_text(encoding="utf-8"))
    readme = README.read_text(encoding="utf-8").splitlines()
    return {
        ROOT / "docs" / "results.md": results(),
        SPEED.with_suffix(".md"): speed_tables.document(speed, SPEED.with_suffix(".png").name),
        README: _between(readme, "speed", speed_tables.summary(speed)),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write the documents, or check them; return 1 where the check finds one out of date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a document is out of date")
    options = parser.parse_args(arguments)
    for path, lines in documents().items():
        text = "".join(f"{line}\n" for line in lines)
        if not options.check:
            write_lines(path, text.splitlines())
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"error: {path.relative_to(ROOT)} is out of date; run: python -m recipes.tables", file=sys.stderr)
            return 1
    if not options.check:
        speed_tables.plot(SPEED.with_suffix(".png"), json.loads(SPEED.read_text(encoding="utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
