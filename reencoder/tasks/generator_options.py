"""What the translation task reads of the options of fairseq's generator."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

_FAIRSEQ_MAX_LEN = (0, 200)
"""fairseq's defaults of `--max-len-a` and `--max-len-b`."""


@runtime_checkable
class DeclaresLimits(Protocol):
    """A model that declares what it cannot do; fairseq's own declare nothing.

    Attributes:
        retains_dropout: False if `--retain-dropout` has no effect.
        no_alignment: why no alignments can be read from it; None if they can.
        learns_alignment: True if word alignments can be taught to it.
    """

    @property
    def retains_dropout(self) -> bool: ...
    @property
    def no_alignment(self) -> str | None: ...
    @property
    def learns_alignment(self) -> bool: ...


@dataclass(frozen=True)
class GeneratorOptions:
    """Options of fairseq's generator that the task checks or changes, and one of its own.

    Attributes:
        retain_dropout: translate with dropout.
        print_alignment: alignments are requested.
        constrained: words are forced into the output.
        max_len_given: a maximum length is given.
        min_len_ratio: minimum number of words of a translation, as a ratio of its source's; None if it is not given.
    """

    retain_dropout: bool
    print_alignment: bool
    constrained: bool
    max_len_given: bool
    min_len_ratio: float | None

    @classmethod
    def of(cls, args: Any) -> GeneratorOptions:
        """Read the options.

        Args:
            args: a `Namespace`, which has only the options that are given, as those of the hub and of
                `--eval-bleu-args`; or the configuration of fairseq's programs, which has all options. That does not
                tell whether the defaults of `--max-len-a` and `--max-len-b` were given: they count as not given.
        """
        if isinstance(args, Namespace):
            max_len_given = hasattr(args, "max_len_a") or hasattr(args, "max_len_b")
        else:
            max_len_given = (getattr(args, "max_len_a", 0), getattr(args, "max_len_b", 200)) != _FAIRSEQ_MAX_LEN
        return cls(
            bool(getattr(args, "retain_dropout", False)),
            bool(getattr(args, "print_alignment", None)),
            bool(getattr(args, "constraints", None)),
            max_len_given,
            getattr(args, "min_len_ratio", None),
        )

    def check_models(self, models: Iterable[Any]) -> None:
        """Check that models can do what is requested.

        Raises:
            ValueError: alignments are requested from a Reencoder that has none, or dropout is.
        """
        for model in models:
            if not isinstance(model, DeclaresLimits):
                continue
            if self.retain_dropout and not model.retains_dropout:
                # fairseq passes it on to modules of its own only, and would translate without dropout
                raise ValueError(
                    "--retain-dropout: a Reencoder has dropout in training only; leave the option out (--sampling "
                    "draws different translations)"
                )
            if self.print_alignment and model.no_alignment is not None:
                raise ValueError(model.no_alignment)  # fairseq would print nothing, or fail without one

    def with_max_len(self, args: Any) -> Any:
        """Return a copy of `args` with the maximum length of the task, or `args` if a maximum length is given."""
        if self.max_len_given:
            return args
        args = copy(args)
        args.max_len_a = 2.0
        return args
