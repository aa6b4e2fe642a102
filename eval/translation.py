"""Raw text from a file, from arguments or typed in, translated line by line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from data_prep.errors import DataError

from .alignment import Aligner, Alignment
from .libraries import quiet_libraries

if TYPE_CHECKING:
    from reencoder.hub import Reencoder, Translation


@dataclass(frozen=True)
class OutputSettings:
    """What is read and written.

    Attributes:
        nbest: number of translations of each line; more than one only as JSON.
        json_input: lines are JSON objects with a "text" and perhaps an "id".
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
        identifier: passes through to JSON output: what the input says, or the number of the line, counted from 1.
        number: number of the line, counted from 1.
    """

    text: str
    identifier: Any
    number: int


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
        json_input: see `OutputSettings`.

    Raises:
        DataError: a line is not such a JSON object; the lines before it have been yielded.
    """
    number = 0
    told = False
    for group in groups:
        sentences: list[Sentence] = []
        for line in group:
            number += 1
            text = line.decode("utf-8", errors="replace").rstrip("\r\n")
            if not told and "\ufffd" in text and "\ufffd".encode() not in line:
                told = True
                print(
                    f"line {number}: not UTF-8; here and from now on U+FFFD stands for what cannot be read; convert "
                    "the input to UTF-8",
                    file=sys.stderr,
                )
            sentence = Sentence(text.removeprefix("\ufeff") if number == 1 else text, number, number)
            try:
                sentences.append(_from_json(sentence) if json_input else sentence)
            except DataError:
                yield sentences
                raise
        yield sentences


def translate_stream(
    model: Reencoder,
    groups: Iterable[list[Sentence]],
    output: IO[str],
    settings: OutputSettings,
    done: Callable[[int], object] = lambda count: None,
) -> list[int]:
    """Translate sentences and write one line for each, in their order.

    A blank sentence gives an empty line. So does one that is too long, which is reported on standard error.

    Args:
        model: the model.
        groups: what to translate; each group is translated together.
        output: where the lines are written, flushed after every group.
        settings: see `OutputSettings`.
        done: called with the number of further sentences that have been written, to show progress.

    Returns:
        The numbers of the lines that were too long.
    """
    refused: list[int] = []
    for group in groups:

        def report(index: int, error: DataError, group: list[Sentence] = group) -> None:
            refused.append(group[index].number)
            print(f"line {group[index].number}: not translated: {error}", file=sys.stderr)

        found = model.candidates([sentence.text for sentence in group], settings.nbest, on_too_long=report)
        for sentence, translations in zip(group, found, strict=True):
            output.write(_to_line(sentence, translations, settings) + "\n")
        output.flush()
        done(len(group))
    return refused


def check_refused(refused: list[int]) -> None:
    """Report at the end that lines were not translated.

    Raises:
        DataError: there are such lines.
    """
    if refused:
        shown = ", ".join(map(str, refused[:10])) + (", ..." if len(refused) > 10 else "")
        raise DataError(f"{len(refused)} lines were too long and are empty in the output: {shown}")


def count_lines(path: Path) -> int:
    """Return the number of lines of a file."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _from_json(sentence: Sentence) -> Sentence:
    try:
        document = json.loads(sentence.text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"line {sentence.number}: not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("text"), str):
        raise DataError(f'line {sentence.number}: expected a JSON object with a string "text" (and perhaps an "id")')
    return replace(sentence, text=document["text"], identifier=document.get("id", sentence.number))


def _to_line(sentence: Sentence, translations: list[Translation], settings: OutputSettings) -> str:
    if not settings.json_output:
        return translations[0].text if translations else ""
    document = {
        "id": sentence.identifier,
        "source": sentence.text,
        "translations": [{"text": found.text, "score": round(found.score, 4)} for found in translations],
    }
    return json.dumps(document, ensure_ascii=False)
