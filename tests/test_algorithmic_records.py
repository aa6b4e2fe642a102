"""What is recorded of a training on an algorithmic task: its curve, a table, samples with their errors marked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from data_prep.errors import DataError
from data_prep.files import read_json
from eval import provenance
from eval.inspection import Sample, accuracy_by_position, parse_samples, report, task_options
from eval.provenance import Commit, Stopwatch
from recipes.algorithmic.runs import METRICS, outcome, samples_to_reach
from recipes.curves import read_points, write_curves
from recipes.runs import combined_provenance, recorded_start
from tests.programs import ROOT


def entry(kind: str, samples: int, updates: int, accuracy: float, at: int = 0) -> str:
    values = {"samples": samples, "num_updates": updates, "accuracy": accuracy}
    fields = ", ".join(f'"{kind}_{name}": "{value}"' for name, value in values.items())
    return f'2026-01-01 00:01:{at:02} | INFO | {kind} | {{"epoch": 1, {fields}}}'


def start(at: int) -> str:
    return f"2026-01-01 00:01:{at:02} | INFO | fairseq_cli.train | training on 1 devices (GPUs/TPUs)"


def test_a_curve_counts_what_was_repeated_once() -> None:
    log = [start(2), entry("valid", 100, 10, 0.4), entry("train", 100, 10, 0.3, at=7)]
    log += [entry("valid", 200, 20, 0.5), entry("train", 200, 20, 0.4, at=11)]
    log += [entry("valid", 300, 30, 0.6)]  # stopped before its checkpoint was written
    log += [start(40), entry("valid", 200, 20, 0.55), entry("train", 200, 20, 0.45, at=44)]
    log += [entry("valid", 300, 30, 1.0), entry("train", 300, 30, 0.7, at=51)]
    log += [entry("valid", 300, 31, 1.0), entry("train", 300, 31, 0.1, at=52)]  # the update without effect
    points = read_points(["some other line", *log], METRICS, count="samples")
    assert [(point["samples"], point["updates"]) for point in points] == [(100, 10), (200, 20), (300, 30)]
    assert [point["valid_accuracy"] for point in points] == [0.4, 0.55, 1.0]
    assert [point["train_accuracy"] for point in points] == [0.3, 0.45, 0.7]
    assert [point["seconds"] for point in points] == [5, 9 + 4, 9 + 11]
    assert samples_to_reach(points, "valid_accuracy", 0.5) == 200
    assert outcome(points, 1.0)["samples_to_solve"] == 300
    last = {"samples": 200, "updates": 20, "valid_accuracy": 0.55}
    assert outcome(points[:2], 1.0) == {
        "solved": False,
        "samples_to_solve": None,
        "samples": 200,
        "seconds": 13,
        "validations": 2,
        "last": last,
        "best": last,
    }


def test_curves_as_a_table(tmp_path: Path) -> None:
    write_curves(
        tmp_path / "c.csv", {"a": [{"samples": 1, "valid_accuracy": 0.5}], "b": [{"samples": 2, "seconds": 3}]}
    )
    assert (tmp_path / "c.csv").read_text() == "run,samples,valid_accuracy,seconds\na,1,0.5,\nb,2,,3\n"


def test_a_start_says_whether_the_code_changed_until_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the training fails, and the file of all curves is dirty if one start is."""
    clean = Commit("a" * 40, dirty=False)
    monkeypatch.setattr(provenance, "commit", lambda root=None: clean)
    document: dict[str, Any] = {"settings": 1, "starts": []}
    with recorded_start(tmp_path / "s.json", document, ["python"], Stopwatch()):
        assert read_json(tmp_path / "s.json")["starts"][0]["commit"]["dirty"] is False
    with pytest.raises(DataError), recorded_start(tmp_path / "s.json", document, ["python"], Stopwatch()):
        monkeypatch.setattr(provenance, "commit", lambda root=None: replace(clean, dirty=True))
        raise DataError("failed")
    starts = read_json(tmp_path / "s.json")["starts"]
    assert [start["commit"]["dirty"] for start in starts] == [False, True]
    assert [start["command"] for start in starts] == [["python"]] * 2
    whole = {"commit": {"revision": "b" * 40, "dirty": False}}
    assert combined_provenance(whole, [{"starts": starts[:1]}])["commit"]["dirty"] is False
    assert combined_provenance(whole, [{"starts": starts[:1]}, {"starts": starts}])["commit"] == {
        "revision": "b" * 40,
        "dirty": True,
    }


