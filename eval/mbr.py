"""Minimum Bayes risk: of the candidates for a source the one that is most similar to all of them.

The candidates are n-best lists or samples in outputs of fairseq-generate (``generate --nbest``). The similarity is
sacreBLEU's chrF2, and the expectation is over the candidates, each with its weight (Kumar and Byrne, 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from data_prep.errors import DataError
from data_prep.files import read_json

from .bleu import Scores
from .generation_settings import SPLITS
from .hypotheses import Hypothesis, read_candidates
from .provenance import Stopwatch, describe_file, provenance, relative
from .results import Text, check_absent, result_names, to_text, write_results
from .split import Split, read_split

Weights = Literal["probability", "uniform"]
"""How candidates are weighted: by their probability under the model (for n-best lists), or all alike (for samples)."""


@dataclass(frozen=True)
class RiskSettings:
    """What to choose from, and how.

    Attributes:
        data: folders written by ``python -m data_prep prepare``: one for all outputs, or one for each, so that models
            with different subwords can be combined. The references are those of the first.
        candidates: outputs of fairseq-generate; all candidates for a source compete.
        output: folder of results.
        split: ``test`` or ``valid``.
        weights: how to weight candidates. The probabilities of each output add up to 1, so that all outputs count
            alike.
        keep_case: compare and score the text as written instead of lower-casing it.
        keep_unknown: keep ``<unk>`` in the text instead of dropping and counting it.
        overwrite: replace earlier results of the same split.

    Raises:
        DataError: names the setting that is wrong.
    """

    data: tuple[Path, ...]
    candidates: tuple[Path, ...]
    output: Path
    split: str = "test"
    weights: Weights = "probability"
    keep_case: bool = False
    keep_unknown: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise DataError(f"--split {self.split}: expected one of {', '.join(SPLITS)}")
        if self.weights not in get_args(Weights):
            raise DataError(f"--weights {self.weights}: expected one of {', '.join(get_args(Weights))}")
        if not self.candidates:
            raise DataError("no output of fairseq-generate to choose from")
        if len(self.data) not in (1, len(self.candidates)):
            raise DataError(
                f"--data: expected one folder, or one for each of the {len(self.candidates)} outputs, "
                f"got {len(self.data)}"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object, with paths relative to the current directory."""
        values = asdict(self)
        values["data"] = [relative(path) for path in self.data]
        values["output"] = relative(self.output)
        values["candidates"] = [relative(path) for path in self.candidates]
        values["utility"] = "chrF2"
        del values["overwrite"]
        return values


def minimum_risk(settings: RiskSettings, command: Sequence[str]) -> Scores:
    """Choose a hypothesis per source; write ``hypotheses.<split>.txt`` and ``scores.<split>.json``.

    Args:
        settings: see `RiskSettings`.
        command: the command, for the record.

    Raises:
        DataError: an input is missing or malformed, the data have different sources, a source has no candidate, or
            results exist already.
    """
    from tqdm import tqdm

    splits = _read_splits(settings.data, settings.split)
    split = splits[0]
    if not settings.overwrite:
        check_absent(*(settings.output / name for name in result_names(settings.split)))
    detokenisers = [part.detokeniser() for part in splits]
    tokens = [part.tokens() for part in splits]
    if len(splits) == 1:
        detokenisers *= len(settings.candidates)
        tokens *= len(settings.candidates)
    stopwatch = Stopwatch()
    needs_scores = settings.weights == "probability"
    lists = [
        read_candidates(path, len(split.sources), known, needs_scores)
        for path, known in zip(settings.candidates, tokens, strict=True)
    ]
    chosen, sizes = [], []
    for number in tqdm(range(len(split.sources)), desc=f"choose {settings.split}", unit="sentence"):
        texts: list[Text] = []
        weights: list[float] = []
        for candidates, to_words in zip(lists, detokenisers, strict=True):
            group = candidates[number]
            texts += [to_text(hypothesis.tokens, to_words, settings.keep_unknown) for hypothesis in group]
            weights += weigh(group, settings.weights)
        compared = [text if settings.keep_case else text.lower() for text, _ in texts]
        chosen.append(texts[choose(compared, weights)])
        sizes.append(len(texts))
    record = {
        "candidates": {
            "files": [_describe(path, settings.split) for path in settings.candidates],
            "per_source": {"least": min(sizes), "mean": sum(sizes) / len(sizes), "most": max(sizes)},
        },
        **provenance(command, stopwatch),
    }
    return write_results(split, chosen, settings.output, settings.to_json(), record)


def choose(texts: Sequence[str], weights: Sequence[float]) -> int:
    """Return the position of the text with the highest expected utility; of equal ones the first.

    Args:
        texts: candidates; equal ones count as often as they occur.
        weights: weight of each candidate as a reference, not negative.
    """
    import numpy as np

    from .utility import chrf_matrix

    total: dict[str, float] = {}
    for text, weight in zip(texts, weights, strict=True):
        total[text] = total.get(text, 0.0) + weight
    expected = chrf_matrix(list(total)) @ np.array(list(total.values()))
    # Rounded, so that the order of a sum decides no tie.
    return texts.index(list(total)[int(np.argmax(expected.round(9)))])


def weigh(candidates: Sequence[Hypothesis], weights: Weights) -> list[float]:
    """Return the weights of the candidates of one output.

    Args:
        candidates: candidates for one source, with token scores if `weights` is ``probability``.
        weights: how to weight them.
    """
    if weights == "uniform":
        return [1.0] * len(candidates)
    totals = [sum(candidate.token_scores) for candidate in candidates]
    highest = max(totals)
    powers = [2.0 ** (total - highest) if total > -float("inf") else 0.0 for total in totals]
    return [power / sum(powers) for power in powers] if sum(powers) > 0 else [1.0 / len(powers)] * len(powers)


def _read_splits(folders: Sequence[Path], name: str) -> list[Split]:
    splits = [read_split(folder, name) for folder in folders]
    for other in splits[1:]:
        if other.sources != splits[0].sources:
            raise DataError(f"--data: {name} of {other.data} has other sources than that of {splits[0].data}")
    return splits


def _describe(path: Path, split: str) -> dict[str, Any]:
    """Return path and SHA-256 of an output, and the settings and checkpoints that the scores beside it record."""
    scores = path.with_name(f"scores.{split}.json")
    beside = read_json(scores) if scores.exists() else {}
    origin = {key: beside[key] for key in ("settings", "checkpoints") if key in beside}
    return {**describe_file(path), **origin}
