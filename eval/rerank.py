"""Reranking: choose in an n-best list by a weighted sum of what several models say.

The features of a hypothesis are the log-probability that the search gave it, that under each further model (such as one
of the reverse direction), its length, and its number of unknown words. The weights are those with the highest BLEU on
the validation set; the other split is reranked with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_prep.errors import DataError

from .bleu import Scores
from .generation_settings import SPLITS
from .hypotheses import Hypothesis, drop_unknown, read_candidates
from .pair_scores import score_tokens
from .provenance import Stopwatch, describe_file, provenance, relative
from .results import Text, check_absent, output_name, result_names, to_text, write_results
from .split import Split, read_split

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POSITIVE = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0)
"""Weights of further models that are tried; that of the search is 1."""
SIGNED = tuple(n / 4 for n in range(-8, 17))
"""Weights that are tried for the length and for the number of unknown words (a negative one is a penalty)."""
PASSES = 10
"""Maximum number of passes over the weights."""


@dataclass(frozen=True)
class RerankSettings:
    """What to rerank, and by what.

    Attributes:
        data: folder written by ``python -m data_prep prepare``.
        candidates: folder with outputs of fairseq-generate for the validation set and for `split`.
        scorers: checkpoints of the further models.
        output: folder of results.
        split: ``test`` or ``valid``.
        keep_case: score the text as written instead of lower-casing it.
        keep_unknown: keep ``<unk>`` in the text instead of dropping and counting it.
        overwrite: replace earlier results of the same split.
        device: where the further models compute. Default: a GPU if there is one

    Raises:
        DataError: names the setting that is wrong.
    """

    data: Path
    candidates: Path
    scorers: tuple[Path, ...]
    output: Path
    split: str = "test"
    keep_case: bool = False
    keep_unknown: bool = False
    overwrite: bool = False
    device: str | None = None

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise DataError(f"--split {self.split}: expected one of {', '.join(SPLITS)}")
        for path in self.scorers:
            if not path.is_file():
                raise DataError(f"--scorers {path}: no such checkpoint")

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object, with paths relative to the current directory."""
        values = asdict(self)
        for name in ("data", "candidates", "output"):
            values[name] = relative(values[name])
        values["scorers"] = [relative(path) for path in self.scorers]
        del values["overwrite"], values["device"]
        return values


@dataclass
class Lists:
    """The candidates of a split.

    Attributes:
        split: sources and references.
        texts: for each source its candidates as text.
        features: shape (sources, most candidates, features); zeros where a source has fewer candidates.
    """

    split: Split
    texts: list[list[Text]]
    features: NDArray[np.float64]

    def __post_init__(self) -> None:
        import numpy as np

        counts = np.array([len(texts) for texts in self.texts])
        self._missing = np.arange(self.features.shape[1]) >= counts[:, None]

    def choose(self, weights: Sequence[float]) -> list[int]:
        """Return for each source the position of the candidate with the highest weighted sum; of ties the first."""
        import numpy as np

        sums: NDArray[np.float64] = np.where(self._missing, -np.inf, self.features @ np.array(weights))
        return [int(position) for position in sums.argmax(axis=1)]


class BleuOfChoices:
    """BLEU of a choice among candidates, from statistics that are computed once per candidate."""

    def __init__(self, lists: Lists, keep_case: bool) -> None:
        import numpy as np
        from sacrebleu.metrics import BLEU

        self._bleu = BLEU(lowercase=not keep_case, effective_order=True)
        self._statistics = [
            np.array([self._counts(candidate.text, references) for candidate in candidates])
            for candidates, references in zip(lists.texts, lists.split.references, strict=True)
        ]

    def _counts(self, text: str, references: Sequence[str]) -> list[int]:
        found = self._bleu.sentence_score(text, references)
        return [found.sys_len, found.ref_len, *found.counts, *found.totals]

    def __call__(self, choice: Sequence[int]) -> float:
        """Return the corpus BLEU of the chosen candidates."""
        import numpy as np

        rows = (statistics[position] for statistics, position in zip(self._statistics, choice, strict=True))
        system, reference, *rest = np.sum(list(rows), axis=0).tolist()
        order = len(rest) // 2
        score: float = self._bleu.compute_bleu(
            rest[:order], rest[order:], system, reference, smooth_method="exp", max_ngram_order=order
        ).score
        return score


