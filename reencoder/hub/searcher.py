"""Searching for translations, and scoring given ones, with fairseq's generators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..text.errors import DataError
from .checkpoints import Ensemble
from .device import choose_device
from .options import SearchOptions

if TYPE_CHECKING:
    from torch import Tensor

Hypothesis = dict[str, Any]
"""A finished hypothesis of fairseq's generator, with its `tokens`, `score` and `positional_scores`."""


class Searcher:
    """Translates sentences given as token ids.

    Args:
        ensemble: the models, which are moved to the device.
        device: where to compute. Default: a GPU if there is one
        batch_size: maximum number of sentences per batch. Default: 64
        max_blocks: maximum number of blocks per batch, sentences x longest source x longest target. Default: that of
            the training

    Attributes:
        max_source: the longest source that all models can read, in tokens, its end included.

    Raises:
        DataError: there is no such device, or the task does not know `max_blocks`.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        device: str | None = None,
        batch_size: int = 64,
        max_blocks: int | None = None,
    ) -> None:
        from fairseq import utils

        self._device = choose_device(device)
        self._models = [model.to(self._device) for model in ensemble.models]
        self._task = ensemble.task
        self._batch_size = batch_size
        if max_blocks is not None:
            self._check_task("max_blocks")
            self._task.cfg.max_blocks = max_blocks
        limits = [model.max_positions() for model in self._models]
        self.max_source = int(utils.resolve_max_positions(self._task.max_positions(), *limits)[0])

    def search(
        self,
        sources: Sequence[Tensor],
        options: SearchOptions,
        show: Callable[[int, Tensor], None] | None = None,
    ) -> Iterator[tuple[int, list[Hypothesis]]]:
        """Yield the index of each source and its hypotheses, the best first, in the order in which they are found.

        Args:
            sources: each of shape (tokens,), with the end of the sentence. Sources of similar length are translated
                together.
            options: how to search.
            show: see `reencoder.search.WatchedSearch`; the ids are the indices of the sources. Default: nobody watches

        Raises:
            DataError: the options contradict each other.
        """
        from ..search import WatchedSearch

        generator = self._generator(options)
        strategy = getattr(generator, "search", None)
        for batch in self._batches(sources):
            if show is not None and strategy is not None:
                generator.search = WatchedSearch(strategy, show)  # one for each batch: it remembers what has ended
            try:
                hypotheses = self._task.inference_step(generator, self._models, batch)
            except (AssertionError, ValueError) as error:  # such as a beam that is not a multiple of the groups
                raise DataError(f"the search: {error}") from error
            yield from zip(batch["id"].tolist(), hypotheses, strict=True)

    @contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """Draw from a seed within the context; torch's generators go on afterwards as if nothing had been drawn."""
        import torch

        gpus = [self._device] if self._device.type == "cuda" else []
        # torch.manual_seed would seed all GPUs, and without the argument fork_rng would initialise them.
        with torch.random.fork_rng(gpus):
            if gpus:
                with torch.cuda.device(self._device):
                    torch.cuda.manual_seed(seed)
            else:
                torch.default_generator.manual_seed(seed)
            yield

    def score(self, sources: Sequence[Tensor], targets: Sequence[Tensor]) -> list[Hypothesis]:
        """Return given translations as hypotheses, with the scores of their tokens.

        Args:
            sources: each of shape (source tokens,), with the end of the sentence.
            targets: each of shape (target tokens,), with the end of the sentence.
        """
        from ..scoring import MAX_BLOCKS, score_pairs

        max_blocks = getattr(self._task.cfg, "max_blocks", None) or MAX_BLOCKS
        pairs = score_pairs(self._task, self._models, sources, targets, self._device, self._batch_size, max_blocks)
        hypothesis_of = dict(pairs)
        return [hypothesis_of[index] for index in range(len(sources))]

    def _generator(self, options: SearchOptions) -> Any:
        from ..search import by_position

        if options.settings.min_len_ratio is not None:
            self._check_task("min_len_ratio")
        topk, words = options.generator.get("sampling_topk", -1), len(self._task.target_dictionary)
        if topk > words:
            raise DataError(f"sampling_topk {topk}: must not exceed the size of the target dictionary, {words}")
        try:
            generator = self._task.build_generator(self._models, options.to_fairseq())
        except (AssertionError, ValueError) as error:  # such as --sampling-topk without --sampling
            raise DataError(f"the search: {error}") from error
        if hasattr(generator, "search"):
            generator.search = by_position(generator.search)  # the task may be one of fairseq's own
        return generator

    def _batches(self, sources: Sequence[Tensor]) -> Iterator[Any]:
        """Yield sources of similar length as batches on the device."""
        from fairseq import utils
        from fairseq.data import data_utils

        dataset = self._task.build_dataset_for_inference(sources, [len(source) for source in sources])
        with data_utils.numpy_seed(1):  # sources of the same length are in random order
            indices = dataset.ordered_indices()
        for batch in dataset.batch_by_size(indices, max_sentences=self._batch_size):
            sample = dataset.collater([dataset[index] for index in batch])
            yield utils.apply_to_sample(lambda tensor: tensor.to(self._device), sample)

    def _check_task(self, option: str) -> None:
        if not hasattr(self._task.cfg, option):
            name = getattr(self._task.cfg, "_name", None) or type(self._task).__name__
            raise DataError(f"{option}: the model's task, {name}, has no such option; leave it out")
