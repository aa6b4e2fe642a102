"""Options that several commands have, and what they mean."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from reencoder.text.manifest import prepared_folder

from ..checkpoints import split_checkpoints
from ..generation_settings import SPLITS, GenerationSettings
from ..prepared import raw_references
from ..references import reference_files
from ..search_settings import SEARCH_FILE, SEARCH_NAMES, SearchSettings


def data_folder(text: str) -> Path:
    """The `type` of an option that names prepared data; the folder `bin` in them, fairseq's argument, will do."""
    return prepared_folder(Path(text))


def input_file(text: str) -> Path:
    """The `type` of an option that names a file to read; ``-`` is standard input."""
    return Path("/dev/stdin" if text == "-" else text)


def add_keep_case(parser: argparse.ArgumentParser) -> None:
    """Add ``--keep-case``."""
    parser.add_argument(
        "--keep-case", action="store_true", help="score the text as written (default: lower-case both sides)"
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``; see `reencoder.hub.device.choose_device`."""
    parser.add_argument("--device", help="where to compute, such as cpu or cuda (default: a GPU if there is one)")


def add_keep_unknown(parser: argparse.ArgumentParser) -> None:
    """Add ``--keep-unknown``."""
    parser.add_argument(
        "--keep-unknown", action="store_true", help="keep <unk> in the text (default: drop and count it)"
    )


def add_split(parser: argparse.ArgumentParser, purpose: str, default: str = "test") -> None:
    """Add ``--split``; `purpose` says in the help what it is for."""
    parser.add_argument("--split", choices=SPLITS, default=default, help=f"split {purpose} (default: %(default)s)")


def add_references(parser: argparse.ArgumentParser) -> None:
    """Add the options for raw references; see `reference_paths`."""
    references = parser.add_mutually_exclusive_group(required=True)
    references.add_argument(
        "--references",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="reference files, one line per source, empty if a source has no such reference; "
        "or one prefix P of files P.0, P.1, ...",
    )
    references.add_argument(
        "--data", type=data_folder, metavar="DIR", help="folder written by python -m data_prep prepare"
    )
    add_split(parser, "with --data")


def reference_paths(args: argparse.Namespace) -> list[Path]:
    """Return the reference files that the options of `add_references` name.

    Raises:
        DataError: there is none, or it is not the one that was prepared.
    """
    if args.data is not None:
        return raw_references(args.data, args.split)
    paths = args.references
    if len(paths) == 1 and not paths[0].exists():
        paths = reference_files(paths[0])
    return list(paths)


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which model translates which data; see `model_settings`."""
    parser.add_argument("data", type=data_folder, metavar="DIR", help="folder written by python -m data_prep prepare")
    parser.add_argument(
        "--path",
        required=True,
        metavar="CKPT[:CKPT...]",
        help=f"checkpoint, or several separated by '{os.pathsep}' for an ensemble",
    )
    parser.add_argument("--task", default=GenerationSettings.task, help="fairseq task (default: %(default)s)")
    add_user_dir(parser)
    parser.add_argument("--batch-size", type=int, metavar="N", help="maximum sentences per batch (default: fairseq's)")
    parser.add_argument(
        "--max-blocks",
        type=int,
        metavar="N",
        help="maximum blocks per batch: sentences x longest source x longest target (default: the task's)",
    )
    add_keep_case(parser)
    add_keep_unknown(parser)


def add_search(parser: argparse.ArgumentParser) -> None:
    """Add the options for the settings of the search, and ``--untuned``; see `given_search`."""
    parser.add_argument(
        "--beam", type=int, metavar="N", help=f"beam size (default: tuned, or the paper's {SearchSettings.beam})"
    )
    parser.add_argument(
        "--lenpen",
        type=float,
        metavar="X",
        help="length penalty: exponent of the length by which scores are divided "
        f"(default: tuned, or {SearchSettings.lenpen:g})",
    )
    parser.add_argument(
        "--unkpen",
        type=float,
        metavar="X",
        help=f"penalty for each unknown word; 1000 allows none (default: tuned, or {SearchSettings.unkpen:g})",
    )
    parser.add_argument(
        "--min-len-ratio",
        type=float,
        metavar="R",
        help="minimum length of a translation, as a ratio of its source's (default: tuned, or the task's)",
    )
    parser.add_argument("--untuned", action="store_true", help=f"do not read {SEARCH_FILE} beside the checkpoint")


def given_search(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of the search that the options of `add_search` set.

    Raises:
        DataError: a setting is wrong.
    """
    given = {name: getattr(args, name) for name in SEARCH_NAMES if getattr(args, name) is not None}
    SearchSettings(**given)
    return given


def add_user_dir(parser: argparse.ArgumentParser) -> None:
    """Add the options for the plugin; see `user_dir`."""
    plugin = parser.add_mutually_exclusive_group()
    plugin.add_argument("--user-dir", type=Path, metavar="DIR", help="fairseq plugin (default: this project's)")
    plugin.add_argument("--no-user-dir", action="store_true", help="load no plugin")


def user_dir(args: argparse.Namespace) -> Path | None:
    """Return the plugin that the options name; None for none."""
    if args.no_user_dir:
        return None
    return GenerationSettings.user_dir if args.user_dir is None else args.user_dir


def model_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return arguments of `GenerationSettings` that the options of `add_model` set."""
    names = ("data", "task", "batch_size", "max_blocks", "keep_case", "keep_unknown")
    return {
        **{name: getattr(args, name) for name in names},
        "checkpoints": tuple(split_checkpoints(args.path)),
        "user_dir": user_dir(args),
        "extra": tuple(args.extra),
    }
