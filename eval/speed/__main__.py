"""Measure speed and memory: of the grid, compared with its unavoidable matrix products and with slower ways to compute
it; of a Reencoder's training step; of decoding; and of data preparation (see also eval.speed.preparation).

    python -m eval.speed [--quick] [--runs N] [--data DIR] [--peer DIR] [--json FILE]

Ratios are of medians measured in one process, with the compared computations taking turns. They still differ from one
run to the next; with --runs those that have a target are measured several times.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from tqdm import tqdm

from data_prep.command_line import Parser, positive, run
from data_prep.errors import DataError
from data_prep.files import write_json

from ..prepared import check_binarised
from ..provenance import Stopwatch, provenance, recorded_command

PAIRS = 20_000
"""Number of pairs that are prepared."""

QUICK_PAIRS = 1000
"""The same with --quick."""


WITH_RATIOS = ("planes", "twins", "training step")
"""The parts whose ratios have targets."""

RATIOS = ("limit_ratio", "speedup")
"""The keys of these ratios in the result."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m eval.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    parser.add_argument("--quick", action="store_true", help="few repetitions: less than a minute")
    parser.add_argument(
        "--runs", type=positive, default=1, metavar="N", help="measure the ratios with targets N times (default: 1)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="binarised data for the training step (default: embedded phrasebook)"
    )
    parser.add_argument(
        "--peer",
        type=Path,
        metavar="DIR",
        help="compare with the model in a checkout of github.com/FlorianPfisterer/2D-LSTM-Seq2Seq, whose code is run",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the results, and write them if requested.

    Args:
        arguments: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return run(lambda: _measure_and_report(options, given))


def _measure_and_report(options: argparse.Namespace, arguments: Sequence[str]) -> None:
    if options.data is not None:
        check_binarised(options.data)
    if options.peer is not None and not options.peer.is_dir():
        raise DataError(f"--peer {options.peer}: no such folder; give a checkout of FlorianPfisterer/2D-LSTM-Seq2Seq")
    stopwatch = Stopwatch()
    result = measure(options.quick, options.data, options.peer, options.runs)
    result["provenance"] = provenance(recorded_command("eval.speed", arguments), stopwatch)
    if options.json is not None:
        write_json(options.json, result)
    print(report(result))


def measure(quick: bool, data: Path | None, peer: Path | None = None, runs: int = 1) -> dict[str, Any]:
    """Make all measurements.

    Args:
        quick: measure with few repetitions.
        data: folder of binarised data for the training step; None for the embedded phrasebook.
        peer: checkout of the peer, see `against_peer`; None to leave it out.
        runs: how often to measure `RATIOS`. Default: 1

    Returns:
        The results as one JSON object. `RATIOS` are the medians of all runs, and `runs` has those of each.
    """
    from reencoder.training_process import set_up_training

    from . import grids, preparation, translation
    from .processor import processor

    set_up_training()  # before the first large tensor
    repeats = 1 if quick else 7
    result: dict[str, Any] = {"processor": processor()}
    with tempfile.TemporaryDirectory() as folder:
        parts: list[tuple[str, Callable[[], dict[str, Any]]]] = [
            ("planes", lambda: grids.limit_ratios(repeats)),
            ("twins", lambda: grids.speedups(1 if quick else 5)),
            ("memory", lambda: grids.memory(repeats)),
            ("cost", lambda: grids.cost_exponent(repeats)),
            ("training step", lambda: translation.training_step(_data(data, Path(folder), quick), quick)),
            ("decoding", lambda: translation.decoding(_data(data, Path(folder), quick), quick)),
            ("data preparation", lambda: {"preparation": preparation.measure(QUICK_PAIRS if quick else PAIRS)}),
        ]
        if peer is not None:
            from .peer import against_peer

            # First, since it is the part that may fail.
            compare = partial(against_peer, peer, _data(data, Path(folder), quick), 1 if quick else 15)
            parts.insert(0, ("peer", compare))
        again = [(name, part) for name, part in parts if name in WITH_RATIOS]
        result["runs"] = []
        with tqdm(desc="measuring", total=len(parts) + (runs - 1) * len(again), leave=False, disable=None) as progress:
            for number in range(runs):
                ratios: dict[str, Any] = {}
                for name, part in again if number else parts:
                    tqdm.write(f"{name} ...", file=sys.stderr)
                    values = part()
                    _merge(ratios, {key: values[key] for key in RATIOS if key in values})
                    if number == 0:
                        _merge(result, values)
                    progress.update()
                result["runs"].append(ratios)
    for key in RATIOS:
        result[key] = {name: median(run[key][name] for run in result["runs"]) for name in result[key]}
    result["train_step"]["data"] = "embedded phrasebook" if data is None else data.resolve().parent.name
    return result


def _merge(result: dict[str, Any], values: dict[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            result.setdefault(key, {}).update(value)
        else:
            result[key] = value


def _data(given: Path | None, folder: Path, quick: bool) -> Path:
    """Return the data for the training step: `given`, or else the embedded phrasebook, prepared in `folder`."""
    if given is not None:
        return given
    from data_prep.options import Options
    from data_prep.phrasebook import write_phrasebook
    from data_prep.prepare import prepare

    dest = folder / "data"
    if not dest.exists():
        write_phrasebook(folder / "phrasebook.tsv", 2000 if quick else 8000, 1)
        prepare(Options(dest=dest, tsv=[folder / "phrasebook.tsv"], test_permille=20, valid_permille=20))
    return dest / "bin"


def report(result: dict[str, Any]) -> str:
    """Return the results as lines of text."""
    from . import preparation
    from .processor import describe

    decode, used = result["decode"], result["memory"]
    train = result["train_step"]
    lines = [f"processor: {describe(result['processor'])}"]
    lines += [
        f"{name}: least time of the matrix products / time: {ratio:.2f}; time in its own products: "
        f"{result['time_in_products'][name]:.2f}"
        for name, ratio in result["limit_ratio"].items()
    ]
    lines += [f"time of {name} / time of the fused engine: {ratio:.2f}" for name, ratio in result["speedup"].items()]
    lines += [
        "training step of the recipes: "
        + ", ".join(f"{part} {share:.0%}" for part, share in result["recipe_step"]["parts"].items()),
        f"training ({train['data']}): {train['words_per_second']:.0f} target words per second",
        f"decoding, beam 20: {decode['ms_per_word']:.1f} ms per word; last words / first words: "
        f"{decode['growth']:.2f}; recomputing {decode['prefix']} prefixes / decoding: {decode['over_recompute']:.1f}",
        f"peak memory per block: {used['floats_per_block_over_d']:.1f} d floats; with recomputed gates: "
        f"{used['recompute_floats_per_block_over_d']:.1f} d at {used['recompute_time_ratio']:.2f} times the time",
        f"time grows as (S * T) to the power of {result['cost_exponent']:.2f}",
    ]
    lines.append(f"data preparation: {preparation.describe(result['preparation'])}")
    if "peer" in result:
        lines.append(f"training step of the peer / of the recipes' Reencoder: {result['peer']['ratio']:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
