"""Translate a split with the real fairseq-generate program, detokenise, score, and record how it was done.

Three files are written into the folder of results, each whole or not at all, the scores last:

* ``generate-<split>.txt``: output of fairseq-generate, its standard error at the end;
* ``hypotheses.<split>.txt``: detokenised hypotheses, one per line, in the order of the sources;
* ``scores.<split>.json``: scores with signatures, settings, counts and provenance.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import new_file, read_lines, sha256_of, write_json, write_lines

from .bleu import Scores, score
from .hypotheses import drop_unknown, in_source_order, parse_hypotheses
from .inputs import check_checkpoint
from .program import USER_DIR, recorded_command, run_generate
from .provenance import Stopwatch, provenance, relative
from .references import read_references

SPLITS = ("test", "valid")

# Options that have a setting here, so that the two cannot contradict each other, and options that would lose sentences.
_OWN_OPTIONS = {
    "--path": "--path before the --",
    "--gen-subset": "--split",
    "--task": "--task before the --",
    "--user-dir": "--user-dir before the --",
    "--beam": "--beam before the --",
    "--lenpen": "--lenpen before the --",
    "--min-len-ratio": "--min-len-ratio before the --",
    "--batch-size": "--batch-size before the --",
    "--max-blocks": "--max-blocks before the --",
    "--results-path": "--output",
    "--nbest": "nothing: one hypothesis is scored",
    "--quiet": "nothing: the hypotheses are read from the output",
    "--required-batch-size-multiple": "nothing: only 1 keeps every sentence",
    "--num-shards": "nothing: a shard is not the whole split",
    "--shard-id": "nothing: a shard is not the whole split",
    "--skip-invalid-size-inputs-valid-test": "nothing: every sentence counts",
}


@dataclass(frozen=True)
class GenerationSettings:
    """What to translate, with which model, and how.

    Attributes:
        data: folder written by ``python -m data_prep prepare`` (with ``bin/`` and ``raw/``).
        checkpoints: one model, or the members of an ensemble.
        output: folder of results.
        split: ``test`` or ``valid``.
        task: name of the fairseq task.
        user_dir: fairseq plugin to load; None loads none.
        beam: number of hypotheses kept at each step.
        lenpen: exponent of the length by which scores are divided (fairseq's ``--lenpen``).
        min_len_ratio: minimum length of a translation, as a ratio of its source's; None for the task's default.
        batch_size: maximum number of sentences per batch; None for fairseq's default.
        max_blocks: maximum number of blocks per batch (sentences x longest source x longest target); None for the
            task's default.
        extra: further options of fairseq-generate, passed on unchanged.
        keep_case: score the text as written instead of lower-casing both sides.
        keep_unknown: keep ``<unk>`` in the text instead of dropping and counting it.
        overwrite: replace earlier results of the same split.

    Raises:
        DataError: names the setting that is wrong.
    """

    data: Path
    checkpoints: tuple[Path, ...]
    output: Path
    split: str = "test"
    task: str = "reencoder_translation"
    user_dir: Path | None = USER_DIR
    beam: int = 20
    lenpen: float = 1.0
    min_len_ratio: float | None = None
    batch_size: int | None = None
    max_blocks: int | None = None
    extra: tuple[str, ...] = ()
    keep_case: bool = False
    keep_unknown: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise DataError(f"--split {self.split}: expected one of {', '.join(SPLITS)}")
        if not self.checkpoints:
            raise DataError("--path: no checkpoint given")
        for option, value in (
            ("--beam", self.beam),
            ("--batch-size", self.batch_size),
            ("--max-blocks", self.max_blocks),
        ):
            if value is not None and value < 1:
                raise DataError(f"{option} {value}: must be at least 1")
        if self.min_len_ratio is not None and not self.min_len_ratio >= 0:
            raise DataError(f"--min-len-ratio {self.min_len_ratio}: must not be negative")
        for argument in self.extra:
            option = argument.partition("=")[0]
            if option in _OWN_OPTIONS:
                raise DataError(f"{option} after --: not accepted there; use {_OWN_OPTIONS[option]}")

    @property
    def log_path(self) -> Path:
        """Path of the output of fairseq-generate."""
        return self.output / f"generate-{self.split}.txt"

    @property
    def hypotheses_path(self) -> Path:
        """Path of the detokenised hypotheses."""
        return self.output / f"hypotheses.{self.split}.txt"

    @property
    def scores_path(self) -> Path:
        """Path of the scores and their provenance."""
        return self.output / f"scores.{self.split}.json"

    def arguments(self) -> list[str]:
        """Return the arguments of fairseq-generate."""
        arguments = [
            relative(self.data / "bin"),
            "--path",
            os.pathsep.join(relative(path) for path in self.checkpoints),
        ]
        arguments += ["--gen-subset", self.split, "--task", self.task]
        if self.user_dir is not None:
            arguments += ["--user-dir", relative(self.user_dir)]
        arguments += ["--beam", str(self.beam), "--lenpen", str(self.lenpen)]
        for option, value in (
            ("--min-len-ratio", self.min_len_ratio),
            ("--batch-size", self.batch_size),
            ("--max-blocks", self.max_blocks),
        ):
            if value is not None:
                arguments += [option, str(value)]
        # With its default of 8 fairseq silently drops the last n mod 8 sentences.
        arguments += ["--required-batch-size-multiple", "1", "--no-progress-bar"]
        return arguments + list(self.extra)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object, with paths relative to the current directory."""
        values = asdict(self)
        values["checkpoints"] = [relative(path) for path in self.checkpoints]
        for name in ("data", "output", "user_dir"):
            values[name] = None if values[name] is None else relative(values[name])
        values["extra"] = list(self.extra)
        del values["overwrite"]
        return values


def generate(settings: GenerationSettings, detokenise: Callable[[str], str] | None = None) -> Scores:
    """Translate, write the three files of results, and return the scores.

    Args:
        settings: see `GenerationSettings`.
        detokenise: turns tokens joined by spaces into text. Default: the inverse of the data preparation's tokeniser

    Raises:
        DataError: an input is missing, results exist already, fairseq-generate failed (its output is then kept as
            ``generate-<split>.failed.txt``), or a hypothesis is missing.
    """
    _check_inputs(settings)
    if detokenise is None:
        from data_prep.text import detokenize_english

        detokenise = detokenize_english

    sources = read_lines(settings.data / "raw" / f"{settings.split}.zh")
    references = read_references([settings.data / "raw" / f"{settings.split}.en"])
    if len(references) != len(sources):
        raise DataError(
            f"{settings.data / 'raw'}: {len(sources)} sources in {settings.split}.zh, "
            f"but {len(references)} lines of references"
        )
    checkpoints = [
        {"path": relative(path), "bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in settings.checkpoints
    ]

    stopwatch = Stopwatch()
    with new_file(settings.log_path) as log_path:
        try:
            with (
                log_path.open("w", encoding="utf-8", newline="\n") as log,
                closing(run_generate(settings.arguments(), log)) as lines,
            ):
                hypotheses = parse_hypotheses(_with_progress(lines, settings.split, len(sources)))
            ordered = in_source_order(hypotheses, len(sources))
        except DataError as error:
            failed = settings.log_path.with_suffix(".failed.txt")
            log_path.replace(failed)
            raise DataError(f"{error}; the output is kept in {failed}") from error
        # The old scores do not belong to the new hypotheses.
        settings.scores_path.unlink(missing_ok=True)
    settings.log_path.with_suffix(".failed.txt").unlink(missing_ok=True)
    origin = provenance(recorded_command(settings.arguments()), stopwatch)

    texts, unknown = [], 0
    for hypothesis in ordered:
        known, dropped = drop_unknown(hypothesis.tokens)
        unknown += dropped
        texts.append(detokenise(hypothesis.tokens if settings.keep_unknown else known))
    write_lines(settings.hypotheses_path, texts)
    scores = score(texts, references, keep_case=settings.keep_case)
    manifest = settings.data / "manifest.json"
    write_json(
        settings.scores_path,
        {
            "scores": scores.to_json(),
            "settings": settings.to_json(),
            "counts": {
                "sources": len(sources),
                "hypotheses": len(texts),
                "references": scores.references,
                "empty_hypotheses": sum(not text for text in texts),
                "unknown_words": unknown,
            },
            "checkpoints": checkpoints,
            "manifest_sha256": sha256_of(manifest) if manifest.exists() else None,
            **origin,
        },
    )
    return scores


def _check_inputs(settings: GenerationSettings) -> None:
    for folder in (settings.data / "bin", settings.data / "raw"):
        if not folder.is_dir():
            raise DataError(f"{folder}: no such directory; create it with: python -m data_prep prepare")
    for path in settings.checkpoints:
        check_checkpoint(path, "--path")
    if settings.user_dir is not None and not settings.user_dir.is_dir():
        raise DataError(f"--user-dir {settings.user_dir}: no such directory")
    if not settings.overwrite:
        for path in (settings.scores_path, settings.hypotheses_path, settings.log_path):
            if path.exists():
                raise DataError(f"{path}: exists already; choose another --output or give --overwrite")


def _with_progress(lines: Iterable[str], split: str, sources: int) -> Iterator[str]:
    """Yield `lines` and show how many of the sources have a hypothesis."""
    from tqdm import tqdm

    with tqdm(total=sources, desc=f"translate {split}", unit="sentence") as progress:
        for line in lines:
            if line.startswith("H-"):
                progress.update()
            yield line
