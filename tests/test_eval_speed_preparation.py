"""The benchmark of data preparation: the pairs, the memory of several processes, errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data_prep.errors import DataError
from eval.speed import preparation
from eval.speed.preparation import describe, main, memory_of_tree, synthetic_pairs


@pytest.fixture(autouse=True)
def few_phrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "PHRASES", 40)


def test_pairs_are_different_and_the_same_in_every_run() -> None:
    pairs = list(synthetic_pairs(1600))
    assert len({(pair.chinese, pair.english) for pair in pairs}) == 1600
    assert pairs[:100] == list(synthetic_pairs(1600))[:100]


def process(proc: Path, number: int, parent: int, kilobytes: int | None) -> None:
    folder = proc / str(number)
    folder.mkdir(parents=True)
    (folder / "stat").write_text(f"{number} (a) b (c)) S {parent} 1 1 0\n")
    if kilobytes is not None:
        (folder / "smaps_rollup").write_text(f"55f0-7fff ---p 0 00:00 0 [rollup]\nRss: 999 kB\nPss: {kilobytes} kB\n")


def test_the_memory_is_that_of_a_process_and_its_descendants(tmp_path: Path) -> None:
    for number, parent, kilobytes in (
        (1, 0, 7),
        (10, 1, 100),
        (11, 10, 20),
        (12, 11, 3),
        (13, 1, 5000),
        (14, 10, None),
    ):
        process(tmp_path, number, parent, kilobytes)
    assert memory_of_tree(10, tmp_path) == 123 * 1024
    assert memory_of_tree(14, tmp_path) is None
    assert memory_of_tree(10, tmp_path / "none") is None


ALLOCATE = """
import mmap
print("started", flush=True)
input()
with mmap.mmap(-1, 50_000_000) as more:
    for start in range(0, len(more), mmap.PAGESIZE):
        more[start] = 1
    print("allocated", flush=True)
    input()
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="the system does not tell")
def test_memory_that_is_allocated_counts() -> None:
    """In a small process of its own: the share of large libraries changes when other processes start or end."""
    with subprocess.Popen(
        [sys.executable, "-c", ALLOCATE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "started\n"
        before = memory_of_tree(process.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "allocated\n"
        after = memory_of_tree(process.pid)
        process.stdin.write("\n")
    assert before is not None and after is not None and 40_000_000 < after - before < 60_000_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pairs", "99"], "--pairs 99: must be at least 100 and at most 1600"),
        (["--pairs", "1601"], "--pairs 1601: must be at least 100 and at most 1600"),
        (["--pairs", "100", "--workers", "0"], "--workers 0: must be at least 1"),
    ],
)
def test_options_out_of_range(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == 2
    assert capsys.readouterr().err == f"error: {message}\n"


def test_a_command_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^the preparation failed: error: the disk is full$"):
        preparation._run(
            [sys.executable, "-c", "import sys; sys.exit('warning\\nerror: the disk is full')"], tmp_path / "log"
        )


def test_the_description() -> None:
    found = {
        "pairs": 20000,
        "workers": 2,
        "pairs_per_second": 1234.5,
        "pairs_per_processor_second": 800.0,
        "peak_bytes": 1_234_000_000,
        "tokens_per_sentence": {"zh": 12.34, "en": 15.0},
    }
    assert describe(found) == (
        "20,000 pairs of 12.3 Chinese and 15.0 English words on average, 2 processes: 1,234 pairs "
        "per second, 800 per second of one processor's own time; peak memory 1,234 MB"
    )
    assert "1 process:" in describe({**found, "workers": 1, "peak_bytes": None})
    assert "peak" not in describe({**found, "peak_bytes": None})
