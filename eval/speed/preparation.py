"""Measure how many sentence pairs per second `python -m data_prep prepare` prepares, and how much memory that takes.

    python -m eval.speed.preparation [--pairs 1000000] [--workers N] [--json FILE]

The pairs are synthetic: each consists of two sentence pairs of the embedded phrasebook. The time is that of the whole
command with its defaults, from reading the file to the check of what fairseq-preprocess wrote. The memory is that of
all its processes together: memory that they share counts once.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser, run
from data_prep.errors import DataError
from data_prep.files import read_json, write_json
from data_prep.pairs import Pair, write_tsv
from data_prep.phrasebook import generate_pairs

from ..program import environment
from ..provenance import Stopwatch, provenance, recorded_command

PHRASES = 5000
"""Number of pairs of the phrasebook of which the synthetic pairs consist."""

INTERVAL = 0.5
"""Seconds between two looks at the memory."""

PROC = Path("/proc")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m eval.speed.preparation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--pairs", type=int, default=1_000_000, metavar="N", help="number of pairs (default: %(default)s)"
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="number of processes (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to a file")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print the results as JSON.

    Args:
        argv: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    given = sys.argv[1:] if argv is None else argv
    options = build_parser().parse_args(given)
    return run(lambda: _measure_and_report(options, given))


def _measure_and_report(options: argparse.Namespace, arguments: Sequence[str]) -> None:
    stopwatch = Stopwatch()
    command = recorded_command("eval.speed.preparation", arguments)
    result = {"preparation": measure(options.pairs, options.workers), "provenance": provenance(command, stopwatch)}
    if options.json is not None:
        write_json(options.json, result)
    print(json.dumps(result, indent=2))


def measure(pairs: int, workers: int = 1) -> dict[str, Any]:
    """Prepare synthetic pairs in a temporary folder.

    Args:
        pairs: number of pairs.
        workers: number of processes. Default: 1

    Returns:
        ``pairs`` and ``workers``; ``seconds`` of the wall and ``processor_seconds`` of all processes together;
        ``pairs_per_second`` of the wall and of one processor's time (``pairs_per_processor_second``); ``peak_bytes``,
        None where the system does not say; ``tokens_per_sentence`` of the training set by language.

    Raises:
        DataError: an option is out of range, or the command fails.
    """
    if not 100 <= pairs <= PHRASES**2:
        raise DataError(f"--pairs {pairs}: must be at least 100 and at most {PHRASES**2}")
    if workers < 1:
        raise DataError(f"--workers {workers}: must be at least 1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tsv(folder / "pairs.tsv", synthetic_pairs(pairs))
        command = [sys.executable, "-m", "data_prep", "prepare", "--tsv", str(folder / "pairs.tsv")]
        command += ["--dest", str(folder / "data"), "--workers", str(workers)]
        used, started = _processor_seconds(), time.perf_counter()
        peak = _run(command, folder / "log")
        seconds, processor_seconds = time.perf_counter() - started, _processor_seconds() - used
        counts = read_json(folder / "data" / "manifest.json")["counts"]["train"]
    return {
        "pairs": pairs,
        "workers": workers,
        "seconds": seconds,
        "processor_seconds": processor_seconds,
        "pairs_per_second": pairs / seconds,
        "pairs_per_processor_second": pairs / processor_seconds,
        "peak_bytes": peak,
        "tokens_per_sentence": {language: counts[language]["tokens"] / counts["lines"] for language in ("zh", "en")},
    }


def describe(found: dict[str, Any]) -> str:
    """Return what `measure` returned as a line of text."""
    tokens = found["tokens_per_sentence"]
    processes = f"{found['workers']} process{'es' if found['workers'] > 1 else ''}"
    peak = "" if found["peak_bytes"] is None else f"; peak memory {found['peak_bytes'] / 1e6:,.0f} MB"
    return (
        f"{found['pairs']:,} pairs of {tokens['zh']:.1f} Chinese and {tokens['en']:.1f} English "
        f"words on average, {processes}: {found['pairs_per_second']:,.0f} pairs per second, "
        f"{found['pairs_per_processor_second']:,.0f} per second of one processor's own time{peak}"
    )


def synthetic_pairs(count: int) -> Iterator[Pair]:
    """Yield different pairs, each of two pairs of the phrasebook.

    Args:
        count: number of pairs.
    """
    phrases = generate_pairs(PHRASES, 1)
    for number in random.Random(1).sample(range(PHRASES**2), count):
        one, other = phrases[number // PHRASES], phrases[number % PHRASES]
        yield Pair(one.chinese + other.chinese, f"{one.english} {other.english}")


def memory_of_tree(process: int, proc: Path = PROC) -> int | None:
    """Return the memory of a process and its descendants in bytes; shared memory counts in equal parts.

    Args:
        process: number of the process.
        proc: where Linux describes processes. Default: /proc

    Returns:
        None where the system does not say.
    """
    parents: dict[int, int] = {}
    for status in proc.glob("[0-9]*/stat"):
        try:
            # The second field is a name in brackets, which may contain anything.
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    total = None
    for other in parents:
        ancestor = other
        while ancestor != process and ancestor in parents:
            ancestor = parents[ancestor]
        if ancestor == process and (size := _proportional_size(proc / str(other) / "smaps_rollup")) is not None:
            total = (total or 0) + size
    return total


def _proportional_size(path: Path) -> int | None:
    try:
        for line in path.read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass  # it has ended, or another system
    return None


def _run(command: Sequence[str], log: Path) -> int | None:
    """Run a program; return the peak memory of it and its descendants, None where the system does not say.

    Raises:
        DataError: it fails.
    """
    sizes = []
    with log.open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment())
        try:
            while process.poll() is None:
                sizes.append(memory_of_tree(process.pid))
                time.sleep(INTERVAL)
        finally:
            process.terminate()
            process.wait()
        if process.returncode != 0:
            output.seek(0)
            raise DataError(f"the preparation failed: {output.read().strip().splitlines()[-1]}")
    return max((size for size in sizes if size is not None), default=None)


def _processor_seconds() -> float:
    """Return the time of the processors that children of this process have used, as far as they have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
