"""Compressed input: .gz, .xz and .zst are recognised by the name of the file; other compressed files are refused."""

from __future__ import annotations

import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from .errors import DataError

_BLOCK = 1 << 16


class _Decompressor(Protocol):
    """What the decompressors of one stream of gzip, xz and zstd have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: memoryview, /) -> bytes: ...


def decompress(data: bytes, path: Path) -> bytes:
    """Return the contents of a file, decompressed if its name ends with .gz, .xz or .zst, in small or capital letters.

    A file may consist of several streams (frames), one after the other, each of which must be complete. In .gz and .xz
    zeros may follow a stream.

    Args:
        data: the bytes of the file.
        path: its name.

    Raises:
        DataError: the data are damaged, incomplete or empty, or the package zstandard is missing; or the contents begin
            like a compressed file: the name does not tell, or it is compressed twice, or in another way.
    """
    ending = path.suffix.lower()
    if ending in _DECOMPRESSORS:
        data = _decompressed_whole(data, path, ending)
    for name, beginning in _BEGINNINGS.items():
        if beginning.match(data):
            raise DataError(
                f"{path}: is compressed ({name}); unpack it first, or give it the ending of its format if that is one "
                f"of {', '.join(_DECOMPRESSORS)}"
            )
    return data


def _decompressed_whole(data: bytes, path: Path, ending: str) -> bytes:
    try:
        return b"".join(_contents(data, _DECOMPRESSORS[ending], padded=ending != ".zst"))
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{path}: damaged or incomplete: {error}; copy or download it again") from error
    except ModuleNotFoundError:
        raise DataError(
            f"{path}: .zst needs the package zstandard; install the extra 'data' (pip install '.[data]'), "
            f"or decompress the file first (zstd -d)"
        ) from None


def plain_name(path: Path) -> str:
    """Return the name of a file without its folder and without the ending of its compression."""
    return path.stem if path.suffix.lower() in _DECOMPRESSORS else path.name


def _contents(data: bytes, new: Callable[[], _Decompressor], padded: bool) -> Iterator[bytes]:
    """Yield the contents of all streams, piece by piece; if `padded`, zeros may follow a stream.

    Raises:
        EOFError: the last stream has no end, or there is none.
    """
    if not data:
        raise EOFError("the file is empty")
    # In blocks: a decompressor copies what follows the end of its stream, and there can be many streams.
    view, position = memoryview(data), 0
    while position < len(data):
        stream = new()
        while not stream.eof:
            if position == len(data):
                raise EOFError("the file ends before its contents do")
            block = view[position : position + _BLOCK]
            position += len(block)
            yield _decompressed(stream, block)
        position -= len(stream.unused_data)
        while padded and data[position : position + 1] == b"\0":
            position += 1


def _decompressed(stream: _Decompressor, block: memoryview) -> bytes:
    try:
        return stream.decompress(block)
    except (OSError, lzma.LZMAError, zlib.error):
        raise
    except Exception as error:  # zstandard's own, which need not be installed
        raise OSError(str(error)) from error


def _gzip() -> _Decompressor:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)  # with gzip's header and checksum


def _zstd() -> _Decompressor:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


_DECOMPRESSORS: dict[str, Callable[[], _Decompressor]] = {".gz": _gzip, ".xz": lzma.LZMADecompressor, ".zst": _zstd}

_BEGINNINGS = {
    "zip": re.compile(rb"PK\x03\x04"),
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "bzip2": re.compile(rb"BZh[1-9]1AY&SY"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}
"""How files of the usual formats begin; no text does."""
