"""Text for language models: the alphabet and the splits that `python -m data_prep characters` writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

ALPHABET = "alphabet.json"
"""Name of the file of the alphabet in a folder of prepared text."""

BEGIN = "<begin>"
"""Name of the symbol that a model reads where a sequence begins; it is never predicted."""

_PREPARE = "prepare it with: python -m data_prep characters"


class Alphabet:
    """The symbols of a text, bytes or characters.

    Args:
        level: "byte" or "character".
        symbols: the values of the bytes or the code points of the characters; a symbol's index is its place.

    Raises:
        ValueError: the symbols are not different ones of that level.
    """

    def __init__(self, level: str, symbols: Iterable[int]) -> None:
        self.level, self.symbols = level, tuple(symbols)
        limit = {"byte": 0x100, "character": 0x110000}.get(level, 0)
        if not all(isinstance(symbol, int) and 0 <= symbol < limit for symbol in self.symbols):
            raise ValueError(f"not an alphabet of level byte or character: level {level}")
        self._index = {symbol: index for index, symbol in enumerate(self.symbols)}
        if not self.symbols or len(self._index) < len(self.symbols):
            raise ValueError("an alphabet has at least one symbol, and each only once")

    @classmethod
    def load(cls, folder: Path) -> Alphabet:
        """Read the alphabet of a folder of prepared text.

        Raises:
            ValueError: the file is missing or is not an alphabet.
        """
        path = folder / ALPHABET
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(content["level"], content["symbols"])
        except FileNotFoundError:
            raise ValueError(f"{path}: no such file; is {folder} a folder of text? {_PREPARE}") from None
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: cannot be read as an alphabet: {error}; {_PREPARE}") from error

    def __len__(self) -> int:
        return len(self.symbols)

    def fingerprint(self) -> str:
        """Return the SHA-256, hexadecimal, of level and symbols."""
        return hashlib.sha256(json.dumps([self.level, self.symbols]).encode()).hexdigest()

    def names(self) -> list[str]:
        """Return printable names, all different: visible characters as they are, others as <hexadecimal>."""
        visible = (chr(symbol) if self._is_visible(symbol) else f"<{symbol:02x}>" for symbol in self.symbols)
        return list(visible)

    def _is_visible(self, symbol: int) -> bool:
        return 0x20 < symbol < 0x7F or (self.level == "character" and symbol > 0x7F and chr(symbol).isprintable())

    def encode(self, text: str | bytes) -> list[int]:
        """Return the indices of the symbols of a text.

        Args:
            text: the text, or its bytes, which stand for themselves at the level of bytes and are UTF-8 otherwise.

        Raises:
            ValueError: a symbol is not in the alphabet, or the text is not UTF-8 where it must be.
        """
        try:
            contents = text if isinstance(text, bytes) else text.encode("utf-8")
            symbols = list(contents) if self.level == "byte" else list(map(ord, contents.decode("utf-8")))
        except UnicodeError:
            raise ValueError("not UTF-8; convert it to UTF-8 first") from None
        for symbol in symbols:
            if symbol not in self._index:
                shown = f"byte 0x{symbol:02x}" if self.level == "byte" else f"character {chr(symbol)!r}"
                raise ValueError(f"{shown} is not in the alphabet of the training text")
        return [self._index[symbol] for symbol in symbols]

    def decode(self, indices: Iterable[int]) -> bytes:
        """Return the text of indices; a text of characters is encoded as UTF-8."""
        symbols = [self.symbols[index] for index in indices]
        return bytes(symbols) if self.level == "byte" else "".join(map(chr, symbols)).encode("utf-8", "replace")


def load_split(folder: Path, split: str, symbols: int) -> NDArray[np.integer]:
    """Open a split, without reading it into memory.

    Args:
        folder: folder of prepared text.
        split: `train`, `valid` or `test`.
        symbols: number of symbols of the alphabet.

    Returns:
        The indices of the symbols, shape (characters,).

    Raises:
        ValueError: the file is missing or is not such a split.
    """
    path = folder / f"{split}.npy"
    try:
        characters = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; there are the splits train, valid and test. {_PREPARE}") from None
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        raise ValueError(f"{path}: cannot be read: {error}; {_PREPARE}") from error
    if not isinstance(characters, np.ndarray):
        characters.close()
        raise ValueError(f"{path}: an archive of arrays (.npz), expected a single array; {_PREPARE}")
    if characters.ndim != 1 or characters.dtype.kind != "u" or not len(characters):
        raise ValueError(f"{path}: expected a list of unsigned numbers, not empty; {_PREPARE}")
    if int(characters.max()) >= symbols:
        raise ValueError(f"{path}: contains symbol {int(characters.max())} of an alphabet of {symbols}; {_PREPARE}")
    return characters
