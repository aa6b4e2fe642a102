"""Texts that are shown while they are translated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Growth:
    """Shows texts while their parts are translated.

    Args:
        owners: for each text its parts.
        decode: token ids to text.
        on_step: see `Reencoder.candidates`.
    """

    def __init__(
        self, owners: Sequence[range], decode: Callable[[Tensor], str], on_step: Callable[[int, str], None]
    ) -> None:
        self._owners = owners
        self._decode = decode
        self._on_step = on_step
        self._text_of = {part: index for index, parts in enumerate(owners) for part in parts}
        self._grown: dict[int, str] = {}

    def show(self, part: int, ids: Tensor) -> None:
        """Take over the best hypothesis so far of a part."""
        self._grown[part] = self._decode(ids)
        index = self._text_of[part]
        self._on_step(index, " ".join(filter(None, (self._grown.get(part) for part in self._owners[index]))))
