"""Data for an existing model: the subwords, dictionaries and capitals of the data that it was trained on.

In messages, errors and comments, LIKE is the folder of those data.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from reencoder.text.manifest import (
    MANIFEST,
    TRUECASE,
    check_checksum,
    check_files,
    fingerprint,
    prepared_folder,
    read_manifest,
    text_files,
    text_options,
)
from reencoder.text.pieces import model_name

from . import LANGUAGES
from .errors import DataError
from .files import iterate_lines, sha256_of, write_lines
from .pairs import Pair
from .tokenise import TextOptions

EARLIER = "earlier"
"""Name of the files in `raw` with the held-out sentences of LIKE, so that they stay known from one LIKE to the next."""

_HELD_OUT = re.compile(rf"raw/(valid|test|{EARLIER})\.(zh|en(\.\d+)?)")


@dataclass(frozen=True)
class KnownText:
    """How the text of LIKE becomes token ids, and which sentences it holds out.

    Attributes:
        given: LIKE as the user named it.
        folder: the folder of its manifest.
        manifest: the manifest.
    """

    given: Path
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def options(self) -> dict[str, Any]:
        """Those of `TextOptions` that LIKE records."""
        return {name: self.manifest["options"][name] for name in _NAMES if name in self.manifest["options"]}

    @property
    def dictionaries(self) -> dict[str, Path]:
        """The dictionary of each language."""
        return {language: self.folder / _dictionary(language) for language in LANGUAGES}

    @property
    def models(self) -> dict[str, Any]:
        """What the manifest records of the subword models, by language."""
        found: dict[str, Any] = self.manifest.get("sentencepiece", {})
        return found

    @property
    def record(self) -> dict[str, str]:
        """What the manifest of new data records."""
        return {"path": str(self.given), "fingerprint": fingerprint(self.folder / MANIFEST)}

    def copy_files(self, directory: Path) -> None:
        """Copy the subword models and the capitals."""
        wanted = {TRUECASE, *map(model_name, LANGUAGES)}
        for name in text_files(dict(self.manifest)):
            if name in wanted:
                shutil.copyfile(self.folder / name, directory / name)

    def check_tag(self, tag: str) -> None:
        """Check that LIKE has phrase pairs with a tag.

        Raises:
            DataError: it does not.
        """
        known = self.manifest["options"].get("phrase_tag")
        if known is None:
            raise DataError(f"--phrase-pairs: --like {self.given} has none, so its model knows no tag; leave it out")
        if known != tag:
            raise DataError(f"--phrase-tag '{tag}': --like {self.given} was prepared with '{known}'; give the same")

    def held_out(self) -> list[Pair] | None:
        """Return the pairs of its validation and test set, and of those that its own LIKE had.

        Returns:
            None if the folder does not contain them, because only the files for translation were copied.

        Raises:
            DataError: files are missing, or are not those that the manifest describes.
        """
        listed = {name: sha for name, sha in self.manifest["files"].items() if _HELD_OUT.fullmatch(name)}
        missing = [name for name in listed if not (self.folder / name).exists()]
        if listed and len(missing) == len(listed):
            return None
        for name, expected in listed.items():
            path = self.folder / name
            if name in missing:
                raise DataError(f"--like {self.given}: {path} is missing, which the manifest lists; prepare it again")
            check_checksum(path, sha256_of(path), expected, self.folder / MANIFEST, "prepare the data again")
        return [
            Pair(source, reference)
            for name in listed
            if not name.endswith(".zh")
            for source, reference in zip(
                iterate_lines(self.folder / re.sub(r"\.en.*", ".zh", name)),
                iterate_lines(self.folder / name),
                strict=True,
            )
            if reference
        ]

    def warnings_of_training(self, text: Path, parts: Iterable[str]) -> Iterator[str]:
        """Yield warnings about held-out sentences of new data that the model has been trained on.

        Args:
            text: folder of the new data's tokens.
            parts: names of the new data's parts.
        """
        held_out = [part for part in parts if part != "train"]
        trained_on = sorted((self.folder / "text").glob("train*"))
        if held_out and not trained_on:
            yield (
                f"--like {self.given} does not contain its training set: sentences of the new {' and '.join(held_out)} "
                "set may be in it"
            )
            return
        for part in held_out:
            sides = [list(iterate_lines(text / f"{part}.{language}")) for language in LANGUAGES]
            wanted = [set(side) for side in sides]
            seen: list[set[str]] = [set(), set()]
            for path in trained_on:
                for known, lines, language in zip(seen, wanted, LANGUAGES, strict=True):
                    if path.name.endswith(f".{language}"):
                        known.update(lines.intersection(iterate_lines(path)))
            count = sum(source in seen[0] or target in seen[1] for source, target in zip(*sides, strict=True))
            if count:
                yield (
                    f"{count} of {len(sides[0])} sentences of the new {part} set are in the training set of "
                    f"--like {self.given}, in at least one language; its model scores too well on them"
                )


def known_text(like: Path) -> KnownText:
    """Return how the text of prepared data becomes token ids.

    Args:
        like: folder of the prepared data or its folder `bin`, or a folder of checkpoints that contains what `copy-text`
            copies.

    Raises:
        DataError: the folder is not such a folder, or the files have changed.
    """
    folder = prepared_folder(Path(os.path.abspath(like)))
    path = folder / MANIFEST
    try:
        manifest = read_manifest(path)
        text_options(manifest, path)
        check_files(path)
        if missing := {_dictionary(language) for language in LANGUAGES} - text_files(manifest).keys():
            raise DataError(f"{path}: lists no {' and no '.join(sorted(missing))}")
    except DataError as error:
        raise DataError(f"--like {like}: not usable as data of `python -m data_prep prepare`: {error}") from error
    return KnownText(like, folder, manifest)


def with_text_options(like: Path | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the options of a command line, in which those of `TextOptions` are None if they were not given.

    Args:
        like: LIKE, if there is one: its text options are taken.
        given: the options.

    Raises:
        DataError: LIKE is not usable, or a text option was given with another value than it has.
    """
    chosen = {name: value for name, value in given.items() if name not in _NAMES or value is not None}
    if like is None:
        return chosen
    known = known_text(like).options
    check_options(like, known, {name: value for name, value in chosen.items() if name in _NAMES})
    return {**chosen, **known}


def check_options(like: Path, known: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Check that text options are those of LIKE.

    Args:
        like: LIKE.
        known: the text options that it records.
        given: text options.

    Raises:
        DataError: one of them has another value.
    """
    for name, value in given.items():
        if name in known and value != known[name]:
            option = f"--{name.replace('_', '-')}"
            had = f"with{'' if known[name] else 'out'} it" if isinstance(value, bool) else f"with {known[name]}"
            raise DataError(f"{option}: --like {like} was prepared {had}; leave the option out")


def write_earlier(raw: Path, pairs: Sequence[Pair]) -> None:
    """Write the held-out pairs of LIKE, if there are any, to the folder `raw` of new data."""
    if pairs:
        write_lines(raw / f"{EARLIER}.zh", (pair.chinese for pair in pairs))
        write_lines(raw / f"{EARLIER}.en", (pair.english for pair in pairs))


def _dictionary(language: str) -> str:
    return f"bin/dict.{language}.txt"


_NAMES = frozenset(field.name for field in fields(TextOptions))
