"""The object that users hold: raw text in, readable text out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import log
from os import PathLike
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, overload

from ..search_settings import tuned_settings
from ..text.errors import DataError
from ..text.pipeline import TextPipeline, split_clauses, split_sentences
from .checkpoints import Ensemble, find_checkpoint, load_ensemble
from .growth import Growth
from .options import SearchOptions, check_count
from .searcher import Hypothesis, Searcher
from .translation import TokenScores, Translation, join_parts

if TYPE_CHECKING:
    from torch import Tensor

_LN2 = log(2)


class TooLongError(DataError):
    """A sentence is longer than the model can read, and has no semicolons at which it could be split."""


class Reencoder:
    """One translation model or an ensemble, with the text processing of its training. See `from_pretrained`.

    Several threads may use it; they translate one after the other.

    Args:
        ensemble: the models.
        searcher: searches with them.
        options: how to search by default.
        split_sentences: see `from_pretrained`. Default: True

    Attributes:
        pipeline: raw text to tokens and back.
        options: how the model searches by default.
        split_sentences: see `from_pretrained`.
    """

    def __init__(
        self, ensemble: Ensemble, searcher: Searcher, options: SearchOptions, split_sentences: bool = True
    ) -> None:
        self._ensemble = ensemble
        self._searcher = searcher
        self._lock = RLock()  # random numbers are the process's
        self.pipeline: TextPipeline = ensemble.pipeline
        self.options = options
        self.split_sentences = split_sentences

    @classmethod
    def from_pretrained(
        cls,
        *checkpoints: str | Path,
        data: str | Path | None = None,
        device: str | None = None,
        threads: int | None = None,
        batch_size: int = 64,
        max_blocks: int | None = None,
        tuned: bool = True,
        split_sentences: bool = True,
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
            tuned: use the settings of the search that `python -m eval tune` wrote for these checkpoints, if any.
                Default: True
            split_sentences: translate each sentence of a text by itself, and join the translations. False: only if the
                text is too long; for models that were trained on texts of several sentences. Default: True
            search: options of the search that override the tuned settings and the defaults of `SearchSettings`: its
                `beam`, `lenpen`, `unkpen` and `min_len_ratio`, and the `GENERATOR_NAMES` of `reencoder.hub.options`

        Raises:
            DataError: a checkpoint, the manifest or a file that it lists is missing, they do not belong together, there
                is no such option, or one is out of range.
        """
        if not checkpoints:
            raise DataError("name at least one checkpoint")
        for path in checkpoints:
            if not isinstance(path, str | PathLike):
                raise TypeError(f"checkpoints: expected paths, one argument for each, got {type(path).__name__}")
        for name, count in (("threads", threads), ("batch_size", batch_size), ("max_blocks", max_blocks)):
            if count is not None:
                check_count(name, count)
        import fairseq  # noqa: F401  # before torch's own logging is set up
        import torch

        from .. import plugin  # noqa: F401

        options = SearchOptions.parse(search)  # before anything is loaded
        paths = [find_checkpoint(Path(path)) for path in checkpoints]
        if tuned:
            options = SearchOptions.parse(tuned_settings(paths)).override(search)
        if threads is not None:
            torch.set_num_threads(threads)
        ensemble = load_ensemble(paths, None if data is None else Path(data))
        return cls(ensemble, Searcher(ensemble, device, batch_size, max_blocks), options, split_sentences)

    @overload
    def translate(self, texts: str, **search: Any) -> str: ...  # type: ignore[overload-overlap]  # a str is a sequence
    @overload
    def translate(self, texts: Sequence[str], **search: Any) -> list[str]: ...
    def translate(self, texts: str | Sequence[str], **search: Any) -> str | list[str]:
        """Return the translation of a raw sentence, or of each of a list; that of a blank one is empty.

        Args:
            texts: see `candidates`.
            search: see `candidates`.

        Raises:
            DataError: a sentence is too long, or there is no such option.
        """
        if isinstance(texts, str):
            return self.translate([texts], **search)[0]
        return [found[0].text if found else "" for found in self.candidates(texts, **search)]

    def candidates(
        self,
        texts: Sequence[str],
        n: int = 1,
        *,
        on_too_long: Callable[[int, TooLongError], None] | None = None,
        on_step: Callable[[int, str], None] | None = None,
        on_done: Callable[[int], object] | None = None,
        **search: Any,
    ) -> list[list[Translation]]:
        """Return up to `n` translations of each raw sentence, the best first; of a blank one an empty list.

        Args:
            texts: raw texts. The sentences of one are translated by themselves, unless `split_sentences` is False; what
                is too long is split at semicolons.
            n: number of translations; the beam grows to it. Default: 1
            on_too_long: called with the index of a sentence that is too long and cannot be split; its list is empty
                then. Default: an error
            on_step: called after each step of the search with the index of a sentence and the text of its best
                hypothesis so far, which may differ from what is found in the end. Default: not called
            on_done: called with the index of a text as soon as its translations are found, also if there are none, in
                no particular order. Default: not called
            search: options of the search that override those of the model, see `from_pretrained`.

        Raises:
            DataError: a sentence is too long, there is no such option, or one is out of range.
        """
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            raise TypeError(f"expected sentences in a list, got {type(texts).__name__}")
        check_count("n", n)
        texts = list(texts)
        options = self.options.override(search)
        options = options.override({"beam": max(options.settings.beam, n)})
        sources: list[Tensor] = []
        owners: list[range] = []
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise TypeError(f"sentence {index + 1}: expected a string, got {type(text).__name__}")
            try:
                parts = self._encode(text)
            except TooLongError as error:
                if on_too_long is None:
                    raise TooLongError(f"sentence {index + 1}: {error}") from None
                on_too_long(index, error)
                parts = []
            owners.append(range(len(sources), len(sources) + len(parts)))
            sources += parts
            if not parts and on_done is not None:
                on_done(index)
        if not sources:
            return [[] for _ in texts]
        show = None if on_step is None else Growth(owners, self._text, on_step).show
        owner_of = [index for index, parts in enumerate(owners) for _ in parts]
        found: dict[int, list[Translation]] = {}
        with self._lock:
            for part, hypotheses in self._searcher.search(sources, options, show):
                found[part] = [self._decode(best) for best in hypotheses[:n]]
                index = owner_of[part]
                if on_done is not None and all(other in found for other in owners[index]):
                    on_done(index)
        return [join_parts([found[part] for part in parts]) for parts in owners]

    def sample(self, text: str, n: int = 1, temperature: float = 1.0, topk: int = -1, seed: int = 1) -> list[str]:
        """Return `n` translations of a raw sentence that are drawn at random from the model's distribution.

        The draws are independent of one another and in no order; those of a blank sentence are empty. What edits the
        distribution in a search, `unkpen` and `min_len_ratio`, has no effect here.

        Args:
            text: the sentence.
            n: number of translations. Default: 1
            temperature: divides the logits; below 1 likely words become likelier. Default: 1
            topk: draw from the likeliest words only; -1 for all. Default: -1
            seed: seed of the draws. Torch's own generators are left alone. Default: 1

        Raises:
            DataError: the sentence is too long, or an option is out of range.
        """
        check_count("n", n)
        # Not one beam of n: its hypotheses would be sorted, and no more than there are words.
        options: dict[str, Any] = {"beam": 1, "sampling": True, "sampling_topk": topk, "temperature": temperature}
        options["unkpen"] = 0.0
        if hasattr(self._ensemble.task.cfg, "min_len_ratio"):
            options["min_len_ratio"] = 0.0
        with self._lock, self._searcher.seeded(seed):
            return [found[0].text if found else "" for found in self.candidates([text] * n, **options)]

    @overload
    def score(self, sources: str, targets: str) -> float: ...  # type: ignore[overload-overlap]  # as above
    @overload
    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]: ...
    def score(self, sources: str | Sequence[str], targets: str | Sequence[str]) -> float | list[float]:
        """Return the log-probability to base 2 of a raw English sentence, its end included, given a raw Chinese one.

        Args:
            sources: a raw Chinese sentence, or a list.
            targets: a raw English sentence, or a list of as many.

        Raises:
            DataError: a source is blank or too long, or there are not as many targets as sources.
        """
        if isinstance(sources, str) and isinstance(targets, str):
            return self.score([sources], [targets])[0]
        if isinstance(sources, str) or isinstance(targets, str):
            raise TypeError("expected two strings or two lists of them, got one of each")
        return [found.total for found in self.token_scores(sources, targets) if found is not None]

    def token_scores(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        on_refused: Callable[[int, DataError], None] | None = None,
    ) -> list[TokenScores | None]:
        """Return the log-probability of each token of raw English sentences, given their raw Chinese ones.

        Args:
            sources: raw Chinese sentences.
            targets: as many raw English sentences.
            on_refused: called with the index of a pair whose source is blank or too long; None is returned for it.
                Default: an error

        Raises:
            DataError: a source is blank or too long, or there are not as many targets as sources.
        """
        if isinstance(sources, str) or isinstance(targets, str):
            raise TypeError("expected two lists of strings, got a string")
        sources, targets = list(sources), list(targets)
        if len(sources) != len(targets):
            raise DataError(f"expected as many targets as sources, got {len(targets)} for {len(sources)}")
        for index, pair in enumerate(zip(sources, targets, strict=True)):
            wrong = [type(text).__name__ for text in pair if not isinstance(text, str)]
            if wrong:
                raise TypeError(f"pair {index + 1}: expected strings, got {wrong[0]}")
        dictionary = self._ensemble.task.target_dictionary
        pairs: dict[int, tuple[Tensor, Tensor]] = {}
        for index, (source, target) in enumerate(zip(sources, targets, strict=True)):
            try:
                parts = self._encode_whole(source)
                if not parts:
                    raise DataError("the source is blank")
            except DataError as error:
                if on_refused is None:
                    raise type(error)(f"pair {index + 1}: {error}") from None
                on_refused(index, error)
                continue
            words = dictionary.encode_line(self.pipeline.encode_target(target), add_if_not_exist=False).long()
            pairs[index] = parts[0], words
        with self._lock:
            hypotheses = self._searcher.score(
                [source for source, _ in pairs.values()], [words for _, words in pairs.values()]
            )
        found: list[TokenScores | None] = [None] * len(sources)
        for (index, (_, words)), hypothesis in zip(pairs.items(), hypotheses, strict=True):
            scores = tuple(value / _LN2 for value in hypothesis["positional_scores"].tolist())
            found[index] = TokenScores(tuple(dictionary[word] for word in words[:-1].tolist()), scores)
        return found

    @property
    def parts(self) -> tuple[Any, Any, Any]:
        """The first member of the ensemble and its source and target dictionary, for a look inside."""
        task = self._ensemble.task
        return self._ensemble.models[0], task.source_dictionary, task.target_dictionary

    def _encode(self, text: str) -> list[Tensor]:
        """Return the token ids of a text, in the parts that are translated; none for a blank one.

        Raises:
            TooLongError: a part is too long and cannot be split any further.
        """
        parts = split_sentences(text) if self.split_sentences else [text]
        return [ids for part in parts for ids in self._encode_in_parts(part, (split_sentences, split_clauses))]

    def _encode_in_parts(self, text: str, ways: Sequence[Callable[[str], list[str]]]) -> list[Tensor]:
        """Encode a text as a whole, or split in the first of some ways that splits it, and its parts likewise."""
        try:
            return self._encode_whole(text)
        except TooLongError as error:
            for number, split in enumerate(ways, start=1):
                if len(parts := split(text)) > 1:
                    return [ids for part in parts for ids in self._encode_in_parts(part, ways[number:])]
            raise TooLongError(f"{error}; end sentences with punctuation") from None

    def _encode_whole(self, text: str) -> list[Tensor]:
        """Return the token ids of a sentence in a list of one; of a blank sentence an empty list.

        Raises:
            TooLongError: it is too long.
        """
        line = self.pipeline.encode_source(text)
        if not line:
            return []
        ids = self._ensemble.task.source_dictionary.encode_line(line, add_if_not_exist=False).long()
        limit = self._searcher.max_source
        if len(ids) > limit:
            raise TooLongError(f"{len(ids) - 1} tokens, but the model reads at most {limit - 1}")
        return [ids]

    def _tokens(self, ids: Tensor) -> str:
        tokens: str = self._ensemble.task.target_dictionary.string(ids)
        return tokens

    def _text(self, ids: Tensor) -> str:
        return self.pipeline.decode(self._tokens(ids))

    def _decode(self, hypothesis: Hypothesis) -> Translation:
        tokens = self._tokens(hypothesis["tokens"])
        return Translation(self.pipeline.decode(tokens), float(hypothesis["score"]) / _LN2, tokens)
