"""The files of MNIST: downloaded, or found in a folder, with their checksums."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from data_prep.compressed import decompress
from data_prep.download import fetch
from data_prep.errors import DataError
from data_prep.files import new_file, read_bytes

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
"""Addresses below which the compressed files are."""

CHECKSUMS: Mapping[str, str] = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the four files, uncompressed: the compressed ones differ from one mirror to another."""


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the four files in a folder, each plain or compressed, of their uncompressed contents.

    Raises:
        DataError: a file is missing or not a complete gzip file.
    """
    found = {}
    for name in CHECKSUMS:
        paths = [folder / name, folder / f"{name}.gz"]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise DataError(f"--data {folder}: neither {name} nor {name}.gz is there; expected the four files of MNIST")
        found[name] = _checksum(path)
    return found


def check(folder: Path) -> dict[str, str]:
    """Check that a folder holds the files of MNIST.

    Returns:
        See `checksums`.

    Raises:
        DataError: a file is missing, corrupt or another one.
    """
    found = checksums(folder)
    for name, expected in CHECKSUMS.items():
        if found[name] != expected:
            raise DataError(
                f"{folder / name}: not the file of MNIST, or corrupt: its contents have the SHA-256 {found[name]}, "
                f"expected {expected}; get it again, or give --other-data for other images of this format"
            )
    return found


def download(folder: Path, mirrors: Sequence[str] = MIRRORS) -> None:
    """Download the files that are not yet in a folder.

    Args:
        folder: where to write them, compressed.
        mirrors: addresses to try in turn, each ending with a slash.

    Raises:
        DataError: a file cannot be downloaded from any mirror, or is not that of MNIST. Files that are complete stay.
    """
    for name, expected in CHECKSUMS.items():
        target = folder / f"{name}.gz"
        if target.exists() or (folder / name).exists():
            continue
        failures = []
        for mirror in mirrors:
            try:
                with new_file(target) as path:
                    fetch(f"{mirror}{name}.gz", path)
                    digest = _checksum(path)
                    if digest != expected:
                        raise DataError(f"{mirror}{name}.gz: has the SHA-256 {digest}, expected {expected}")
                print(f"downloaded {target}", file=sys.stderr)
                break
            except DataError as error:
                failures.append(str(error))
        else:
            raise DataError(f"{'; '.join(failures)}; get the files elsewhere and give their folder with --data")


def _checksum(path: Path) -> str:
    return hashlib.sha256(decompress(read_bytes(path), path)).hexdigest()
