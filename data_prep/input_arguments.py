"""The arguments of `python -m data_prep prepare` that say what is read, and what of it is dropped.

Their defaults are those of `Options`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .cleaning import CONTROL_ACTIONS, DUPLICATE_KINDS, MOJIBAKE_ACTIONS
from .command_line import non_negative, share
from .held_out import MOST_REFERENCES
from .pairs import EMPTY, MALFORMED


def add_corpora(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name the corpora."""
    group = parser.add_argument_group(
        "input",
        "At least one corpus; several are read one after the other: files of pairs, parallel files, the directory. "
        "Files may be compressed: .gz, .xz, .zst (with the extra 'data').",
    )
    group.add_argument(
        "--tsv",
        type=Path,
        nargs="+",
        action="extend",
        metavar="FILE",
        help="one pair per line: English, tab, Chinese[, tab, attribution]; may be repeated",
    )
    group.add_argument(
        "--tsv-columns",
        type=int,
        nargs="+",
        metavar="N",
        help="columns of Chinese, English and perhaps attribution in the files of --tsv, --valid-tsv and --test-tsv, "
        "counted from 1 (default: 2 1 3, with all columns after the second in the attribution)",
    )
    group.add_argument(
        "--parallel",
        type=Path,
        nargs=2,
        action="append",
        metavar=("ZH", "EN"),
        help="two files aligned line by line; may be repeated",
    )
    group.add_argument(
        "--directory",
        type=Path,
        metavar="DIR",
        help="training, validation and test set in the layout of BTEC or IWSLT: train.zh, train.en, dev.zh, dev.en.0, "
        "dev.en.1, ..., test.zh, ... (see docs/data.md)",
    )
    for part, usual in (("valid", "valid, dev or val"), ("test", "test")):
        group.add_argument(
            f"--{part}-name",
            metavar="NAME",
            help=f"with --directory: name of the {part} set, such as tst2010 (default: {usual})",
        )
    group.add_argument(
        "--synthetic-tsv",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="pairs of which a model has translated a side, in the format of --tsv, as a further part of the training "
        "set (train1, or train2 if there are --subword-samples), which fairseq-train loads beside the sentences; those "
        "that share a sentence with the valid or test set, or repeat another pair, are dropped",
    )


def add_held_out(group: argparse._ArgumentGroup) -> None:
    """Add the arguments that name the user's own validation and test set."""
    group.add_argument(
        "--valid-tsv",
        type=Path,
        metavar="FILE",
        help="your own validation set, with --test-tsv; all other pairs are then used for training",
    )
    group.add_argument("--test-tsv", type=Path, metavar="FILE", help="your own test set, with --valid-tsv")
    for part, name in (("valid", "validation"), ("test", "test")):
        group.add_argument(
            f"--{part}",
            type=Path,
            nargs="+",
            metavar="FILE",
            help=f"your own {name} set: Chinese file and up to {MOST_REFERENCES} files of references, plain, SGM or "
            "XML, or one XML file of WMT with source and references",
        )
    group.add_argument(
        "--drop-leaks",
        action="store_true",
        help="drop training pairs that share a sentence, in either language, with your own validation or test set, or "
        "with those of --like (default: a warning counts them)",
    )


def add_cleaning(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of cleaning."""
    group = parser.add_argument_group(
        "cleaning",
        "Applies to the corpora, not to your own validation and test sets; of these options only --drop-malformed and "
        "--drop-empty apply to synthetic pairs. Without these options nothing is dropped except, when the pairs are "
        "split into parts, those without letters and digits on one side; a faulty line is an error. "
        "DIR/dropped.tsv lists what was dropped, DIR/repaired.tsv what was repaired; the manifest counts both.",
    )
    group.add_argument(
        MALFORMED,
        action="store_true",
        help="drop lines without a tab, with a carriage return inside, or that are not UTF-8",
    )
    group.add_argument(EMPTY, action="store_true", help="drop blank lines and pairs with an empty side")
    group.add_argument(
        "--control-characters",
        choices=CONTROL_ACTIONS,
        help="what to do with control characters and invisible characters: keep them, drop the pair or remove them "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--mojibake",
        choices=MOJIBAKE_ACTIONS,
        help="what to do with text that was decoded with the wrong encoding: keep it, drop the pair or repair it "
        "(needs the extra 'data') (default: %(default)s)",
    )
    group.add_argument(
        "--max-chinese",
        type=non_negative,
        metavar="N",
        help="drop pairs with more than N Chinese characters (default: no limit)",
    )
    group.add_argument(
        "--max-english",
        type=non_negative,
        metavar="N",
        help="drop pairs with more than N English words (default: no limit)",
    )
    group.add_argument(
        "--max-ratio",
        type=float,
        metavar="R",
        help="drop pairs with over R times as many Chinese characters as English words, or the other way round "
        "(default: no limit)",
    )
    group.add_argument(
        "--min-script",
        type=share,
        metavar="SHARE",
        help="drop pairs in which less than this share of the letters is Han (Chinese side) or Latin (English side) "
        "(default: no limit)",
    )
    group.add_argument(
        "--drop-duplicates",
        dest="duplicates",
        choices=DUPLICATE_KINDS,
        help="drop all but the first of equal pairs; 'normalised' ignores case, width, script and punctuation "
        "(default: keep all)",
    )
