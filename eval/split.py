"""A split of prepared data as text: sources, references, and how tokens become text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import read_lines, sha256_of
from reencoder.text.manifest import MANIFEST

from .prepared import check_unchanged, raw_references
from .references import References, read_references


@dataclass(frozen=True)
class Split:
    """Sources and references of a split.

    Attributes:
        data: folder written by ``python -m data_prep prepare``.
        name: ``test`` or ``valid``.
        sources: raw sources.
        references: for each source its raw references.
    """

    data: Path
    name: str
    sources: list[str]
    references: References

    @property
    def manifest_sha256(self) -> str | None:
        """SHA-256 of the manifest of the data, or None if there is none."""
        manifest = self.data / MANIFEST
        return sha256_of(manifest) if manifest.exists() else None

    def tokens(self) -> list[str] | None:
        """Return the sources' tokens joined by spaces, or None if the folder has only raw text.

        Raises:
            DataError: the file is not the one that was prepared.
        """
        path = self.data / "text" / f"{self.name}.zh"
        if not path.exists():
            return None
        check_unchanged(self.data, [path])
        return read_lines(path)

    def detokeniser(self) -> Callable[[str], str]:
        """Return the function that turns target tokens joined by spaces into text; without a manifest tokens are words.

        Raises:
            DataError: the manifest cannot be read.
        """
        from data_prep.manifest import detokenizer_from_manifest
        from reencoder.text.segmentation import detokenize_english

        manifest = self.data / MANIFEST
        return detokenizer_from_manifest(manifest) if manifest.exists() else detokenize_english


def read_split(data: Path, name: str) -> Split:
    """Read the raw text of a split.

    Raises:
        DataError: a file is missing or is not the one that was prepared, or the numbers of sources and references
            differ.
    """
    raw = data / "raw"
    if not raw.is_dir():
        raise DataError(f"{raw}: no such directory; create it with: python -m data_prep prepare")
    source = raw / f"{name}.zh"
    check_unchanged(data, [source])
    sources = read_lines(source)
    references = read_references(raw_references(data, name))
    if len(references) != len(sources):
        raise DataError(f"{raw}: {len(sources)} sources in {name}.zh, but {len(references)} lines of references")
    return Split(data, name, sources, references)
