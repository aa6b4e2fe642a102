"""Tune the search on the validation set: beam, length penalty, unknown-word penalty, minimum length.

The unknown-word penalty, the minimum length and the beam change what the search finds, so each value is a run of
fairseq-generate; they are tuned one after the other, each with the best values so far (coordinate search). The length
penalty only orders what a search has found: fairseq stops as soon as a beam has enough finished hypotheses, whatever
their scores. So all length penalties are tried on the complete beam of each run, without another run. In the end the
chosen settings are run as they are, and the score of this run is the one reported.

The curves are flat near their maximum, and which of two nearly equal settings is ahead is chance. So a setting replaces
one that was tried before it, or a length penalty one that is nearer to the first, only if it is better by more than a
tolerance: the search stays small and near the defaults unless the validation set says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from math import inf
from typing import Any, NamedTuple

from data_prep.errors import DataError
from data_prep.files import check_writable, write_json

from .bleu import new_metrics, reference_streams, score
from .checkpoints import check_not_replaced, describe_checkpoints
from .generate import with_progress
from .generation_settings import GenerationSettings
from .hypotheses import Hypothesis, check_token_scores, drop_unknown, in_source_order, parse_candidates
from .program import run_generate
from .provenance import Stopwatch, provenance, recorded_command
from .search_settings import SearchSettings, search_file
from .split import read_split

Beams = list[list[Hypothesis]]
"""For each source the hypotheses that a search has found, with their total scores."""


@dataclass(frozen=True)
class Grid:
    """The values to try. The search begins with the first of each, and prefers the earlier ones.

    Attributes:
        beams: beam sizes.
        lenpens: length penalties; those near the first are preferred.
        unkpens: unknown-word penalties.
        min_len_ratios: minimum lengths as a ratio of the source's; None for the task's default.
        tolerance: the difference in BLEU up to which settings count as equally good.

    Raises:
        DataError: a setting has no values to try, or a value is wrong.
    """

    beams: tuple[int, ...] = (5, 10, 20)
    lenpens: tuple[float, ...] = (1.0, *(n / 10 for n in range(21) if n != 10))
    unkpens: tuple[float, ...] = (0.0, 2.0, 1000.0)
    min_len_ratios: tuple[float | None, ...] = (None,)
    tolerance: float = 0.1

    def __post_init__(self) -> None:
        for option, values in (
            ("--beams", self.beams),
            ("--lenpens", self.lenpens),
            ("--unkpens", self.unkpens),
            ("--min-len-ratios", self.min_len_ratios),
        ):
            if not values:
                raise DataError(f"{option}: no value to try")
        for beam in self.beams:
            SearchSettings(beam=beam)
        for lenpen in self.lenpens:
            SearchSettings(lenpen=lenpen)
        for unkpen in self.unkpens:
            SearchSettings(unkpen=unkpen)
        for ratio in self.min_len_ratios:
            SearchSettings(min_len_ratio=ratio)
        if not 0.0 <= self.tolerance < inf:
            raise DataError(f"--tolerance {self.tolerance}: must be a finite number, not negative")


class Quality(NamedTuple):
    """What is known of settings that were tried.

    Attributes:
        bleu: BLEU against all references, 0 to 100.
        length_ratio: ratio of the length of the hypotheses to that of the closest references, in 13a tokens.
    """

    bleu: float
    length_ratio: float


@dataclass
class Tuner:
    """Runs searches and remembers the scores of everything that was tried.

    Attributes:
        search: runs a search with length penalty 0, whose scores are total log-probabilities, and returns the complete
            beams.
        quality: scores hypotheses, one per source.
        grid: the values to try.
        tried: all settings tried and their scores, in order.
        runs: number of searches.
    """

    search: Callable[[SearchSettings], Beams]
    quality: Callable[[Sequence[Hypothesis]], Quality]
    grid: Grid
    tried: list[tuple[SearchSettings, Quality]] = field(default_factory=list)
    runs: int = 0

    def choose(self) -> tuple[SearchSettings, Quality]:
        """Search by coordinates, and return the chosen settings with their scores."""
        start = SearchSettings(
            beam=self.grid.beams[0], unkpen=self.grid.unkpens[0], min_len_ratio=self.grid.min_len_ratios[0]
        )
        best = self._try(start)
        for unkpen in self.grid.unkpens[1:]:
            best = self._better(best, self._try(replace(best[0], unkpen=unkpen)))
        for ratio in self.grid.min_len_ratios[1:]:
            best = self._better(best, self._try(replace(best[0], min_len_ratio=ratio)))
        for beam in self.grid.beams[1:]:
            best = self._better(best, self._try(replace(best[0], beam=beam)))
        return best

    def _try(self, settings: SearchSettings) -> tuple[SearchSettings, Quality]:
        """Run one search and return its length penalty, as settings, with the scores."""
        beams = self.search(replace(settings, lenpen=0.0))
        self.runs += 1
        results = [
            (replace(settings, lenpen=lenpen), self.quality([best_at(beam, lenpen) for beam in beams]))
            for lenpen in self.grid.lenpens
        ]
        self.tried += results
        enough = max(quality.bleu for _, quality in results) - self.grid.tolerance
        good = [result for result in results if result[1].bleu >= enough]
        return min(good, key=lambda result: (abs(result[0].lenpen - self.grid.lenpens[0]), -result[1].bleu))

    def _better(
        self, old: tuple[SearchSettings, Quality], new: tuple[SearchSettings, Quality]
    ) -> tuple[SearchSettings, Quality]:
        return new if new[1].bleu > old[1].bleu + self.grid.tolerance else old


def best_at(beam: Sequence[Hypothesis], lenpen: float) -> Hypothesis:
    """Return the hypothesis that fairseq's search would rank first with a length penalty.

    Args:
        beam: hypotheses with total log-probabilities as scores (a search with length penalty 0) and token scores.
        lenpen: the length penalty.
    """
    return max(beam, key=lambda hypothesis: hypothesis.score / len(hypothesis.token_scores) ** lenpen)


def tune(settings: GenerationSettings, grid: Grid) -> dict[str, Any]:
    """Tune the search on the validation set and write ``search.json`` beside the first checkpoint.

    Args:
        settings: data, checkpoints, and all that is not tuned. The settings of the search and the folder of results are
            not used.
        grid: the values to try.

    Returns:
        What was written.

    Raises:
        DataError: an input is missing, the file exists already, or fairseq-generate failed.
    """
    settings = replace(settings, split="valid")
    settings.check_inputs()
    path = search_file(settings.checkpoints[0])
    if path.exists() and not settings.overwrite:
        raise DataError(f"{path}: exists already; give --overwrite to replace it")
    check_writable(path, "--path")  # now, not after all searches
    split = read_split(settings.data, settings.split)
    text = cache(split.detokeniser())  # the beams of all searches have most hypotheses in common
    streams = reference_streams(split.references)
    checkpoints = describe_checkpoints(settings.checkpoints)
    stopwatch = Stopwatch()

    def texts(hypotheses: Sequence[Hypothesis]) -> list[str]:
        return [text(h.tokens if settings.keep_unknown else drop_unknown(h.tokens)[0]) for h in hypotheses]

    def quality(hypotheses: Sequence[Hypothesis]) -> Quality:
        found = new_metrics(settings.keep_case)["BLEU"].corpus_score(texts(hypotheses), streams)
        return Quality(found.score, found.ratio)

    def run(search: SearchSettings, nbest: int) -> Beams:
        arguments = replace(settings, nbest=nbest).arguments(search)
        with closing(run_generate(arguments)) as lines:
            watched = with_progress(lines, _title(search), len(split.sources))
            beams = in_source_order(parse_candidates(watched, at_most=nbest), len(split.sources))
        check_token_scores(beams)
        return beams

    tuner = Tuner(lambda search: run(search, search.beam), quality, grid)
    chosen, expected = tuner.choose()
    final = score(texts([beam[0] for beam in run(chosen, 1)]), split.references, keep_case=settings.keep_case)
    check_not_replaced(settings.checkpoints, checkpoints)
    command = recorded_command("fairseq_cli.generate", settings.arguments(chosen))
    document = {
        "settings": asdict(chosen),
        "scores": final.to_json(),
        "bleu_reranked": expected.bleu,
        "tolerance": grid.tolerance,
        "tried": [{**asdict(tried), **quality._asdict()} for tried, quality in tuner.tried],
        "runs": tuner.runs + 1,
        "split": split.name,
        "task": settings.task,
        "extra": list(settings.extra),
        "keep_case": settings.keep_case,
        "keep_unknown": settings.keep_unknown,
        "checkpoints": checkpoints,
        "manifest_sha256": split.manifest_sha256,
        **provenance(command, stopwatch),
    }
    write_json(path, document)
    return document


def _title(search: SearchSettings) -> str:
    ratio = "" if search.min_len_ratio is None else f" min-len-ratio {search.min_len_ratio}"
    return f"valid: beam {search.beam} unkpen {search.unkpen}{ratio}"
