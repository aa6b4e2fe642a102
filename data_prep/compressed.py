"""Compressed input: .gz, .xz and .zst are recognised by the name of the file."""

from __future__ import annotations

import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

from .errors import DataError


def decompress(data: bytes, path: Path) -> bytes:
    """Return the contents of a file, decompressed if its name ends with .gz, .xz or .zst.

    Args:
        data: the bytes of the file.
        path: its name.

    Raises:
        DataError: the data are damaged or incomplete, or the package zstandard is missing.
    """
    unpack = _UNPACK.get(path.suffix)
    if unpack is None:
        return data
    try:
        return unpack(data)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{path}: damaged or incomplete: {error}; copy or download it again") from error
    except ModuleNotFoundError:
        raise DataError(
            f"{path}: .zst needs the package zstandard; install the extra 'data' (pip install '.[data]'), "
            f"or decompress the file first (zstd -d)"
        ) from None


def plain_name(path: Path) -> str:
    """Return the name of a file without its folder and without the ending of its compression."""
    return path.stem if path.suffix in _UNPACK else path.name


def _unzstd(data: bytes) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as reader:
            unpacked = reader.read()
        # The reader does not tell a file that ends early from a complete one; a frame with a size does.
        expected = zstandard.frame_content_size(data)
    except zstandard.ZstdError as error:
        raise OSError(str(error)) from error
    if len(unpacked) < expected:
        raise EOFError(f"contains {len(unpacked)} of {expected} bytes")
    return unpacked


_UNPACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".xz": lzma.decompress, ".zst": _unzstd}
