"""Translate a split with the real fairseq-generate program, detokenise, score, and record how it was done.

Three files are written into the folder of results, each whole or not at all, the scores last:

* ``generate-<split>.txt``: output of fairseq-generate, its standard error at the end;
* ``hypotheses.<split>.txt``: detokenised hypotheses, one per line, in the order of the sources;
* ``scores.<split>.json``: scores with signatures, settings, counts and provenance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing

from data_prep.errors import DataError
from data_prep.files import new_file

from .bleu import Scores
from .checkpoints import check_not_replaced, describe_checkpoints
from .generation_settings import SPLITS, GenerationSettings
from .hypotheses import best_hypotheses, in_source_order, parse_candidates
from .program import run_generate
from .provenance import Stopwatch, provenance, recorded_command
from .results import check_absent, to_text, write_results
from .search_settings import ChosenSearch, choose_search, search_file, tuned_settings
from .split import read_split

__all__ = ["SPLITS", "GenerationSettings", "generate", "search_of", "with_progress"]


def generate(settings: GenerationSettings, detokenise: Callable[[str], str] | None = None) -> Scores:
    """Translate, write the three files of results, and return the scores.

    Args:
        settings: see `GenerationSettings`.
        detokenise: turns tokens joined by spaces into text. Default: the inverse of the data preparation's tokeniser

    Raises:
        DataError: an input is missing, results exist already, fairseq-generate failed (its output is then kept as
            ``generate-<split>.failed.txt``), or a hypothesis is missing.
    """
    settings.check_inputs()
    if not settings.overwrite:
        check_absent(settings.scores_path, settings.hypotheses_path, settings.log_path)
    split = read_split(settings.data, settings.split)
    detokenise = detokenise or split.detokeniser()
    checkpoints = describe_checkpoints(settings.checkpoints)
    search = search_of(settings, [checkpoint["sha256"] for checkpoint in checkpoints])
    arguments = settings.arguments(search.settings)

    stopwatch = Stopwatch()
    with new_file(settings.log_path) as log_path:
        try:
            with (
                log_path.open("w", encoding="utf-8", newline="\n") as log,
                closing(run_generate(arguments, log)) as lines,
            ):
                watched = with_progress(lines, settings.split, len(split.sources))
                candidates = parse_candidates(watched, at_most=settings.nbest)
            ordered = in_source_order(best_hypotheses(candidates), len(split.sources))
            check_not_replaced(settings.checkpoints, checkpoints)
        except DataError as error:
            failed = settings.log_path.with_suffix(".failed.txt")
            log_path.replace(failed)
            raise DataError(f"{error}; the output is kept in {failed}") from error
        # The old scores do not belong to the new hypotheses.
        settings.scores_path.unlink(missing_ok=True)
    settings.log_path.with_suffix(".failed.txt").unlink(missing_ok=True)
    record = {
        "checkpoints": checkpoints,
        "search": search.to_json(),
        **provenance(recorded_command("fairseq_cli.generate", arguments), stopwatch),
    }
    return write_results(
        split,
        [to_text(hypothesis.tokens, detokenise, settings.keep_unknown) for hypothesis in ordered],
        settings.output,
        settings.to_json(search.settings),
        record,
    )


def search_of(settings: GenerationSettings, checksums: Sequence[str]) -> ChosenSearch:
    """Return the settings of the search: given, tuned or default.

    Args:
        settings: which settings are given, and where the checkpoints are.
        checksums: their SHA-256.

    Raises:
        DataError: the file of tuned settings is damaged.
    """
    tuned = {} if settings.untuned else tuned_settings(settings.checkpoints, checksums)
    if settings.task == "translation":  # fairseq's own task has no minimum length
        tuned.pop("min_len_ratio", None)
    return choose_search(settings.given_search(), tuned, search_file(settings.checkpoints[0]))


def with_progress(lines: Iterable[str], title: str, sources: int) -> Iterator[str]:
    """Yield `lines` of fairseq-generate's output and show how many of the sources have a hypothesis."""
    from tqdm import tqdm

    last = ""
    with tqdm(total=sources, desc=f"translate {title}", unit="sentence") as progress:
        for line in lines:
            if line.startswith("H-"):
                name = line.partition("\t")[0]
                if name != last:  # further hypotheses of the same source follow the first
                    progress.update()
                last = name
            yield line
