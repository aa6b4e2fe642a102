"""Trained models as objects: raw Chinese in, readable English out.

from reencoder.hub import Reencoder

model = Reencoder.from_pretrained("checkpoints")
model.translate("我想要两个苹果。")
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any, overload

from .text.errors import DataError
from .text.manifest import MANIFEST
from .text.pipeline import TextPipeline, split_sentences

CHECKPOINTS = ("checkpoint_best.pt", "checkpoint_last.pt")
"""Which checkpoint a folder stands for: the first of these that is there."""

SEARCH_FILE = "search.json"
_SEARCH_DEFAULTS = {"beam": 5, "lenpen": 1.0, "unkpen": 0.0}
_LN2 = log(2)


@dataclass(frozen=True)
class Translation:
    """A translation of one sentence.

    Attributes:
        text: readable English.
        score: the length-normalised log-probability to base 2, as fairseq prints it; that of a text that was split is
            the mean over its parts, weighted by their tokens.
        tokens: the tokens of the model, separated by spaces.
    """

    text: str
    score: float
    tokens: str


class TooLongError(DataError):
    """A sentence is longer than the model can read, and has no sentence ends at which it could be split."""


class Reencoder:
    """One translation model or an ensemble, with the text processing of its training. See `from_pretrained`."""

    def __init__(self, interface: Any, pipeline: TextPipeline, search: dict[str, Any]) -> None:
        self._interface = interface
        self.pipeline = pipeline
        self.search = search
        self._limit = int(interface.max_positions[0])

    @classmethod
    def from_pretrained(
        cls,
        *checkpoints: str | Path,
        data: str | Path | None = None,
        device: str | None = None,
        threads: int | None = None,
        batch_size: int = 64,
        max_blocks: int | None = None,
        **search: Any,
    ) -> Reencoder:
        """Load a model, or several as an ensemble.

        Args:
            checkpoints: checkpoints of any fairseq translation model, or their folders (see `CHECKPOINTS`).
            data: folder of the prepared data. Default: that of the checkpoint, if the manifest was copied there, else
                that of the training
            device: where to compute. Default: a GPU if there is one
            threads: number of CPU threads. Default: torch's choice
            batch_size: maximum number of sentences per batch. Default: 64
            max_blocks: maximum number of blocks per batch, sentences x longest source x longest target. Default: that
                of the training
            search: settings of the search: `beam`, `lenpen`, `unkpen`, `min_len_ratio` or others of fairseq's
                generation. Default: those that `python -m eval tune` wrote beside the first checkpoint, if any

        Raises:
            DataError: a checkpoint, the manifest or a file that it lists is missing, or they do not belong together.
        """
        if not checkpoints:
            raise DataError("name at least one checkpoint")
        import fairseq  # noqa: F401  # before torch's own logging is set up
        import torch

        from . import plugin  # noqa: F401

        if threads is not None:
            torch.set_num_threads(threads)
        paths = [find_checkpoint(Path(path)) for path in checkpoints]
        settings = {**_SEARCH_DEFAULTS, **_tuned(paths[0]), **search}
        interface, pipeline = _load(paths, None if data is None else Path(data), settings.pop("min_len_ratio", None))
        interface.cfg.dataset.batch_size, interface.cfg.dataset.max_tokens = batch_size, None
        if max_blocks is not None:
            interface.task.cfg.max_blocks = max_blocks
        interface.to(device or ("cuda" if torch.cuda.is_available() else "cpu")).eval()
        return cls(interface, pipeline, settings)

    @overload
    def translate(self, texts: str) -> str: ...  # type: ignore[overload-overlap]  # a str is a sequence, too
    @overload
    def translate(self, texts: Sequence[str]) -> list[str]: ...
    def translate(self, texts: str | Sequence[str]) -> str | list[str]:
        """Return the translation of a raw sentence, or of each of a list; that of a blank one is empty.

        Raises:
            DataError: a sentence is too long.
        """
        if isinstance(texts, str):
            return self.translate([texts])[0]
        return [found[0].text if found else "" for found in self.candidates(texts)]

    def candidates(
        self,
        texts: Sequence[str],
        n: int = 1,
        on_too_long: Callable[[int, TooLongError], None] | None = None,
        **generation: Any,
    ) -> list[list[Translation]]:
        """Return up to `n` translations of each raw sentence, the best first; of a blank one an empty list.

        Args:
            texts: raw sentences. One that is too long is split at sentence ends.
            n: number of translations; the beam grows to it. Default: 1
            on_too_long: called with the index of a sentence that is too long and cannot be split; its list is empty
                then. Default: an error
            generation: options of fairseq's generator that override those of the model.

        Raises:
            DataError: a sentence is too long.
        """
        pieces: list[Any] = []
        owners: list[list[int]] = []
        for index, text in enumerate(texts):
            try:
                parts = self._encode(text)
            except TooLongError as error:
                if on_too_long is None:
                    raise TooLongError(f"sentence {index + 1}: {error}") from None
                on_too_long(index, error)
                parts = []
            owners.append(list(range(len(pieces), len(pieces) + len(parts))))
            pieces += parts
        if not pieces:
            return [[] for _ in texts]
        options = {**self.search, **generation}
        beam = max(options.pop("beam"), n)
        found = self._interface.generate(pieces, beam=beam, **options)
        translations = [[self._decode(hypothesis) for hypothesis in hypotheses[:n]] for hypotheses in found]
        return [_joined([translations[part] for part in parts]) for parts in owners]

    def sample(self, text: str, n: int = 1, temperature: float = 1.0, topk: int = -1, seed: int = 1) -> list[str]:
        """Return `n` translations of a raw sentence that are drawn at random from the model's distribution.

        Args:
            text: the sentence.
            n: number of translations. Default: 1
            temperature: divides the logits; below 1 likely words become likelier. Default: 1
            topk: draw from the likeliest words only; -1 for all. Default: -1
            seed: seed of the draws. Torch's own generator is left alone. Default: 1
        """
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(seed)
            options: dict[str, Any] = {"beam": n, "sampling": True, "sampling_topk": topk, "temperature": temperature}
            return [found.text for found in self.candidates([text], n, **options)[0]]

    def score(self, source: str, target: str) -> float:
        """Return the log-probability to base 2 of a raw English sentence, its end included, given a raw Chinese one.

        Raises:
            DataError: the source is blank or too long.
        """
        import torch
        from fairseq import utils
        from fairseq.data import LanguagePairDataset

        parts = self._encode(source, split=False)
        if not parts:
            raise DataError("the source is blank")
        task = self._interface.task
        words = task.target_dictionary.encode_line(
            self.pipeline.encode_target(target), add_if_not_exist=False, append_eos=True
        ).long()
        pairs = LanguagePairDataset(
            parts, [len(parts[0])], task.source_dictionary, [words], [len(words)], task.target_dictionary, shuffle=False
        )
        batch = utils.apply_to_sample(lambda tensor: tensor.to(self._interface.device), pairs.collater([pairs[0]]))
        options = self._interface.cfg.generation.copy()
        options.score_reference = True
        generator = task.build_generator(list(self._interface.models), options)
        with torch.no_grad():
            found = task.inference_step(generator, list(self._interface.models), batch)[0][0]
        return float(found["positional_scores"].sum()) / _LN2

    @property
    def parts(self) -> tuple[Any, Any, Any]:
        """The first member of the ensemble and its source and target dictionary, for a look inside."""
        task = self._interface.task
        return self._interface.models[0], task.source_dictionary, task.target_dictionary

    def _encode(self, text: str, split: bool = True) -> list[Any]:
        """Return the numbers of the tokens of a sentence, in parts if it is too long; none for a blank one."""
        line = self.pipeline.encode_source(text)
        if not line:
            return []
        numbers = self._interface.binarize(line)
        if len(numbers) <= self._limit:
            return [numbers]
        sentences = split_sentences(text) if split else []
        if len(sentences) > 1:
            return [part for sentence in sentences for part in self._encode(sentence, split=False)]
        raise TooLongError(
            f"{len(numbers) - 1} tokens, but the model reads at most {self._limit - 1}; end sentences with punctuation"
        )

    def _decode(self, hypothesis: dict[str, Any]) -> Translation:
        tokens = self._interface.string(hypothesis["tokens"])
        return Translation(self.pipeline.decode(tokens), float(hypothesis["score"]) / _LN2, tokens)


def find_checkpoint(path: Path) -> Path:
    """Return the checkpoint that a path stands for.

    Raises:
        DataError: there is none.
    """
    if not path.is_dir():
        if not path.is_file():
            raise DataError(f"{path}: no such checkpoint")
        return path
    for name in CHECKPOINTS:
        if (path / name).is_file():
            return path / name
    raise DataError(f"{path}: contains neither {' nor '.join(CHECKPOINTS)}; name a checkpoint")


def _load(paths: Sequence[Path], data: Path | None, min_len_ratio: float | None) -> tuple[Any, TextPipeline]:
    """Load the members of an ensemble and the text processing that they have in common."""
    from fairseq import checkpoint_utils, tasks
    from fairseq.hub_utils import GeneratorHubInterface
    from omegaconf import open_dict

    task = pipeline = None
    models: list[Any] = []
    for path in paths:
        try:
            state = checkpoint_utils.load_checkpoint_to_cpu(str(path))
            cfg = state["cfg"]
        except Exception as error:  # torch explains at length what is wrong with the file
            raise DataError(f"{path}: cannot be read as a checkpoint; it may be truncated: copy it again") from error
        own = _pipeline(path, state, data, pipeline)
        if task is None or pipeline is None:
            pipeline = own
            with open_dict(cfg):
                cfg.task.data = str(pipeline.manifest.parent / "bin")
                # fairseq would infer them from the binarised parts, which did not travel along
                cfg.task.source_lang, cfg.task.target_lang = pipeline.languages
                if min_len_ratio is not None:
                    cfg.task.min_len_ratio = min_len_ratio
                cfg.tokenizer = cfg.bpe = None  # the pipeline does what they would do
            task, first = tasks.setup_task(cfg.task, from_checkpoint=True), cfg
        elif own.fingerprint != pipeline.fingerprint:
            raise DataError(f"{path}: was trained on data prepared otherwise than those of {paths[0]}: no ensemble")
        try:
            (model,), _, _ = checkpoint_utils.load_model_ensemble_and_task([str(path)], task=task, state=state)
        except Exception as error:  # fairseq lists every parameter whose shape differs
            reason = str(error).strip().split("\n")[0]
            raise DataError(f"{path}: does not fit {pipeline.manifest.parent}: {reason}") from error
        models.append(model)
    assert pipeline is not None
    return GeneratorHubInterface(first, task, models), pipeline


def _pipeline(path: Path, state: dict[str, Any], data: Path | None, known: TextPipeline | None) -> TextPipeline:
    """Return the text processing of a checkpoint, after a comparison with what the checkpoint records.

    Args:
        path: where the checkpoint is.
        state: its contents.
        data: folder that the user names.
        known: that of another member of the ensemble.
    """
    recorded = (state.get("task_state") or {}).get("text")
    task = state["cfg"]["task"]
    if not hasattr(task, "data") or not hasattr(task, "source_lang"):
        raise DataError(
            f"{path}: was trained on {getattr(task, '_name', 'another task')}; expected a translation model"
        )
    trained = Path(str(task.data).split(os.pathsep)[0]).parent
    folders = [data] if data is not None else [path.parent, trained]
    folder = next((folder for folder in folders if (folder / MANIFEST).is_file()), None)
    if folder is None:
        tried = " or ".join(str(folder) for folder in folders)
        raise DataError(f"{path}: no {MANIFEST} in {tried}; name the folder of the prepared data (--data)")
    if recorded is None and data is None:
        raise DataError(
            f"{path}: does not record how its training data were prepared; name their folder (--data) if you know it"
        )
    pipeline = known if known is not None and known.manifest == folder / MANIFEST else TextPipeline(folder)
    if recorded is not None and recorded != pipeline.fingerprint:
        raise DataError(f"{path}: was trained on data prepared otherwise than those of {pipeline.manifest}")
    if (task.source_lang, task.target_lang) not in ((None, None), pipeline.languages):
        expected = " to ".join(pipeline.languages)
        raise DataError(f"{path}: translates {task.source_lang} to {task.target_lang}; expected {expected}")
    return pipeline


def _tuned(checkpoint: Path) -> dict[str, Any]:
    """Return the settings of the search that were tuned for a checkpoint, from the file beside it."""
    path = checkpoint.parent / SEARCH_FILE
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        settings, checksum = dict(document["settings"]), document["checkpoints"][0]["sha256"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path}: not written by python -m eval tune; remove it or tune again") from error
    with checkpoint.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != checksum:
            print(f"note: {path} was tuned for another checkpoint than {checkpoint}: not used", file=sys.stderr)
            return {}
    return {name: value for name, value in settings.items() if value is not None}


def _joined(parts: list[list[Translation]]) -> list[Translation]:
    """Join the translations of the parts of a text, best with best and so on."""
    if len(parts) < 2:
        return parts[0] if parts else []
    joined = []
    for group in zip(*parts, strict=False):
        sizes = [len(part.tokens.split()) + 1 for part in group]
        score = sum(part.score * size for part, size in zip(group, sizes, strict=True)) / sum(sizes)
        joined.append(Translation(" ".join(p.text for p in group), score, " ".join(p.tokens for p in group)))
    return joined
