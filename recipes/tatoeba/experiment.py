"""What an experiment on Tatoeba is, and the options that ours and those of other systems share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..options import Value, translation_options

MUON: dict[str, Value] = {"optimizer": "muon"}

RARE_WORDS: dict[str, Value] = {"adam_betas": "(0.9,0.999)"}
"""The vector of a rare word gets few gradients. Adam divides each by the root of an average of squares: if the average
forgets slowly, it is small, and each of the few steps is large."""

DECAY: dict[str, Value] = {"weight_decay": 0.1, "adam_weight_decay": 0.0}
"""Muon's steps are of one size: without decay, matrices grow as long as the training lasts. The vectors of rare words
get few steps, and would vanish."""


@dataclass(frozen=True)
class Experiment:
    """One training.

    Attributes:
        question: what is tried.
        options: changes to the options of training, see `recipes.options.translation_options`.
        data: variant of the data, see `recipes.tatoeba.data`.
        updates: number of parameter updates.
        max_blocks: maximum number of blocks per batch.
        lr: maximum learning rate.
        seed: seed of everything random.
        reverse: translate English into Chinese. Such a model reranks and translates back; it has no BLEU.
    """

    question: str
    options: Mapping[str, Value] = field(default_factory=dict)
    data: str = "words"
    updates: int = 2000
    max_blocks: int = 3000
    lr: float = 0.006
    seed: int = 1
    reverse: bool = False

    def training(self) -> dict[str, Value]:
        """Return the options of fairseq-train, without folders."""
        base = translation_options("reencoder_small", self.updates, self.max_blocks, self.lr, self.seed)
        direction: dict[str, Value] = {"source_lang": "en", "target_lang": "zh"} if self.reverse else {}
        return {**base, "warmup_updates": self.updates // 10, **direction, **self.options}
