"""The files of a translated split: hypotheses, and scores with the record of how they came about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import write_json, write_lines

from .bleu import Scores, score
from .hypotheses import drop_unknown
from .split import Split


def check_absent(*paths: Path) -> None:
    """Check that no results would be replaced.

    Raises:
        DataError: one of the files exists.
    """
    for path in paths:
        if path.exists():
            raise DataError(f"{path}: exists already; choose another --output or give --overwrite")


def write_results(
    split: Split,
    tokens: Sequence[str],
    detokenise: Callable[[str], str],
    output: Path,
    settings: Mapping[str, Any],
    record: Mapping[str, Any],
) -> Scores:
    """Detokenise and score hypotheses; write ``hypotheses.<split>.txt`` and then ``scores.<split>.json``.

    Args:
        split: sources and references.
        tokens: for each source its hypothesis, tokens joined by spaces.
        detokenise: turns tokens joined by spaces into text.
        output: folder of results.
        settings: the settings as a JSON object, with ``keep_case`` and ``keep_unknown``.
        record: what else the JSON file says, such as the provenance.
    """
    texts, unknown = [], 0
    for line in tokens:
        known, dropped = drop_unknown(line)
        unknown += dropped
        texts.append(detokenise(line if settings["keep_unknown"] else known))
    scores = score(texts, split.references, keep_case=settings["keep_case"])
    write_lines(output / f"hypotheses.{split.name}.txt", texts)
    write_json(
        output / f"scores.{split.name}.json",
        {
            "scores": scores.to_json(),
            "settings": dict(settings),
            "counts": {
                "sources": len(split.sources),
                "hypotheses": len(texts),
                "references": scores.references,
                "empty_hypotheses": sum(not text for text in texts),
                "unknown_words": unknown,
            },
            "manifest_sha256": split.manifest_sha256,
            **record,
        },
    )
    return scores
