"""Measure speed and memory: of the grid against the matrix products that it cannot avoid and against its slow twins, of
a Reencoder's training step, and of decoding.

    python -m eval.speed [--quick] [--data DIR] [--json FILE]

All ratios are of medians measured in one process, the measured things taking turns.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from eval.errors import EvaluationError
from eval.files import write_json
from eval.provenance import Stopwatch, provenance


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write the results if asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    parser.add_argument("--quick", action="store_true", help="few repeats: under a minute")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="binarised data for the training step (default: embedded phrasebook)"
    )
    options = parser.parse_args(arguments)
    try:
        if options.data is not None and not (options.data / "dict.zh.txt").exists():
            raise EvaluationError(f"{options.data}: no binarised data (dict.zh.txt is missing); see data_prep prepare")
        stopwatch = Stopwatch()
        result = measure(options.quick, options.data)
        command = ["python", "-m", "eval.speed", *(["--quick"] if options.quick else [])]
        command += ["--data", str(options.data)] if options.data else []
        result["provenance"] = provenance(command, stopwatch)
        if options.json is not None:
            write_json(options.json, result)
    except (EvaluationError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(report(result))
    return 0


def measure(quick: bool, data: Path | None) -> dict[str, Any]:
    """All measurements, as one JSON object."""
    # The plugin's memory handling belongs to what is measured: import it before the first large tensor.
    import reencoder  # noqa: F401
    from eval.speed import grids, translation

    repeats = 1 if quick else 9
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            ("planes", lambda: grids.limit_ratios(repeats)),
            ("twins", lambda: grids.speedups(1 if quick else 5)),
            ("memory", lambda: grids.memory(repeats)),
            ("cost", lambda: grids.cost_exponent(repeats)),
            ("training step", lambda: translation.training_step(_data(data, Path(folder), quick), quick)),
            ("decoding", lambda: translation.decoding(_data(data, Path(folder), quick), quick)),
        ]
        for name, part in tqdm(parts, desc="measuring", leave=False, disable=None):
            tqdm.write(f"{name} ...", file=sys.stderr)
            for key, values in part().items():
                if isinstance(values, dict):
                    result.setdefault(key, {}).update(values)
                else:
                    result[key] = values
    result["train_step"]["data"] = "embedded phrasebook" if data is None else data.resolve().parent.name
    return result


def _data(given: Path | None, folder: Path, quick: bool) -> Path:
    """The data for the training step: what the user gave, or the embedded phrasebook, prepared in `folder`."""
    if given is not None:
        return given
    from data_prep.phrasebook import write_phrasebook
    from data_prep.prepare import Options, prepare

    dest = folder / "data"
    if not dest.exists():
        write_phrasebook(folder / "phrasebook.tsv", 2000 if quick else 8000, 1)
        prepare(Options(dest=dest, tsv=folder / "phrasebook.tsv", test_permille=20, valid_permille=20))
    return dest / "bin"


def report(result: dict[str, Any]) -> str:
    """The figures in words."""
    decode, used = result["decode"], result["memory"]
    train = result["train_step"]
    lines = [f"threads: {result['provenance']['hardware']['threads']}"]
    lines += [f"unavoidable products / time, {name}: {ratio:.2f}" for name, ratio in result["limit_ratio"].items()]
    lines += [f"time of {name} / time of the engine: {ratio:.2f}" for name, ratio in result["speedup"].items()]
    lines += [
        f"training ({train['data']}): {train['words_per_second']:.0f} target words a second",
        f"decoding, beam 20: {decode['ms_per_word']:.1f} ms a word; last words / first words: {decode['growth']:.2f}; "
        f"recomputing {decode['prefix']} prefixes / decoding them: {decode['over_recompute']:.1f}",
        f"peak memory of a block: {used['floats_per_cell_over_d']:.1f} d floats; without keeping gates: "
        f"{used['recompute_floats_per_cell_over_d']:.1f} d at {used['recompute_time_ratio']:.2f} times the time",
        f"time grows as (S * T) to the power {result['cost_exponent']:.2f}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
