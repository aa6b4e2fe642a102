"""How far general compressors shrink the same bytes, as a yardstick for language models."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from data_prep.errors import DataError


@dataclass(frozen=True)
class Compressor:
    """A general compressor.

    Attributes:
        name: program and level.
        version: its version, if it is a program.
        compress: returns the compressed bytes.
    """

    name: str
    version: str | None
    compress: Callable[[bytes], bytes]


def compressors() -> list[Compressor]:
    """Return xz -9, and zstd -19 if it is installed."""
    found = [Compressor("xz -9", None, lambda content: lzma.compress(content, preset=9))]
    zstd = shutil.which("zstd")
    if zstd is not None:
        version = subprocess.run([zstd, "-V"], capture_output=True, text=True, check=False).stdout.strip()
        found.append(Compressor("zstd -19", version, lambda content: _run([zstd, "-19", "-c", "-q"], content)))
    return found


def _run(command: list[str], content: bytes) -> bytes:
    done = subprocess.run(command, input=content, capture_output=True, check=False)
    if done.returncode != 0:
        raise DataError(f"{command[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def measure(before: bytes, test: bytes, compressor: Compressor) -> dict[str, Any]:
    """Compress a test set.

    Args:
        before: the text before it, training and validation set.
        test: the test set.
        compressor: see `Compressor`.

    Returns:
        Bits per byte of the test set: `alone`, and `after` all text before it, that is, by how much the compressed text
        grows. Language models are to be compared with the latter: they have seen that text, too.
    """
    alone = len(compressor.compress(test))
    after = len(compressor.compress(before + test)) - len(compressor.compress(before))
    return {
        "name": compressor.name,
        "version": compressor.version,
        "alone": 8 * alone / len(test),
        "after": 8 * after / len(test),
    }
