"""Data for an existing model: the subwords, dictionaries and capitals of the data that it was trained on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from reencoder.text.manifest import (
    MANIFEST,
    TRUECASE,
    check_files,
    fingerprint,
    prepared_folder,
    read_manifest,
    text_files,
    text_options,
)
from reencoder.text.pieces import model_name

from . import LANGUAGES
from .check import read_dictionary
from .errors import DataError
from .files import iterate_lines
from .pairs import Pair


class KnownText(NamedTuple):
    """How a model's text becomes token numbers.

    Attributes:
        options: the options of `prepare` that decide on it, by name.
        dictionaries: the dictionary of each language.
        files: the files that say the rest, subword models and capitals.
        models: what the manifest records of the subword models, by language.
        record: what the manifest of new data records.
    """

    options: dict[str, Any]
    dictionaries: dict[str, Path]
    files: list[Path]
    models: dict[str, Any]
    record: dict[str, str]

    @property
    def files_to_keep(self) -> list[Path]:
        """All files of the prepared data that new data are made from."""
        return [*self.dictionaries.values(), *self.files]

    def check_tag(self, tag: str) -> None:
        """Check that the source dictionary contains the tag of phrase pairs.

        Raises:
            DataError: it does not.
        """
        dictionary = self.dictionaries[LANGUAGES[0]]
        if tag not in read_dictionary(dictionary):
            raise DataError(
                f"--phrase-tag '{tag}': {dictionary} lacks it, so the model has no such word; leave --phrase-pairs "
                "out, or give the tag with which that data were prepared"
            )

    def copy_files(self, directory: Path) -> None:
        """Copy the subword models and the capitals."""
        for file in self.files:
            shutil.copyfile(file, directory / file.name)


def known_text(data: Path) -> KnownText:
    """Return how the text of prepared data becomes token numbers.

    Args:
        data: folder of the prepared data, or of a checkpoint that contains what `copy-text` copies.

    Raises:
        DataError: the folder is not such a folder, or the files have changed.
    """
    folder = prepared_folder(data)
    path = folder / MANIFEST
    manifest = read_manifest(path)
    text_options(manifest, path)
    check_files(path)
    models = {model_name(language) for language in LANGUAGES}
    return KnownText(
        manifest["options"],
        {language: folder / "bin" / f"dict.{language}.txt" for language in LANGUAGES},
        [folder / name for name in text_files(manifest) if name in {*models, TRUECASE}],
        manifest.get("sentencepiece", {}),
        {"path": str(data), "fingerprint": fingerprint(path)},
    )


def held_out_pairs(data: Path) -> Iterator[Pair]:
    """Yield the pairs of the validation and the test set of prepared data; none where its folder `raw` is missing."""
    raw = prepared_folder(data) / "raw"
    for part in ("valid", "test"):
        for references in sorted(raw.glob(f"{part}.en.*")):
            sources = iterate_lines(raw / f"{part}.zh")
            for number, (source, reference) in enumerate(zip_longest(sources, iterate_lines(references)), 1):
                if source is None or reference is None:
                    raise DataError(f"{references}: does not have as many lines as {part}.zh; prepare the data again")
                if reference:
                    yield Pair(source, reference, origin=f"{references}, line {number}")
