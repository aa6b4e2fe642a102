"""fairseq-generate for tasks whose predictions are not fed back: one forward pass gives all of them."""

# No `from __future__ import annotations`: as in the tasks that use it.
from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

import torch
from fairseq.data import Dictionary
from torch import Tensor


class NoSearch(NamedTuple):
    """Takes the place of the generator that fairseq-generate expects.

    Attributes:
        eos: the symbol that fairseq omits when it prints; no target contains it.
    """

    eos: int


class PredictsAtOnce:
    """Part of a fairseq task with a target dictionary and targets of shape (batch, T)."""

    @property
    def target_dictionary(self) -> Dictionary:
        raise NotImplementedError

    def build_generator(self, models: Sequence[Any], args: Any, *other: Any, **kwargs: Any) -> NoSearch:
        """Build what fairseq-generate asks for; there is nothing to search.

        Raises:
            ValueError: alignments are requested.
        """
        if getattr(args, "print_alignment", None):
            raise ValueError("--print-alignment: this task has no alignments, only translation has; leave it out")
        return NoSearch(self.target_dictionary.eos())

    def get_interactive_tokens_and_lengths(self, lines: Sequence[str], encode_fn: Any) -> Any:
        """Refuse what is typed into fairseq-interactive.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "fairseq-interactive: this task has samples of its own and reads no lines; use fairseq-generate, whose "
            "--gen-subset chooses a split"
        )

    def inference_step(
        self,
        generator: NoSearch,
        models: Sequence[Any],
        sample: dict[str, Any],
        prefix_tokens: Optional[Tensor] = None,  # noqa: UP045
        constraints: Any = None,
    ) -> list[list[dict[str, Any]]]:
        """Predict.

        Args:
            generator: not used.
            models: one, or an ensemble whose probabilities are averaged.
            sample: a batch.
            prefix_tokens: not supported.
            constraints: not supported.

        Returns:
            For each sample one hypothesis: `tokens`, their `positional_scores` (log-probabilities), `score` (their
            mean), and no alignment.

        Raises:
            ValueError: a prefix or constraints were given.
        """
        if prefix_tokens is not None or constraints is not None:
            raise ValueError("--prefix-size, --constraints: predictions are not fed back, so nothing can be forced")
        with torch.no_grad():
            scores = torch.stack(
                [model.get_normalized_probs(model(**sample["net_input"]), log_probs=False) for model in models]
            )
            best, tokens = scores.mean(dim=0).log().max(dim=-1)
        return [
            [{"tokens": row, "positional_scores": score, "score": float(score.mean()), "alignment": None}]
            for row, score in zip(tokens, best, strict=True)
        ]
