"""IDX, the file format of MNIST: a magic number, the extents as 32-bit numbers (most significant byte first), bytes."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

UNSIGNED_BYTES = 8
"""The only type of elements that is read; the third byte of the magic number."""


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read a file of unsigned bytes.

    Args:
        path: the file, compressed with gzip if its name ends in ".gz".
        dimensions: the number of dimensions it must have: 3 for images, 1 for labels.

    Returns:
        The elements, with as many axes as the file has dimensions.

    Raises:
        ValueError: the file cannot be read, is not such an IDX file, or is truncated; the message names it.
    """
    data = _contents(path)
    extents = _extents(path, data, dimensions)
    start, expected = _header_size(dimensions), math.prod(extents)
    found = len(data) - start
    if found != expected:
        shape = " x ".join(map(str, extents))
        kind = "truncated" if found < expected else "too long"
        raise ValueError(
            f"{path}: {kind}: its header announces {shape} = {expected} bytes, but {found} follow; get the file again"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(extents)


def read_extents(path: Path, dimensions: int) -> tuple[int, ...]:
    """Read the extents of a file from its header alone; see `read_idx`."""
    return _extents(path, _contents(path, _header_size(dimensions)), dimensions)


def _header_size(dimensions: int) -> int:
    return 4 + 4 * dimensions


def _contents(path: Path, limit: int = -1) -> bytes:
    """The first `limit` bytes of a file, decompressed; all if negative."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(limit)
    except EOFError:
        raise ValueError(f"{path}: truncated: the compressed data ends too early; get the file again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: not a gzip file, or corrupt ({error}); get the file again") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from None


def _extents(path: Path, data: bytes, dimensions: int) -> tuple[int, ...]:
    magic = bytes((0, 0, UNSIGNED_BYTES, dimensions))
    if data[:4] != magic:
        hint = "; it is compressed: its name must end in .gz" if data[:2] == b"\x1f\x8b" else ""
        raise ValueError(
            f"{path}: expected the magic number {magic.hex()} (unsigned bytes, {dimensions} "
            f"dimension{'s' if dimensions > 1 else ''}), found {data[:4].hex() or 'an empty file'}{hint}"
        )
    size = _header_size(dimensions)
    if len(data) < size:
        raise ValueError(f"{path}: truncated: its header has {len(data)} of {size} bytes; get the file again")
    extents = tuple(int(extent) for extent in np.frombuffer(data, ">u4", dimensions, offset=4))
    if 0 in extents:
        raise ValueError(f"{path}: its header announces {' x '.join(map(str, extents))}: there is nothing in it")
    return extents
