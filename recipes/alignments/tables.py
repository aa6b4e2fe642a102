"""The section of docs/results.md on how far the alignments of a model can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_prep.files import read_json
from eval.provenance import ROOT
from eval.tables import markdown_table

from ..origins import origin

RESULTS = ROOT / "recipes" / "alignments" / "results"
"""Folder of the results of the demo's model: ``result.json`` of the demo, ``aer.json`` of ``python -m eval aer``."""

_ALIGNERS = {
    "readout": "the model: weights of its readout",
    "gradient": "the model: gradients times word vectors",
    "diagonal": "diagonal, without a model",
    "eflomal": "eflomal, on training data and test set",
}


def section(folder: Path = RESULTS) -> list[str]:
    """Return the section; nothing if there are no results.

    Args:
        folder: see `RESULTS`. Default: the committed one
    """
    if not (folder / "aer.json").exists():
        return []
    found, demo = read_json(folder / "aer.json"), read_json(folder / "result.json")
    scores, settings = demo["scores"]["trained"], demo["settings"]
    return [
        "## Alignments",
        "",
        "The phrasebook's grammar knows which words of its sentences translate each other. The table shows alignment "
        "error rate (Och and Ney, 2003; lower is better), precision and recall on the "
        f"{found['sentences']} sentences of its {found['settings']['split']} set, which have {found['sure_links']:,} "
        f"sure and {found['possible_links']:,} possible links. The model is the demo's ({settings['updates']:,} "
        f"updates, BLEU {scores['bleu']:.2f}). It links each target word with one source word or with the end of the "
        "sentence; eflomal links it with any number of source words.",
        "",
        *markdown_table(
            ("aligner", "error rate", "precision", "recall", "links"),
            (_row(name, rate) for name, rate in found["aligners"].items()),
        ),
        "",
        origin(found),
        "",
        f"Model: {origin(demo['provenance'])}",
        "",
    ]


def _row(name: str, rate: dict[str, Any]) -> list[str]:
    rates = (f"{rate[kind]:.3f}" for kind in ("error_rate", "precision", "recall"))
    return [_ALIGNERS[name], *rates, f"{rate['links']:,}"]
