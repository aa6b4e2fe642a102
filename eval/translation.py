"""Raw text from a file, from arguments or typed in, translated line by line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from data_prep.errors import DataError

from .alignment import Aligner, Alignment
from .json_lines import parse_line
from .libraries import quiet_libraries
from .lines import shown

if TYPE_CHECKING:
    from reencoder.hub import Reencoder, Translation

_NOT_TEXT = re.compile(r"[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What stands for bytes that are not UTF-8, and control characters but those of white space."""


@dataclass(frozen=True)
class StreamSettings:
    """What the lines of a stream contain, and how many are translated together.

    Attributes:
        nbest: number of translations of each line; more than one only as JSON.
        json_input: lines are JSON objects with a "text" and an optional "id".
        json_output: lines are JSON objects with "id", "source" and "translations".
        buffer: maximum number of lines that are translated together.

    Raises:
        DataError: names the option that is wrong.
    """

    nbest: int = 1
    json_input: bool = False
    json_output: bool = False
    buffer: int = 1000

    def __post_init__(self) -> None:
        for option, value in (("--nbest", self.nbest), ("--buffer-size", self.buffer)):
            if value < 1:
                raise DataError(f"{option} {value}: must be at least 1")
        if self.nbest > 1 and not self.json_output:
            raise DataError(f"--nbest {self.nbest}: several translations do not fit in a line of text; give --json")


@dataclass(frozen=True)
class Sentence:
    """A line to translate.

    Attributes:
        text: raw Chinese.
        identifier: as JSON; passes through to JSON output: what the input says, or the number of the line.
        number: number of the line, counted from 1.
        fault: why the line cannot be translated; None if it can.
    """

    text: str
    identifier: str
    number: int
    fault: str | None = None


def load_model(checkpoints: Sequence[str | Path], **options: Any) -> Reencoder:
    """Load a model without fairseq's messages; see `Reencoder.from_pretrained`.

    Raises:
        DataError: a checkpoint or its data cannot be used.
    """
    quiet_libraries()
    from reencoder.hub import Reencoder

    return Reencoder.from_pretrained(*checkpoints, **options)


def align_best(model: Reencoder, text: str, translations: Sequence[Translation]) -> Alignment | None:
    """Return how much each source word contributed to the best translation, by the readout of the first member.

    None if there is nothing to align, the text was translated in parts, or the model has no weights to report.

    Args:
        model: the model.
        text: the raw source.
        translations: what the model found.
    """
    source = model.pipeline.encode_source(text)
    if not translations or not source or not translations[0].tokens:
        return None
    try:
        return Aligner(*model.parts, "model").align(source, translations[0].tokens)
    except DataError:
        return None


def read_sentences(groups: Iterable[list[bytes]], json_input: bool = False) -> Iterator[list[Sentence]]:
    """Yield groups of lines as sentences; bytes that are not UTF-8 become U+FFFD, and a byte-order mark is skipped.

    The first line that is not UTF-8 is reported on standard error.

    Args:
        groups: lines as bytes, with their ends; see `eval.lines`.
        json_input: see `StreamSettings`. Any other line becomes a sentence with a fault.

    Raises:
        DataError: the first line has a fault, such as carriage returns within it: the input is of another kind.
    """
    number = 0
    reported = False
    for group in groups:
        sentences: list[Sentence] = []
        for line in group:
            number += 1
            text = line.decode("utf-8", errors="replace").rstrip("\r\n")
            if not reported and "\ufffd" in text and "\ufffd".encode() not in line:
                reported = True
                note(
                    f"line {number}: not UTF-8; here and from now on U+FFFD stands for what cannot be read; convert "
                    "the input to UTF-8"
                )
            text = text.removeprefix("\ufeff") if number == 1 else text
            sentence = Sentence(text, str(number), number)
            sentences.append(_from_json(sentence) if json_input else _from_text(sentence))
            if number == 1 and sentences[0].fault is not None:
                raise DataError(f"line 1: {sentences[0].fault}")
        yield sentences


def translate_stream(
    model: Reencoder,
    groups: Iterable[list[Sentence]],
    output: IO[str],
    settings: StreamSettings,
    done: Callable[[int], object] = lambda count: None,
) -> list[int]:
    """Translate sentences and write one line for each, in their order.

    A blank sentence gives an empty line. So do one that is too long and one with a fault; these are reported on
    standard error.

    Args:
        model: the model.
        groups: what to translate; each group is translated together.
        output: where the lines are written, flushed after every group.
        settings: see `StreamSettings`.
        done: called with the number of further sentences that have been translated, to show progress.

    Returns:
        The numbers of the lines that were not translated.
    """
    refused: list[int] = []
    for group in groups:
        faults = {sentence.number: sentence.fault for sentence in group if sentence.fault is not None}
        too_long: dict[int, DataError] = {}
        candidates = model.candidates(
            [sentence.text for sentence in group],
            settings.nbest,
            on_too_long=too_long.__setitem__,
            on_done=lambda index: done(1),
        )
        faults.update({group[index].number: str(error) for index, error in too_long.items()})
        for number, fault in sorted(faults.items()):
            note(f"line {number}: not translated: {fault}")
        refused += sorted(faults)
        for sentence, translations in zip(group, candidates, strict=True):
            output.write(_to_line(sentence, translations, settings) + "\n")
        output.flush()
    return refused


def note(text: str) -> None:
    """Write a line on standard error, above a progress bar if there is one."""
    from tqdm import tqdm

    tqdm.write(text, file=sys.stderr)


def check_refused(refused: list[int]) -> None:
    """Report at the end that lines were not translated.

    Raises:
        DataError: there are such lines.
    """
    if refused:
        raise DataError(f"{len(refused)} lines were not translated and are empty in the output: {shown(refused)}")


def count_lines(path: Path) -> int:
    """Return the number of lines of a file."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def check_is_text(beginning: bytes, path: Path) -> None:
    """Check that a file to translate is text.

    Args:
        beginning: the first bytes of the file.
        path: the file, for the error message.

    Raises:
        DataError: a third or more of the beginning is not UTF-8, or consists of control characters.
    """
    text = beginning.decode("utf-8", errors="replace")
    share = len(_NOT_TEXT.findall(text)) / max(len(text), 1)
    if share >= 1 / 3:
        raise DataError(
            f"--input {path}: {share:.0%} of its beginning is not UTF-8 text; give a text file, converted to UTF-8"
        )


def _from_text(sentence: Sentence) -> Sentence:
    if "\r" not in sentence.text:
        return sentence
    return replace(sentence, text="", fault="a carriage return within the line; end lines with LF or CR LF")


def _from_json(sentence: Sentence) -> Sentence:
    try:
        text, identifier = parse_line(sentence.text)
    except DataError as error:
        return replace(sentence, text="", fault=str(error))
    return replace(sentence, text=text, identifier=sentence.identifier if identifier is None else identifier)


def _to_line(sentence: Sentence, translations: list[Translation], settings: StreamSettings) -> str:
    if not settings.json_output:
        return translations[0].text if translations else ""
    document = {
        "source": sentence.text,
        "translations": [{"text": found.text, "score": round(found.score, 4)} for found in translations],
    }
    return f'{{"id": {sentence.identifier}, {json.dumps(document, ensure_ascii=False).removeprefix("{")}'
