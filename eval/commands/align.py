"""``python -m eval align``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import get_args

from data_prep.errors import DataError
from data_prep.files import write_lines

from ..alignment import Alignment, Method, load_aligner, to_pharaoh
from ..checkpoints import resolve_checkpoint
from ..heatmap import draw
from ..libraries import quiet_libraries
from ..outputs import add_output
from ..sentence_pairs import SentencePair, raw_pair, split_pairs
from .shared import add_device, add_split, add_user_dir, data_folder, user_dir

HELP = "show how much each source word contributed to each target word"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Weights of the source words for each target word, from the readout of the model or from gradients: as links, "
        "as numbers, as a heat map. The target is the first reference, a translation of the model, or a given text."
    )
    parser.add_argument("checkpoint", type=Path, metavar="CKPT", help="checkpoint of a translation model")
    parser.add_argument(
        "--data", type=data_folder, required=True, metavar="DIR", help="folder written by python -m data_prep prepare"
    )
    add_split(parser, "to align")
    parser.add_argument(
        "--sentences", type=int, nargs="+", metavar="N", help="numbers of sentences, counted from 1 (default: all)"
    )
    parser.add_argument(
        "--translations",
        type=Path,
        metavar="OUTPUT",
        help="align the best hypotheses in this output of fairseq-generate (generate-<split>.txt) instead of the "
        "first references",
    )
    parser.add_argument("--source", metavar="TEXT", help="align this raw source instead of a split; needs --target")
    parser.add_argument("--target", metavar="TEXT", help="raw target of --source")
    parser.add_argument(
        "--method",
        choices=get_args(Method),
        default="readout",
        help="where the weights come from (default: %(default)s)",
    )
    add_output(parser, "--pharaoh", "write the links as lines such as '0-0 2-1'")
    add_output(parser, "--json", "write words and weights, one JSON object per line")
    add_output(parser, "--picture", "draw one sentence as .svg or .png")
    add_device(parser)
    add_user_dir(parser)


def chosen_pairs(args: argparse.Namespace) -> list[SentencePair]:
    """Return the sentence pairs that the options name.

    Raises:
        DataError: the options contradict each other, or an input is missing.
    """
    if (args.source is None) != (args.target is None):
        raise DataError("--source and --target: give both or neither")
    if args.source is None:
        return split_pairs(args.data, args.split, args.sentences, args.translations)
    if args.sentences is not None or args.translations is not None:
        raise DataError("--source: cannot be combined with --sentences or --translations")
    return [raw_pair(args.data, args.source, args.target)]


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an input is missing, or the model has no weights; see `eval.alignment`.
    """
    from tqdm import tqdm

    pairs = chosen_pairs(args)
    if args.picture is not None and len(pairs) != 1:
        raise DataError(f"--picture: draws one sentence, not {len(pairs)}; name it with --sentences N")
    quiet_libraries()
    aligner = load_aligner(resolve_checkpoint(args.checkpoint), args.data, user_dir(args), args.device)
    alignments = [
        aligner.align(pair.source, pair.target, args.method, pair.number)
        for pair in tqdm(pairs, desc="align", unit="sentence", disable=len(pairs) == 1)
    ]
    if args.pharaoh is not None:
        write_lines(args.pharaoh, [to_pharaoh(alignment.links()) for alignment in alignments])
    if args.json is not None:
        write_lines(args.json, [json.dumps(alignment.to_json(), ensure_ascii=False) for alignment in alignments])
    if args.picture is not None:
        draw(args.picture, alignments[0])
    written = [str(path) for path in (args.pharaoh, args.json, args.picture) if path is not None]
    if written:
        count = f"{len(alignments)} sentence{'s' if len(alignments) != 1 else ''}"
        print(f"written: {', '.join(written)} ({count})")
    else:
        print("\n".join(line for alignment in alignments for line in to_lines(alignment)))


def to_lines(alignment: Alignment) -> list[str]:
    """Return an alignment as text: each target word with its two source words of the largest weights."""
    title = "" if alignment.number is None else f"sentence {alignment.number}: "
    lines = [f"{title}{' '.join(alignment.source[:-1])}"]
    for word, weights in zip(alignment.target, alignment.weights, strict=True):
        best = sorted(range(len(weights)), key=lambda n, row=weights: (-row[n], n))[:2]  # type: ignore[misc]
        lines.append(f"  {word:15} {'  '.join(f'{weights[n]:.2f} {alignment.source[n]}' for n in best)}")
    return lines
