"""Translate a split with the real fairseq-generate program, then detokenise, score and record how it was done.

Written into the folder of results, each file whole or not at all, the scores last:

* ``generate-<split>.txt``: what fairseq-generate printed (its standard error at the end);
* ``hypotheses.<split>.txt``: detokenised hypotheses, one a line, in the order of the sources;
* ``scores.<split>.json``: scores with signatures, settings, counts and where the result comes from.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from eval.bleu import Scores, score
from eval.errors import EvaluationError
from eval.files import atomic_path, file_sha256, read_lines, relative, write_json, write_lines
from eval.hypotheses import drop_unknown, in_source_order, parse_hypotheses
from eval.provenance import ROOT, Stopwatch, provenance
from eval.references import read_references

COMMAND = [sys.executable, "-m", "fairseq_cli.generate"]
"""The program that translates."""

SPLITS = ("test", "valid")

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_EXCEPTION = re.compile(r"[\w.]*(Error|Exception|Exit|Interrupt)\b|[\w-]+(\.py)?: error:")

# What this module sets itself, so that two settings cannot contradict each other, or what would lose sentences.
_OWN_OPTIONS = {
    "--path": "--path before the --",
    "--gen-subset": "--split",
    "--task": "--task before the --",
    "--user-dir": "--user-dir before the --",
    "--beam": "--beam before the --",
    "--lenpen": "--lenpen before the --",
    "--min-len-ratio": "--min-len-ratio before the --",
    "--batch-size": "--batch-size before the --",
    "--max-cells": "--max-cells before the --",
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
    """What to translate, with what, and how.

    Attributes:
        data: folder made by ``python -m data_prep prepare`` (with ``bin/`` and ``raw/``).
        checkpoints: one model, or the members of an ensemble.
        output: folder of results.
        split: ``test`` or ``valid``.
        task: name of the fairseq task.
        user_dir: fairseq plugin to load, or None for none.
        beam: hypotheses kept at each step.
        lenpen: exponent of the length by which scores are divided (fairseq's ``--lenpen``).
        min_len_ratio: candidates shorter than this share of the source are discarded; None leaves it to the task.
        batch_size: sentences in a batch; None leaves it to fairseq.
        max_cells: grid cells (source length times target length) in a batch; None leaves it to the task.
        extra: further options of fairseq-generate, as they are.
        keep_case: score as written; by default both sides are lower-cased.
        keep_unknown: leave ``<unk>`` in the text; by default it is dropped (and counted).
        overwrite: replace earlier results of the same split.
    """

    data: Path
    checkpoints: tuple[Path, ...]
    output: Path
    split: str = "test"
    task: str = "reencoder_translation"
    user_dir: Path | None = ROOT / "reencoder"
    beam: int = 20
    lenpen: float = 1.0
    min_len_ratio: float | None = None
    batch_size: int | None = None
    max_cells: int | None = None
    extra: tuple[str, ...] = ()
    keep_case: bool = False
    keep_unknown: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise EvaluationError(f"--split {self.split}: expected one of {', '.join(SPLITS)}")
        if not self.checkpoints:
            raise EvaluationError("--path: no checkpoint given")
        for option, value in (
            ("--beam", self.beam),
            ("--batch-size", self.batch_size),
            ("--max-cells", self.max_cells),
        ):
            if value is not None and value < 1:
                raise EvaluationError(f"{option} {value}: must be at least 1")
        if self.min_len_ratio is not None and not self.min_len_ratio >= 0:
            raise EvaluationError(f"--min-len-ratio {self.min_len_ratio}: must not be negative")
        for argument in self.extra:
            option = argument.partition("=")[0]
            if option in _OWN_OPTIONS:
                raise EvaluationError(f"{option} after --: not accepted there; use {_OWN_OPTIONS[option]}")

    @property
    def log_path(self) -> Path:
        """Where the output of fairseq-generate goes."""
        return self.output / f"generate-{self.split}.txt"

    @property
    def hypotheses_path(self) -> Path:
        """Where the detokenised hypotheses go."""
        return self.output / f"hypotheses.{self.split}.txt"

    @property
    def scores_path(self) -> Path:
        """Where the scores and their provenance go."""
        return self.output / f"scores.{self.split}.json"

    def arguments(self) -> list[str]:
        """The arguments of fairseq-generate."""
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
            ("--max-cells", self.max_cells),
        ):
            if value is not None:
                arguments += [option, str(value)]
        # fairseq's default of 8 silently drops the last n mod 8 sentences
        arguments += ["--required-batch-size-multiple", "1", "--no-progress-bar"]
        return arguments + list(self.extra)

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object, paths relative to the current directory."""
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
        detokenise: from tokens joined by blanks to text; by default the inverse of the data preparation's tokeniser.

    Raises:
        EvaluationError: something that is needed does not exist, results exist already, fairseq-generate failed (its
            output is then kept as ``generate-<split>.failed.txt``), or a hypothesis is missing.
    """
    _check_inputs(settings)
    if detokenise is None:
        from data_prep.text import detokenize_english

        detokenise = detokenize_english

    sources = read_lines(settings.data / "raw" / f"{settings.split}.zh")
    references = read_references([settings.data / "raw" / f"{settings.split}.en"])
    if len(references) != len(sources):
        raise EvaluationError(
            f"{settings.data / 'raw'}: {len(sources)} sources in {settings.split}.zh, "
            f"but {len(references)} lines of references"
        )
    checkpoints = [
        {"path": relative(path), "bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for path in settings.checkpoints
    ]

    stopwatch = Stopwatch()
    with atomic_path(settings.log_path) as log_path:
        try:
            with (
                log_path.open("w", encoding="utf-8", newline="\n") as log,
                closing(_run(settings, log, len(sources))) as lines,
            ):
                hypotheses = parse_hypotheses(lines)
            ordered = in_source_order(hypotheses, len(sources))
        except EvaluationError as error:
            failed = settings.log_path.with_suffix(".failed.txt")
            log_path.replace(failed)
            raise EvaluationError(f"{error}; the output is kept in {failed}") from error
        # From here on old scores would lie beside new hypotheses
        settings.scores_path.unlink(missing_ok=True)
    settings.log_path.with_suffix(".failed.txt").unlink(missing_ok=True)
    origin = provenance(["python", *COMMAND[1:], *settings.arguments()], stopwatch)

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
            "manifest_sha256": file_sha256(manifest) if manifest.exists() else None,
            **origin,
        },
    )
    return scores


def _check_inputs(settings: GenerationSettings) -> None:
    for folder in (settings.data / "bin", settings.data / "raw"):
        if not folder.is_dir():
            raise EvaluationError(f"{folder}: no such directory; make it with: python -m data_prep prepare")
    for path in settings.checkpoints:
        if not path.is_file():
            raise EvaluationError(f"--path {path}: no such checkpoint")
        # torch writes zip archives, whose directory stands at the end
        if not zipfile.is_zipfile(path):
            raise EvaluationError(f"--path {path}: not a whole checkpoint; it may have been cut short: copy it again")
    if settings.user_dir is not None and not settings.user_dir.is_dir():
        raise EvaluationError(f"--user-dir {settings.user_dir}: no such directory")
    if not settings.overwrite:
        for path in (settings.scores_path, settings.hypotheses_path, settings.log_path):
            if path.exists():
                raise EvaluationError(f"{path}: exists already; name another --output or give --overwrite")


def _run(settings: GenerationSettings, log: IO[str], sources: int) -> Generator[str, None, None]:
    """Run fairseq-generate; yield and log each line of its output; show progress.

    Raises:
        EvaluationError: the program cannot be started, or exits with another status than 0.
    """
    from tqdm import tqdm

    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    with ExitStack() as stack:
        # Not into the same pipe: a warning could break up a hypothesis in the middle of its line.
        errors = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace"))
        progress = stack.enter_context(tqdm(total=sources, desc=f"translate {settings.split}", unit="sentence"))
        process = stack.enter_context(
            subprocess.Popen(
                [*COMMAND, *settings.arguments()],
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
            )
        )
        # An error in the reader, or an interrupt, must not leave the program running.
        stack.callback(process.kill)
        assert process.stdout is not None
        for line in io.TextIOWrapper(process.stdout, encoding="utf-8", errors="replace", newline="\n"):
            log.write(line)
            if line.startswith("H-"):
                progress.update()
            yield line
        status = process.wait()
        errors.seek(0)
        messages = errors.read()
        log.write(messages)
    if status != 0:
        raise EvaluationError(f"fairseq-generate failed with status {status}: {_reason(messages)}")


def _reason(messages: str) -> str:
    lines = [line.rstrip() for line in messages.split("\n") if line.strip()]
    # The message of an exception may run over several lines; its first one says what happened.
    named = [line for line in lines if _EXCEPTION.match(line)]
    reason = (named or lines or ["it said nothing on standard error"])[-1]
    return _COLOUR.sub("", reason).strip()
