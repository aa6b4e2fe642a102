"""Tables of docs/results.md, made from the committed result files.

python -m recipes.tables            # write docs/results.md
python -m recipes.tables --check    # only say whether it is up to date
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

from eval.files import write_lines

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "results.md"
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


def document() -> list[str]:
    """The lines of the document."""
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
    ]
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Write the document, or check it; return 1 where the check finds it out of date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the document is out of date")
    options = parser.parse_args(arguments)
    text = "".join(f"{line}\n" for line in document())
    if options.check:
        if DOCUMENT.read_text(encoding="utf-8") == text:
            return 0
        print("error: docs/results.md is out of date; run: python -m recipes.tables", file=sys.stderr)
        return 1
    write_lines(DOCUMENT, text.splitlines())
    return 0


if __name__ == "__main__":
    sys.exit(main())
