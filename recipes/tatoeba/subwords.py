"""Compare segmentations on Tatoeba: size of the vocabulary, unknown tokens, tokens per sentence.

    python -m recipes.tatoeba.subwords --tsv cmn-eng.tsv --output subwords.json

Splits and tokenises the pairs as data preparation does with the options of each row, and counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser, positive
from data_prep.corpora import read_and_split
from data_prep.errors import DataError
from data_prep.files import iterate_lines, read_json, write_json
from data_prep.options import Options
from data_prep.split import Example
from data_prep.subwords import vocabulary
from data_prep.tokenise import encodings, train_subwords, write_normalised, write_text
from data_prep.workers import Workers
from eval.provenance import Stopwatch, provenance, recorded_command
from eval.tables import markdown_table
from reencoder.text.pieces import model_name

from ..command_line import run
from ..origins import origin

SIZES = ((4000, 2000), (6000, 4000), (8000, 6000))
"""Numbers of Chinese and of English pieces."""

ROWS: Mapping[str, Mapping[str, Any]] = {
    "words": {},
    "characters": {"segmentation": "char"},
    **{
        f"{name}, {chinese} and {english} pieces": {
            "segmentation": "jieba-sentencepiece",
            "target_segmentation": "sentencepiece",
            "sentencepiece_type": name,
            "sentencepiece_vocab_size": chinese,
            "sentencepiece_target_vocab_size": english,
        }
        for name in ("unigram", "bpe")
        for chinese, english in SIZES
    },
}
"""Options of data preparation by the name of the row."""

LANGUAGES = {"zh": "Chinese", "en": "English"}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(prog="python -m recipes.tatoeba.subwords", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tsv", type=Path, required=True, metavar="FILE", help="pairs in Tatoeba's format")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="JSON file to write")
    parser.add_argument(
        "--workers", type=positive, default=1, metavar="N", help="number of processes (default: %(default)s)"
    )
    return parser


def count(tsv: Path, rows: Mapping[str, Mapping[str, Any]], workers: int = 1) -> dict[str, dict[str, dict[str, float]]]:
    """Tokenise the training and the validation set in each way, and count.

    Args:
        tsv: file of pairs.
        rows: options of data preparation by the name of the row.
        workers: number of processes. Default: 1

    Returns:
        By row and language: ``vocabulary``, the number of entries of the dictionary; on the validation set
        ``unknown_percent`` of the tokens, and ``tokens_per_sentence``.

    Raises:
        DataError: the file cannot be read, has no validation set, or sentencepiece cannot make that many pieces.
    """
    with tempfile.TemporaryDirectory() as name, Workers(workers) as pool:
        folder = Path(name)
        parts = {part: read_and_split(Options(dest=folder, tsv=[tsv])).parts[part] for part in ("train", "valid")}
        if not parts["valid"]:
            raise DataError(f"--tsv {tsv}: so few pairs that none fell into the validation set")
        return {
            row: _count(Options(dest=folder, tsv=[tsv], **options), parts, folder / f"row{number}", pool)
            for number, (row, options) in enumerate(rows.items())
        }


def _count(
    options: Options, parts: Mapping[str, Sequence[Example]], folder: Path, workers: Workers
) -> dict[str, dict[str, float]]:
    """Return the counts of a row by language. Text that all rows share is written beside `folder`, once."""
    folder.mkdir()
    found = encodings(options)
    normalised = folder.with_name("jieba" if options.segmentation.startswith("jieba") else "sentences")
    if not normalised.exists():
        write_normalised(normalised, parts, found, workers)
    for language in train_subwords(options, normalised, found, folder):
        found[language] = replace(found[language], model=folder / model_name(language))
    write_text(folder / "text", parts, normalised, found, workers)
    counts = {}
    for language, encoding in found.items():
        train, valid = (
            Counter(token for line in iterate_lines(folder / "text" / f"{part}.{language}") for token in line.split())
            for part in ("train", "valid")
        )
        if encoding.model is None:
            known = {token for token, number in train.items() if number >= options.min_count}
        else:
            known = set(vocabulary(encoding.model))
        unknown = sum(number for token, number in valid.items() if token not in known)
        counts[language] = {
            "vocabulary": len(known),
            "unknown_percent": 100 * unknown / valid.total(),
            "tokens_per_sentence": valid.total() / len(parts["valid"]),
        }
    return counts


def table(result: Mapping[str, Any]) -> list[str]:
    """Return the lines of the table of a result file."""
    heads = [f"{name}: {what}" for name in LANGUAGES.values() for what in ("vocabulary", "UNK", "tokens")]
    rows = [
        [name, *(cell for language in LANGUAGES for cell in _cells(name, row, language))]
        for name, row in result["rows"].items()
    ]
    return [*markdown_table(("", *heads), rows), "", origin(result["provenance"])]


def _cells(name: str, row: Mapping[str, Mapping[str, float]], language: str) -> list[str]:
    if name == "characters" and language == "en":  # English is not split into characters
        return ["-", "-", "-"]
    side = row[language]
    return [f"{side['vocabulary']:,}", f"{side['unknown_percent']:.2f}%", f"{side['tokens_per_sentence']:.1f}"]


def run_count(options: argparse.Namespace, arguments: list[str]) -> None:
    """Count all rows and write the result file.

    Raises:
        DataError: see `count`.
    """
    stopwatch = Stopwatch()
    rows = count(options.tsv, ROWS, options.workers)
    command = recorded_command("recipes.tatoeba.subwords", arguments)
    write_json(options.output, {"rows": rows, "provenance": provenance(command, stopwatch)})
    print("\n".join(table(read_json(options.output))))


def main(arguments: list[str] | None = None) -> int:
    """Count; return the exit status, see `data_prep.command_line.run`."""
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return run(lambda: run_count(options, given))


if __name__ == "__main__":
    sys.exit(main())