def tune_weights(bleu: Callable[[Sequence[float]], float], values: Sequence[Sequence[float]]) -> list[float]:
    """Return weights by coordinate search: each in turn gets its best value, until none changes. The first stays 1.

    Args:
        bleu: the score of some weights.
        values: for each weight but the first the values to try; a tie stays with the value before.
    """
    weights = [1.0, *(0.0 for _ in values)]
    best = bleu(weights)
    for _ in range(PASSES):
        before = list(weights)
        for index, tried in enumerate(values, 1):
            for value in tried:
                changed = [*weights[:index], value, *weights[index + 1 :]]
                score = bleu(changed)
                if score > best:
                    weights, best = changed, score
        if weights == before:
            break
    return weights


def rerank(settings: RerankSettings, command: Sequence[str]) -> dict[str, Scores]:
    """Tune the weights on the validation set, and choose with them there and in the other split.

    Writes ``hypotheses.<split>.txt`` and ``scores.<split>.json`` for both.

    Args:
        settings: see `RerankSettings`.
        command: the command, for the record.

    Returns:
        The scores by split.

    Raises:
        DataError: an input is missing or malformed, or results exist already.
    """
    splits = list(dict.fromkeys(("valid", settings.split)))
    if not settings.overwrite:
        check_absent(*(settings.output / name for split in splits for name in result_names(split)))
    stopwatch = Stopwatch()
    lists = {name: _read_lists(settings, name) for name in splits}
    bleu = BleuOfChoices(lists["valid"], settings.keep_case)
    values = [*(POSITIVE for _ in settings.scorers), SIGNED, SIGNED]
    weights = tune_weights(lambda tried: bleu(lists["valid"].choose(tried)), values)
    names = ["search", *(relative(path) for path in settings.scorers), "length", "unknown words"]
    scores = {}
    for name in splits:
        chosen = [texts[n] for texts, n in zip(lists[name].texts, lists[name].choose(weights), strict=True)]
        record = {
            "weights": dict(zip(names, weights, strict=True)),
            "candidates": describe_file(_output(settings, name)),
            "scorers": [describe_file(path) for path in settings.scorers],
            **provenance(command, stopwatch),
        }
        scores[name] = write_results(lists[name].split, chosen, settings.output, settings.to_json(), record)
    return scores


def _read_lists(settings: RerankSettings, name: str) -> Lists:
    import numpy as np

    split = read_split(settings.data, name)
    sources = split.tokens()
    if sources is None:
        raise DataError(f"{settings.data / 'text'}: no such directory; create it with: python -m data_prep prepare")
    lists = read_candidates(_output(settings, name), len(sources), sources, token_scores=True)
    pairs = [(source, hypothesis.tokens) for source, group in zip(sources, lists, strict=True) for hypothesis in group]
    by_scorer = [
        score_tokens(
            scorer, settings.data, [source for source, _ in pairs], [target for _, target in pairs], settings.device
        )
        for scorer in settings.scorers
    ]
    features = np.zeros((len(lists), max(map(len, lists)), len(by_scorer) + 3))
    number = 0
    for row, group in zip(features, lists, strict=True):
        for cell, hypothesis in zip(row, group, strict=False):
            cell[:] = _features(hypothesis, [scores[number] for scores in by_scorer])
            number += 1
    detokenise = split.detokeniser()
    texts = [[to_text(hypothesis.tokens, detokenise, settings.keep_unknown) for hypothesis in group] for group in lists]
    return Lists(split, texts, features)


def _features(hypothesis: Hypothesis, scores: Sequence[float]) -> list[float]:
    words, unknown = len(hypothesis.tokens.split()), drop_unknown(hypothesis.tokens)[1]
    return [sum(hypothesis.token_scores), *scores, words, unknown]


def _output(settings: RerankSettings, split: str) -> Path:
    return settings.candidates / output_name(split)
