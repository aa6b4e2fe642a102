"""What to translate with fairseq-generate, with which model, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import DataError

from .checkpoints import check_checkpoint
from .program import USER_DIR, generate_arguments
from .provenance import relative
from .results import output_name, result_names
from .search_settings import SEARCH_NAMES, SearchSettings, choose_search

SPLITS = ("test", "valid")

_DIRECTION = "nothing: the references are in the target language of the data"

# Not accepted after --: options that have a setting here, which they could contradict; options that would lose
# sentences; and options that change the output, which must be the tokens that the model writes on its own.
_OWN_OPTIONS = {
    "--path": "--path before the --",
    "--gen-subset": "--split",
    "--task": "--task before the --",
    "--user-dir": "--user-dir before the --",
    "--beam": "--beam before the --",
    "--lenpen": "--lenpen before the --",
    "--unkpen": "--unkpen before the --",
    "--min-len-ratio": "--min-len-ratio before the --",
    "--batch-size": "--batch-size before the --",
    "--max-sentences": "--batch-size before the --",
    "--max-blocks": "--max-blocks before the --",
    "--nbest": "--nbest before the --",
    "--source-lang": _DIRECTION,
    "-s": _DIRECTION,
    "--target-lang": _DIRECTION,
    "-t": _DIRECTION,
    "--results-path": "--output",
    "--quiet": "nothing: the hypotheses are read from the output",
    "--required-batch-size-multiple": "nothing: only 1 keeps every sentence",
    "--num-shards": "nothing: a shard is not the whole split",
    "--shard-id": "nothing: a shard is not the whole split",
    "--skip-invalid-size-inputs-valid-test": "nothing: every sentence counts",
    "--post-process": "nothing: what the data were prepared with is undone anyway",
    "--remove-bpe": "nothing: what the data were prepared with is undone anyway",
    "--bpe": "nothing: what the data were prepared with is undone anyway",
    "--tokenizer": "nothing: what the data were prepared with is undone anyway",
    "--score-reference": "python -m eval likelihood: the references would be scored as if the model had written them",
    "--prefix-size": "nothing: words of the references would be scored as if the model had written them",
}


@dataclass(frozen=True)
class GenerationSettings:
    """What to translate, with which model, and how.

    A setting of the search that is None comes from ``search.json`` beside the first checkpoint (see
    `eval.search_settings`), or is the default of `SearchSettings`.

    Attributes:
        data: folder written by ``python -m data_prep prepare`` (with ``bin/`` and ``raw/``).
        checkpoints: one model, or the members of an ensemble.
        output: folder of results.
        split: ``test`` or ``valid``.
        task: name of the fairseq task.
        user_dir: fairseq plugin to load; None loads none.
        beam: see `SearchSettings`.
        lenpen: see `SearchSettings`.
        unkpen: see `SearchSettings`.
        min_len_ratio: see `SearchSettings`.
        untuned: do not read ``search.json``.
        nbest: number of hypotheses per source in the output of fairseq-generate; the first is scored.
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
    beam: int | None = None
    lenpen: float | None = None
    unkpen: float | None = None
    min_len_ratio: float | None = None
    untuned: bool = False
    nbest: int = 1
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
            ("--nbest", self.nbest),
            ("--batch-size", self.batch_size),
            ("--max-blocks", self.max_blocks),
        ):
            if value is not None and value < 1:
                raise DataError(f"{option} {value}: must be at least 1")
        choose_search(self.given_search())  # checks the values
        for argument in self.extra:
            option = argument.partition("=")[0]
            if option in _OWN_OPTIONS:
                raise DataError(f"{option} after --: not accepted there; use {_OWN_OPTIONS[option]}")

    @property
    def log_path(self) -> Path:
        """Path of the output of fairseq-generate."""
        return self.output / output_name(self.split)

    @property
    def hypotheses_path(self) -> Path:
        """Path of the detokenised hypotheses."""
        return self.output / result_names(self.split)[1]

    @property
    def scores_path(self) -> Path:
        """Path of the scores and their provenance."""
        return self.output / result_names(self.split)[0]

    def given_search(self) -> dict[str, Any]:
        """Return the settings of the search by name; None for those that are not given."""
        return {name: getattr(self, name) for name in SEARCH_NAMES}

    def arguments(self, search: SearchSettings) -> list[str]:
        """Return the arguments of fairseq-generate.

        Args:
            search: the settings of the search, with those that are None here filled in.

        Raises:
            DataError: there are more hypotheses to print than the search keeps.
        """
        if self.nbest > search.beam:
            raise DataError(f"--nbest {self.nbest}: must not exceed the beam, {search.beam}")
        options = ["--task", self.task, *search.arguments()]
        for option, value in (
            ("--nbest", self.nbest if self.nbest > 1 else None),
            ("--batch-size", self.batch_size),
            ("--max-blocks", self.max_blocks),
        ):
            if value is not None:
                options += [option, str(value)]
        # With its default of 8 fairseq silently drops the last n mod 8 sentences.
        options += ["--required-batch-size-multiple", "1", *self.extra]
        return generate_arguments(self.data / "bin", self.checkpoints, self.split, options, self.user_dir)

    def check_inputs(self) -> None:
        """Check what fairseq-generate reads.

        Raises:
            DataError: the binarised data, a checkpoint or the plugin is missing, or a checkpoint is truncated.
        """
        if not (self.data / "bin").is_dir():
            raise DataError(f"{self.data / 'bin'}: no such directory; create it with: python -m data_prep prepare")
        for path in self.checkpoints:
            check_checkpoint(path, "--path")
        if self.user_dir is not None and not self.user_dir.is_dir():
            raise DataError(f"--user-dir {self.user_dir}: no such directory")

    def to_json(self, search: SearchSettings) -> dict[str, Any]:
        """Return the settings as a JSON object, with paths relative to the current directory.

        Args:
            search: the settings of the search, with those that are None here filled in.
        """
        values = asdict(self) | asdict(search)
        values["checkpoints"] = [relative(path) for path in self.checkpoints]
        for name in ("data", "output", "user_dir"):
            values[name] = None if values[name] is None else relative(values[name])
        values["extra"] = list(self.extra)
        for name in ("overwrite", "untuned"):
            del values[name]
        return values
