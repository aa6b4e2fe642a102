"""Translations of the training set by trained models, for students to learn from (Nguyen et al. 2020).

The student learns from translations of the training sentences by models of both directions, in addition to the
sentences themselves. No other text is used. The table of experiments shows whether it helps.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep.corpora import read_and_split
from data_prep.errors import DataError
from data_prep.files import new_file, read_json, sha256_of, write_json
from data_prep.options import Options
from data_prep.pairs import Pair, write_tsv
from eval.generate import with_progress
from eval.hypotheses import best_hypotheses, in_source_order, parse_candidates
from eval.program import USER_DIR, run_generate
from eval.provenance import Stopwatch, combined_commit, provenance, relative
from reencoder.text.pieces import join_pieces
from reencoder.text.segmentation import detokenize_english

from ..training import run_in_parallel
from .catalogue import EXPERIMENTS
from .data import SYNTHETIC, VARIANTS, check_input, input_checksum, known_pairs, pairs_of, prepare_data, synthetic_path
from .execution import BEAM, UNKPEN, best_checkpoint, execute, result_path

TEACHERS: Mapping[str, Sequence[str]] = {
    "forward": ("pieces-phrases", "pieces-phrases-seed-3"),
    "backward": ("reverse",),
}
"""For each translation of the training set the experiments whose ensemble makes it."""


@dataclass(frozen=True)
class Folders:
    """Where a recipe reads and writes.

    Attributes:
        tsv: file of pairs; None to download the current one.
        work: folder of data, trainings and translations.
        results: folder of the results of experiments.
        jobs: number of trainings at the same time.
    """

    tsv: Path | None
    work: Path
    results: Path
    jobs: int


def ready_data(variant: str, folders: Folders, command: list[str]) -> Path:
    """Prepare a variant of the data unless it exists, after training the models that translate a part of it.

    Args:
        variant: one of `recipes.tatoeba.data.VARIANTS`.
        folders: where to read and write.
        command: the command, for the records.

    Returns:
        The folder of prepared data.

    Raises:
        DataError: bad input, or a program failed.
    """
    names = SYNTHETIC.get(variant, ())
    missing = [name for name in names if not synthetic_path(name, folders.work).exists()]
    for name in names:
        if name not in missing:
            _check_origin(name, folders)
    if missing:
        translate_training_set(missing, folders, command)
    return prepare_data(folders.tsv, folders.work, variant)


def _check_origin(name: str, folders: Folders) -> None:
    """Check that a translation was made from this file of pairs.

    Raises:
        DataError: it was made from another.
    """
    path = synthetic_path(name, folders.work)
    record = read_json(path.with_suffix(".json"))
    given = known_pairs(folders.tsv, folders.work)
    # Older records do not name the file.
    if given is not None and record.get("tsv_sha256") not in (None, sha256_of(given)):
        raise DataError(f"{path}: translates another file of pairs; remove it, or give another --work")


def translate_training_set(names: Sequence[str], folders: Folders, command: list[str]) -> None:
    """Train the teachers, unless they are trained, and write their translations of the training set as pairs.

    Args:
        names: keys of `TEACHERS`.
        folders: where to read and write.
        command: the command, for the records.

    Raises:
        DataError: bad input, or a program failed; the translations that failed are not written.
    """
    teachers = list(dict.fromkeys(teacher for name in names for teacher in TEACHERS[name]))
    data = {teacher: ready_data(EXPERIMENTS[teacher].data, folders, command) for teacher in teachers}

    def train(teacher: str) -> dict[str, Any]:
        result = execute(teacher, data[teacher], folders.work, folders.results, command)
        checkpoint, path = best_checkpoint(teacher, folders.work), result_path(teacher, folders.results)
        if not checkpoint.is_file():
            raise DataError(
                f"{checkpoint}: no such checkpoint, but {path} says that the training is finished; give the --work of "
                "that training, or other --results to train again"
            )
        return result

    trained = dict(zip(teachers, run_in_parallel(train, teachers, folders.jobs), strict=True))

    def translate(name: str) -> None:
        _write_translations(
            name, [trained[teacher] for teacher in TEACHERS[name]], data[TEACHERS[name][0]], folders, command
        )

    for _ in run_in_parallel(translate, names, folders.jobs):
        pass


def _write_translations(
    name: str, trained: Sequence[Mapping[str, Any]], data: Path, folders: Folders, command: list[str]
) -> None:
    """Translate the training set and write the pairs and their record.

    Args:
        name: one of `TEACHERS`.
        trained: the results of its teachers.
        data: their data.
        folders: where to read and write.
        command: the command, for the record.
    """
    stopwatch, teachers = Stopwatch(), TEACHERS[name]
    pairs = _translate(teachers, data, _training_pairs(data, folders), folders.work)
    times: dict[str, float] = {}
    for result in trained:
        times |= result.get("data_seconds", {})  # teachers may have had teachers
        times[result["name"]] = result["cpu_seconds"] or result["provenance"]["wall_seconds"]
    path, origin = synthetic_path(name, folders.work), provenance(command, stopwatch)
    origin["commit"] = combined_commit(origin["commit"], [result["provenance"]["commit"] for result in trained])
    with new_file(path) as temporary:
        write_tsv(temporary, pairs)
        record = {
            "teachers": list(teachers),
            "pairs": len(pairs),
            "sha256": sha256_of(temporary),
            "tsv_sha256": input_checksum(data),
            "seconds": {**times, f"translating {name}": round(stopwatch.seconds(), 1)},
            "provenance": origin,
        }
        write_json(path.with_suffix(".json"), record)


def _training_pairs(data: Path, folders: Folders) -> list[Pair]:
    """Return the raw training pairs, in the order of the prepared ones.

    Raises:
        DataError: the data were prepared from another file.
    """
    tsv = pairs_of(folders.tsv, folders.work)
    check_input(data, tsv)
    options = Options(dest=Path(), tsv=[tsv], **VARIANTS[data.name])
    return [example.pairs[0] for example in read_and_split(options).parts["train"]]


def _translate(teachers: Sequence[str], data: Path, pairs: Sequence[Pair], work: Path) -> list[Pair]:
    """Return the training pairs, one side translated by the ensemble of teachers, without those with an empty side."""
    checkpoints = [best_checkpoint(teacher, work) for teacher in teachers]
    reverse = EXPERIMENTS[teachers[0]].reverse
    arguments = [relative(data / "bin"), "--path", os.pathsep.join(map(relative, checkpoints))]
    arguments += ["--user-dir", relative(USER_DIR), "--task", "reencoder_translation", "--gen-subset", "train"]
    if reverse:
        arguments += ["--source-lang", "en", "--target-lang", "zh"]
    arguments += ["--beam", str(BEAM), "--unkpen", str(UNKPEN), "--batch-size", "64", "--max-blocks", "20000"]
    # With its default of 8 fairseq silently drops the last n mod 8 sentences.
    arguments += ["--required-batch-size-multiple", "1", "--no-progress-bar"]
    with closing(run_generate(arguments, threads=1)) as lines:
        candidates = parse_candidates(with_progress(lines, "the training set", len(pairs)), at_most=1)
    hypotheses = in_source_order(best_hypotheses(candidates), len(pairs))
    tag = Options.phrase_tag  # part of the targets of the reverse direction
    translated = []
    for pair, hypothesis in zip(pairs, hypotheses, strict=True):
        text = join_pieces(" ".join(token for token in hypothesis.tokens.split() if token != tag))
        if text:
            chinese, english = (text, pair.english) if reverse else (pair.chinese, detokenize_english(text))
            translated.append(Pair(chinese, english))
    return translated
