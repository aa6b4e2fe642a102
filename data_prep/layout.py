"""A directory in the layout of BTEC or IWSLT: which of its files are the training, validation and test set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from .compressed import plain_name
from .errors import DataError
from .held_out import MOST_REFERENCES

VALID_NAMES = ("valid", "dev", "val")
TEST_NAMES = ("test",)

_FORMAT = re.compile(r"\.(txt|sgml?|xml)$", re.IGNORECASE)
_LANGUAGE = re.compile(r"[.](?P<language>zh|en)(?:[._]?(?P<number>\d+))?$")
# Parts of a name that say nothing about the set: the language pair, and that a file contains (several) references.
_IGNORED = re.compile(r"zh-en|m?refs?|tags")


class Layout(NamedTuple):
    """The files of a directory.

    Attributes:
        train: Chinese and English file.
        valid: Chinese file and the files of references.
        test: Chinese file and the files of references.
    """

    train: tuple[Path, Path]
    valid: tuple[Path, ...]
    test: tuple[Path, ...]


class _File(NamedTuple):
    path: Path
    parts: tuple[str, ...]
    language: str
    number: int | None
    multiple: bool


def find_layout(directory: Path, valid: str | None = None, test: str | None = None) -> Layout:
    """Find the files of the three sets in a directory by their names.

    A name consists of parts separated by full stops, of which one is the name of the set and the last is the language:
    `train.zh`, `dev.en.0` (reference 0; also `dev.en0`, `dev.ref.en.0`), `train.tags.zh-en.zh`,
    `IWSLT17.TED.dev2010.zh-en.en.xml`, `IWSLT10.devset1_CSTAR03.mref.en.txt`. It may end with .txt, .sgm or .xml, and
    .gz, .xz or .zst.

    Args:
        directory: the directory; folders in it are not searched.
        valid: name of the validation set. Default: valid, dev or val
        test: name of the test set. Default: test

    Raises:
        DataError: the directory cannot be read, a file is missing (also one of the numbered references), or more than
            one file matches.
    """
    try:
        paths = sorted(path for path in directory.iterdir() if path.is_file())
    except OSError as error:
        raise DataError(f"--directory {directory}: cannot be read: {error.strerror}") from error
    files = [file for file in map(_parse, paths) if file is not None]
    train = _find_set(directory, files, ("train",), "train")
    if len(train) != 2:
        raise DataError(f"--directory {directory}: several English files of the training set: {_names(train[1:])}")
    held_out = [
        _find_set(directory, files, (name,) if name else defaults, part)
        for part, name, defaults in (("valid", valid, VALID_NAMES), ("test", test, TEST_NAMES))
    ]
    return Layout((train[0], train[1]), held_out[0], held_out[1])


def _parse(path: Path) -> _File | None:
    """Take the name of a file apart; None if its language is neither Chinese nor English."""
    name = _FORMAT.sub("", plain_name(path))
    found = _LANGUAGE.search(name)
    if found is None:
        return None
    parts = name[: found.start()].split(".")
    number = None if found["number"] is None else int(found["number"])
    return _File(
        path,
        tuple(part for part in parts if not _IGNORED.fullmatch(part)),
        found["language"],
        number,
        any(part in ("mref", "mrefs") for part in parts),
    )


def _find_set(directory: Path, files: Sequence[_File], names: Sequence[str], part: str) -> tuple[Path, ...]:
    """Return the Chinese file of a set, then its English ones."""
    own = [file for file in files if any(name in file.parts for name in names)]
    chinese = [file for file in own if file.language == "zh"]
    english = [file for file in own if file.language == "en"]
    hint = "" if part == "train" else f"; name another set with --{part}-name"
    wanted = " or ".join(names)
    for found, language in ((chinese, "zh"), (english, "en")):
        if not found:
            example = f"{names[0]}.{language}"
            raise DataError(f"--directory {directory}: no file of '{wanted}' in {language}, such as {example}{hint}")
    if len(chinese) > 1:
        raise DataError(
            f"--directory {directory}: several Chinese files: {_names(file.path for file in chinese)}{hint}"
        )
    # Files of all references contain the first reference too, which often is in a file of its own as well.
    numbered = sorted((file for file in english if file.number is not None), key=lambda file: file.number or 0)
    chosen = [file for file in english if file.multiple] or numbered or english
    if chosen is numbered and len(numbered) != len(english):
        raise DataError(
            f"--directory {directory}: English files of '{wanted}' with and without the number of a reference: "
            f"{_names(file.path for file in english)}; number all of them, or remove what is not a reference{hint}"
        )
    if (not numbered and len(chosen) > 1) or len({file.number for file in chosen}) != len(chosen):
        raise DataError(f"--directory {directory}: several English files: {_names(file.path for file in chosen)}{hint}")
    numbers = {file.number: file.path.name for file in chosen if file.number is not None}
    first, last = 1 if min(numbers, default=0) == 1 else 0, max(numbers, default=-1)
    missing = next((number for number in range(first, last) if number not in numbers), None)
    if missing is not None:
        raise DataError(
            f"--directory {directory}: no English file of '{wanted}' with the number {missing}, though there is "
            f"{numbers[last]}; number the files of references without gaps, from 0 or 1{hint}"
        )
    if len(chosen) > MOST_REFERENCES:
        raise DataError(
            f"--directory {directory}: {len(chosen)} files of references of '{wanted}'; "
            f"at most {MOST_REFERENCES} are read"
        )
    return (chinese[0].path, *(file.path for file in chosen))


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)