def test_errors_stand_below_the_symbols_that_are_wrong() -> None:
    output = ["S-1\t- 1 -", "T-1\t- - 12", "H-1\t-0.5\t- 3 12", "S-0\t- 7 -", "T-0\t- - 7", "H-0\t-0.1\t- - 7", "noise"]
    samples = parse_samples(output)
    assert samples[1] == Sample(("-", "1", "-"), ("-", "-", "12"), ("-", "3", "12"))
    lines = report(samples, 5, errors_only=True)
    assert lines[0] == "sample 1: 2 of 3 symbols right"
    assert lines[3].index("3") == lines[4].index("^")
    assert lines[-2:] == [
        "5 of 6 symbols right (83.33%), 1 of 2 samples without an error",
        "without delimiters: 2 of 2 right (100.00%)",
    ]


def test_the_accuracy_at_each_position_counts_results_only() -> None:
    samples = [
        Sample(("-",) * 4, ("-", "1", "2", "-"), ("-", "1", "3", "9")),
        Sample(("-",) * 4, ("-", "4", "5", "6"), ("7", "4", "5", "6")),
        Sample(("-",) * 4, ("-", "7", "8", "-"), ("-", "7", "9", "-")),
    ]
    assert accuracy_by_position(samples) == [1.0, 1 / 3, 1.0]
    assert report(samples, 0)[-1] == "right by position, %: 100.0 33.3 100.0"
    assert report([Sample(("1",), ("1",), ("1",))], 0)[-1].startswith("1 of 1 symbols"), "no delimiters, one position"


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ([], "no sample"),
        (["S-0\t1", "T-0\t1"], "sample 0 lacks a line"),
        (["S-0\t1", "T-0\t1 2", "H-0\t0\t1"], "1 predictions for 2 symbols"),
    ],
)
def test_output_that_is_no_inspection_is_refused(output: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_samples(output)


PLUGIN = """
from dataclasses import dataclass, field
from typing import Optional

from fairseq.dataclass import FairseqDataclass
from fairseq.tasks import FairseqTask, register_task


@dataclass
class Config(FairseqDataclass):
    valid_seed: int = field(default=2, metadata={"help": "a number"})
    loud: bool = field(default=False, metadata={"help": "a flag that turns something on"})
    tidy: bool = field(default=True, metadata={"help": "a flag that turns something off"})
    note: Optional[str] = field(default=None, metadata={"help": "a text"})


@register_task("task_with_flags", dataclass=Config)
class TaskWithFlags(FairseqTask):
    pass
"""


DRAWS_AFTER_THE_TEST = """
from pathlib import Path
import sys
from eval.inspection import task_options
from eval.pictures import new_figure, save_png
from eval.program import USER_DIR

assert "--task" in task_options(Path(sys.argv[1]), USER_DIR)
figure = new_figure(2, 2)
figure.subplots().set_title("samples")
save_png(figure, Path(sys.argv[2]), 50)
"""


def test_a_recipe_that_tests_its_model_and_draws_prints_nothing_of_the_libraries(tmp_path: Path) -> None:
    """In a process of its own: fairseq sets logging up where it is imported first."""
    checkpoint = tmp_path / "checkpoint.pt"
    torch.save({"model": {}, "cfg": {"task": {"_name": "grid_parity", "valid_seed": 7}}}, checkpoint)
    command = [sys.executable, "-c", DRAWS_AFTER_THE_TEST, checkpoint, tmp_path / "curve.png"]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "curve.png").stat().st_size > 0
    reported = [line for line in (done.stdout + done.stderr).splitlines() if "DEBUG" in line or "INFO" in line]
    assert reported == []


@pytest.mark.parametrize("loud", [False, True])
@pytest.mark.parametrize("tidy", [False, True])
def test_task_options_are_those_of_the_checkpoint(
    loud: bool, tidy: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """fairseq parses them to the configuration in the checkpoint, flags that are on by default included."""
    from fairseq import options

    plugin = tmp_path_factory.getbasetemp() / "plugin_with_flags"  # fairseq accepts only one folder of a name
    plugin.mkdir(exist_ok=True)
    (plugin / "__init__.py").write_text(PLUGIN)
    config: dict[str, Any] = {
        "_name": "task_with_flags", "valid_seed": 7, "loud": loud, "tidy": tidy, "note": None
    }  # fmt: skip
    checkpoint = tmp_path_factory.mktemp("flags") / "checkpoint.pt"
    torch.save({"model": {}, "cfg": {"task": config}}, checkpoint)
    arguments = ["--user-dir", str(plugin), "--path", str(checkpoint), *task_options(checkpoint, plugin)]
    parsed = options.parse_args_and_arch(options.get_generation_parser(), arguments)
    assert parsed.task == "task_with_flags"
    assert {name: getattr(parsed, name) for name in config if name != "_name"} == {
        name: value for name, value in config.items() if name != "_name"
    }
