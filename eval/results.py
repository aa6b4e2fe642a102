"""The files of a translated split: hypotheses, and scores with the record of how they came about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from data_prep.errors import DataError
from data_prep.files import write_json, write_lines

from .bleu import Scores, score
from .hypotheses import drop_unknown
from .split import Split


def result_names(split: str) -> tuple[str, str]:
    """Return the names of the files of a translated split: scores and hypotheses."""
    return f"scores.{split}.json", f"hypotheses.{split}.txt"


def output_name(split: str) -> str:
    """Return the name of the file with the output of fairseq-generate for a split."""
    return f"generate-{split}.txt"


def check_absent(*paths: Path) -> None:
    """Check that no results would be replaced.

    Raises:
        DataError: one of the files exists.
    """
    for path in paths:
        if path.exists():
            raise DataError(f"{path}: exists already; choose another --output or give --overwrite")


class Text(NamedTuple):
    """A hypothesis as text.

    Attributes:
        text: the text.
        unknown: number of unknown words among its tokens.
    """

    text: str
    unknown: int


def to_text(tokens: str, detokenise: Callable[[str], str], keep_unknown: bool) -> Text:
    """Detokenise a hypothesis.

    Args:
        tokens: tokens joined by spaces.
        detokenise: turns tokens joined by spaces into text.
        keep_unknown: keep unknown words in the text.
    """
    known, unknown = drop_unknown(tokens)
    return Text(detokenise(tokens if keep_unknown else known), unknown)


def write_results(
    split: Split,
    hypotheses: Sequence[Text],
    output: Path,
    settings: Mapping[str, Any],
    record: Mapping[str, Any],
) -> Scores:
    """Score hypotheses; write ``hypotheses.<split>.txt`` and then ``scores.<split>.json``.

    Earlier scores are removed first: those of other hypotheses never lie beside the new ones.

    Args:
        split: sources and references.
        hypotheses: for each source its hypothesis.
        output: folder of results.
        settings: the settings as a JSON object, with ``keep_case``.
        record: what else the JSON file says, such as the provenance.
    """
    texts = [hypothesis.text for hypothesis in hypotheses]
    scores = score(texts, split.references, keep_case=settings["keep_case"])
    scores_name, hypotheses_name = result_names(split.name)
    (output / scores_name).unlink(missing_ok=True)  # those of other hypotheses
    write_lines(output / hypotheses_name, texts)
    write_json(
        output / scores_name,
        {
            "scores": scores.to_json(),
            "settings": dict(settings),
            "counts": {
                "sources": len(split.sources),
                "hypotheses": len(texts),
                "references": scores.references,
                "empty_hypotheses": sum(not text for text in texts),
                "unknown_words": sum(hypothesis.unknown for hypothesis in hypotheses),
            },
            "manifest_sha256": split.manifest_sha256,
            **record,
        },
    )
    return scores
