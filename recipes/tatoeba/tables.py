"""The table of experiments in docs/results.md."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_prep.files import read_json
from eval.provenance import describe_commit

from ..origins import origin
from .experiments import BEAM, EXPERIMENTS, UNKPEN


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
        "One training per row, one thread each; choices are made on the validation set: perplexity, and BLEU at beam "
        f"{BEAM} with `--unkpen {UNKPEN:g}`. Perplexities of subwords and characters do not compare with those of "
        "words. Experiments that did not help stay in the table.",
        "",
        "| experiment | what is tried | data | seed | updates | minutes | train ppl | valid ppl | valid BLEU |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(result) for result in results),
        "",
        "Options that differ from those of the first row:",
        "",
        *(
            f"* `{result['name']}`: {_changes(results[0]['options'], result['options'])}. {_origin(result)}"
            for result in results
        ),
        "",
    ]


def system_row(name: str, scores: Mapping[str, Any]) -> str:
    """Return a row of the table of systems: name and scores of the test set."""
    return (
        f"| **{name}** | {scores['bleu']:.2f} | {scores['bleu_first_reference']:.2f} | {scores['chrf2']:.2f} "
        f"| {scores['length_ratio']:.3f} |"
    )


def combination(folder: Path) -> tuple[list[str], list[str]]:
    """Return the row of the systems that `python -m eval mbr` has combined, and where it comes from.

    Args:
        folder: contains the two `scores.<split>.json` of `eval mbr`; without it both are empty.
    """
    if not folder.exists():
        return [], []
    test, valid = (read_json(folder / f"scores.{split}.json") for split in ("test", "valid"))
    names = [Path(file["path"]).parent.name for file in test["candidates"]["files"]]
    listed = " + ".join(f"`{name}`" for name in names)
    lines = [
        "",
        f"{listed}: minimum Bayes risk over their {test['candidates']['per_source']['most']} best translations "
        f"(`python -m eval mbr`), valid BLEU {valid['scores']['bleu']:.2f}. "
        f"{origin({**test, 'command': test['command'][:4]})}",
        "",
        "Significance, BLEU by length of the source and F1 by frequency of the words, with Moses and the Transformer "
        "(`python -m eval compare`): [compare.md](../recipes/tatoeba/results/combined/compare.md).",
    ]
    return [system_row(f"Reencoders combined, {listed}", test["scores"])], lines


def _row(result: Mapping[str, Any]) -> str:
    return (
        f"| `{result['name']}` | {result['question']} | {result['data']} | {result['options']['seed']} "
        f"| {result['updates']:,} | {result['provenance']['wall_seconds'] / 60:.0f} | {result['train_ppl']:.2f} "
        f"| {result['valid_ppl']:.2f} | {result['valid']['bleu']:.2f} |"
    )


def _changes(base: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    changed = [f"{name}={value}" for name, value in options.items() if base.get(name) != value and name != "seed"]
    left_out = [f"{name} not given" for name in base if name not in options]
    return ", ".join(changed + left_out) or "none"


def _origin(result: Mapping[str, Any]) -> str:
    provenance = result["provenance"]
    return (
        f"`{shlex.join(provenance['command'])}`, {describe_commit(provenance['commit'])}, "
        f"{provenance['started'][:10]}, torch {provenance['versions']['torch']}, {provenance['hardware']['cpu']}"
    )
