"""The text of the recipe: enwik8 or its beginning, downloaded or from a file, checked; or the embedded phrasebook."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from data_prep.compressed import decompress
from data_prep.download import fetch_member
from data_prep.errors import DataError
from data_prep.files import new_file, read_bytes

URL = "http://mattmahoney.net/dc/enwik8.zip"
"""Address of the file of the Hutter prize, in an archive."""

BYTES = 100_000_000
SHA1 = "57b8363b814821dc9d47aa4d41f58733519076b2"
"""Size and SHA-1 of enwik8, as its authors publish them."""

BEGINNING = 4_150_000
BEGINNING_SHA256 = "204482105f330f13c6490df36624bd9bc020dd24ba0854e005ada4d735ad6d7e"
"""Size and SHA-256 of the beginning of enwik8, by which a part of it is known."""


def check(path: Path, size: int = 0) -> None:
    """Check that a file is enwik8, or begins like it.

    The checksum is that of enwik8 where the file is as long, otherwise that of its first `BEGINNING` bytes, however few
    of them are used.

    Args:
        path: the file.
        size: number of bytes at its beginning that are used; 0: all.

    Raises:
        DataError: the file cannot be read or decompressed, is too short or too long, or has another checksum.
    """
    content = decompress(read_bytes(path), path)
    if size == 0 and len(content) > BYTES:
        raise DataError(
            f"{path}: {len(content):,} bytes, expected the {BYTES:,} of enwik8; give --limit {BYTES}, or --other-text"
        )
    if size > BYTES:
        raise DataError(f"--limit {size}: enwik8 has {BYTES} bytes; choose a smaller limit, or give --other-text")
    size = size or BYTES
    if len(content) < size:
        raise DataError(
            f"{path}: {len(content):,} bytes, expected at least {size:,}; copy enwik8 again, choose a smaller --scale, "
            "or give --other-text"
        )
    if len(content) < BEGINNING:
        raise DataError(
            f"{path}: {len(content):,} bytes, too few to tell whether it is the beginning of enwik8, of which "
            f"{BEGINNING:,} are needed; name a longer file, or give --other-text"
        )
    known, expected, name = (BYTES, SHA1, "sha1") if len(content) >= BYTES else (BEGINNING, BEGINNING_SHA256, "sha256")
    found = hashlib.new(name, content[:known], usedforsecurity=False).hexdigest()
    if found != expected:
        raise DataError(
            f"{path}: the first {known:,} bytes have the {name.upper()} {found}, those of enwik8 {expected}; copy it "
            "again, or give --other-text"
        )


def download(path: Path, url: str = URL) -> None:
    """Download enwik8, unless it is there.

    Args:
        path: file to write.
        url: address of the archive. Default: `URL`

    Raises:
        DataError: it cannot be downloaded, or is not enwik8; no file is written then.
    """
    if path.exists():
        return
    print(f"downloading {url}", file=sys.stderr)
    with new_file(path) as temporary:
        fetch_member(url, "enwik8", temporary)
        check(temporary)


def write_phrasebook_text(path: Path, size: int) -> None:
    """Write English text from the embedded phrasebook, to try the recipe without a download.

    Args:
        path: file to write.
        size: number of bytes.
    """
    from data_prep.phrasebook import generate_pairs

    text = "\n".join(pair.english for pair in generate_pairs(size // 15, 1)).encode()
    if len(text) < size:
        raise DataError(f"the phrasebook has only {len(text)} bytes of text, not {size}")
    with new_file(path) as temporary:
        temporary.write_bytes(text[:size])
