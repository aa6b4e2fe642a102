"""The options of a search: the settings of every translation, and further generator options."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from numbers import Integral
from typing import Any

from ..search_settings import SEARCH_NAMES, SearchSettings
from ..text.errors import DataError

GENERATOR_NAMES = (
    "max_len_a",
    "max_len_b",
    "min_len",
    "match_source_len",
    "unnormalized",
    "no_repeat_ngram_size",
    "sampling",
    "sampling_topk",
    "sampling_topp",
    "temperature",
    "diverse_beam_groups",
    "diverse_beam_strength",
    "diversity_rate",
)
"""Options of fairseq's generator that change how a text is translated; its others belong to fairseq's programs."""

_RANGE = (-1e6, 1e6)
"""Range of numbers. Beyond it fairseq would compute with infinities."""

_RANGES = {
    "temperature": (1e-6, 1e6),
    "max_len_b": (0, 1e6),
    "min_len": (0, 1e6),
    "no_repeat_ngram_size": (0, 1e6),
    "sampling_topk": (-1, 1e6),
    "sampling_topp": (-1, 1),
    "diverse_beam_groups": (-1, 1e6),
}
"""Narrower ranges; with -1 fairseq leaves the feature out."""


@dataclass(frozen=True)
class SearchOptions:
    """Options of one search.

    Attributes:
        settings: the settings that every search has.
        generator: further options of fairseq's generator, those of `GENERATOR_NAMES` that are given.
    """

    settings: SearchSettings = field(default_factory=SearchSettings)
    generator: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> SearchOptions:
        """Return options that are given by name.

        Raises:
            DataError: there is no such option, or its value is wrong.
        """
        return cls().override(options)

    def override(self, options: Mapping[str, Any]) -> SearchOptions:
        """Return these options with others in place of those that have the same names.

        Raises:
            DataError: there is no such option, or its value is wrong.
        """
        if not options:
            return self
        for name in options:
            if name not in (*SEARCH_NAMES, *GENERATOR_NAMES):
                raise DataError(_unknown(name))
        generator = {name: value for name, value in options.items() if name in GENERATOR_NAMES}
        settings = {name: value for name, value in options.items() if name in SEARCH_NAMES}
        return SearchOptions(replace(self.settings, **settings), {**self.generator, **_typed(generator)})

    def to_fairseq(self) -> Namespace:
        """Return options for `build_generator` of a task: those of the settings, and the others that are given."""
        settings = {name: getattr(self.settings, name) for name in SEARCH_NAMES}
        given = {name: value for name, value in settings.items() if value is not None}
        return Namespace(**given, **self.generator)


def check_count(name: str, value: Any) -> None:
    """Check that an option is a positive whole number.

    Raises:
        DataError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise DataError(f"{name}: expected a whole number of at least 1, got {value!r}")


def _unknown(name: str) -> str:
    names = (*SEARCH_NAMES, *GENERATOR_NAMES)
    close = get_close_matches(name, names, 1)
    meant = f"; did you mean {close[0]}?" if close else "."
    return f"{name}: the search has no such option{meant} Its options are {', '.join(names)}"


def _typed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of fairseq's generator with the types that they have there.

    Raises:
        DataError: a value has another type or is out of range.
    """
    from fairseq.dataclass.configs import GenerationConfig
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    schema = OmegaConf.structured(GenerationConfig)
    for name, value in options.items():
        try:
            schema[name] = value
        except OmegaConfBaseException as error:
            kind = type(getattr(GenerationConfig, name)).__name__
            raise DataError(f"{name} {value!r}: expected {kind}") from error
        least, greatest = _RANGES.get(name, _RANGE)
        if not isinstance(schema[name], bool) and not least <= schema[name] <= greatest:
            raise DataError(f"{name} {value!r}: must be between {least:g} and {greatest:g}")
    return {name: schema[name] for name in options}
