"""How many sentences per second the trained systems translate.

    python -m recipes.tatoeba.speed single=pieces-phrases both=pieces-phrases,pieces-phrases-seed-3 --output speed.json

The systems are trained by `python -m recipes.tatoeba`. They translate the validation set in turn, several times, so
that other work on the machine slows all of them alike; the fastest run of each counts. Two speeds are measured: that
which fairseq-generate reports, and that of the model of `python -m eval translate` from raw text to raw text; both with
one thread and without the time to start.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser
from data_prep.errors import DataError
from data_prep.files import read_lines, write_json
from eval.generation_settings import GenerationSettings
from eval.program import run_generate
from eval.provenance import Stopwatch, provenance, recorded_command
from eval.search_settings import SearchSettings
from eval.translation import load_model

from ..command_line import run
from .catalogue import EXPERIMENTS, group_by_tokens
from .execution import best_checkpoint

BEAMS = (5, 20)
REPETITIONS = 3
BATCH_SIZE = 64
_REPORT = re.compile(r"\(([\d.]+) sentences/s")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(prog="python -m recipes.tatoeba.speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "systems", nargs="+", metavar="NAME=EXPERIMENT[,...]", help="a system: one trained experiment, or an ensemble"
    )
    parser.add_argument("--work", type=Path, default=Path("runs/tatoeba"), help="folder of data and trainings")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="JSON file to write")
    return parser


def system(text: str, work: Path) -> tuple[str, GenerationSettings]:
    """Return the name of a system and how to translate with it.

    Args:
        text: NAME=EXPERIMENT[,...].
        work: folder of data and trainings.

    Raises:
        DataError: there is no such experiment, it is not trained, or the members do not share their data.
    """
    name, _, members = text.partition("=")
    members = members or name
    names = members.split(",")
    for member in names:
        if member not in EXPERIMENTS:
            raise DataError(
                f"{text}: no experiment '{member}'; python -m recipes.tatoeba.experiments --list prints all"
            )
    if len(group_by_tokens(names)) > 1:
        variants = " and ".join(sorted({EXPERIMENTS[member].data for member in names}))
        raise DataError(f"{text}: the members of an ensemble need the same tokens, but their data are {variants}")
    settings = GenerationSettings(
        data=work / "data" / EXPERIMENTS[names[0]].data,
        checkpoints=tuple(best_checkpoint(member, work) for member in names),
        output=work / "translations" / name,
        split="valid",
        batch_size=BATCH_SIZE,
        max_blocks=20_000,
    )
    settings.check_inputs()
    return name, settings


def sentences_per_second(settings: GenerationSettings, beam: int) -> float:
    """Translate once, and return the speed that fairseq-generate reports.

    Raises:
        DataError: fairseq-generate failed, or does not report it.
    """
    log = io.StringIO()
    with closing(run_generate(settings.arguments(SearchSettings(beam=beam)), log, threads=1)) as lines:
        for _ in lines:
            pass
    found = _REPORT.search(log.getvalue())
    if found is None:
        raise DataError("fairseq-generate did not report its speed")
    return float(found[1])


def raw_per_second(settings: GenerationSettings, beam: int) -> float:
    """Translate once from raw text to raw text, and return the speed.

    Raises:
        DataError: a checkpoint or its data cannot be used.
    """
    model = load_model(
        settings.checkpoints,
        data=settings.data,
        threads=1,
        batch_size=settings.batch_size,
        max_blocks=settings.max_blocks,
        tuned=False,
        beam=beam,
    )
    texts = read_lines(settings.data / "raw" / f"{settings.split}.zh")
    started = time.perf_counter()
    model.translate(texts)
    return len(texts) / (time.perf_counter() - started)


WAYS: dict[str, Callable[[GenerationSettings, int], float]] = {"systems": sentences_per_second, "raw": raw_per_second}
"""How to translate, by the name of the speeds in the result file."""


def measure(systems: Mapping[str, GenerationSettings]) -> dict[str, dict[str, dict[str, float]]]:
    """Return for each way and system the sentences per second by beam, the fastest of the repetitions."""
    fastest: dict[str, dict[str, dict[str, float]]] = {way: {name: {} for name in systems} for way in WAYS}
    for repetition, beam, name in product(range(1, REPETITIONS + 1), BEAMS, systems):
        for way, translate in WAYS.items():
            speed = translate(systems[name], beam)
            known = fastest[way][name]
            known[str(beam)] = max(speed, known.get(str(beam), 0.0))
            print(f"run {repetition}, {name}, beam {beam}, {way}: {speed:.1f} sentences/s", file=sys.stderr)
    return fastest


def run_measurement(options: argparse.Namespace, arguments: list[str]) -> dict[str, Any]:
    """Measure, write the result file and return its contents.

    Raises:
        DataError: an option is wrong, or a program failed.
    """
    stopwatch = Stopwatch()
    systems = dict(system(text, options.work) for text in options.systems)
    result: dict[str, Any] = {**measure(systems), "repetitions": REPETITIONS, "batch_size": BATCH_SIZE}
    result["provenance"] = provenance(recorded_command("recipes.tatoeba.speed", arguments), stopwatch)
    write_json(options.output, result)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Run the measurement; return the exit status, see `data_prep.command_line.run`."""
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return run(lambda: run_measurement(options, given))


if __name__ == "__main__":
    sys.exit(main())
