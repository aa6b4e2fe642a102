"""Preparing data with several processes: the same bytes, and errors in one line."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sentencepiece
from packaging.version import Version

from data_prep import binarise, encoding, phrase_part, prepare, workers
from data_prep.__main__ import main
from data_prep.encoding import Encoding, sampled_tokens, tokens_of_normalised
from data_prep.errors import DataError
from data_prep.subwords import train_sentencepiece
from data_prep.word_alignment import Link
from data_prep.workers import Workers
from tests.forked_programs import run_fork

WHO = {"汤姆": "Tom", "玛丽": "Mary", "约翰": "John", "老师们": "The teachers"}
WHAT = {"喜欢看电影": "like watching films", "不喝咖啡": "don't drink coffee", "想要休息": "want to rest"}
WHEN = {"今天": "today", "星期天早上": "on Sunday mornings", "每天": "every day"}
SPLIT = ["--test-permille", "200", "--valid-permille", "200"]
PHRASES = ["--phrase-pairs", "50"]
SUBWORDS = ["--segmentation", "jieba-sentencepiece", "--target-segmentation", "sentencepiece"]
SUBWORDS += ["--sentencepiece-vocab-size", "38", "--sentencepiece-target-vocab-size", "45", "--subword-samples", "2"]
# Chinese pieces of sentences: the words that are aligned are not those of the text. Case is kept.
SENTENCES = ["--segmentation", "sentencepiece", "--sentencepiece-vocab-size", "38", "--keep-case"]


@pytest.fixture(scope="module")
def tsv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("input") / "pairs.tsv"
    lines = [
        f"{who} {what} {when}.\t{chinese_who}{chinese_when}{chinese_what}。\n"
        for chinese_who, who in WHO.items()
        for chinese_what, what in WHAT.items()
        for chinese_when, when in WHEN.items()
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs that share no sentence with others, but all words."""
    path = tmp_path_factory.mktemp("input") / "synthetic.tsv"
    lines = [
        f"{when.capitalize()} {who.lower()} {what}!\t{chinese_when}{chinese_who}，{chinese_what}！\n"
        for chinese_who, who in WHO.items()
        for chinese_what, what in WHAT.items()
        for chinese_when, when in WHEN.items()
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model"
    words = " ".join([*WHO.values(), *WHAT.values(), *WHEN.values()]).lower().split()
    train_sentencepiece(words * 3, 45, path, "en", words=True)
    return path


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Distribute even the few lines of a test. No process may be left at the end."""
    monkeypatch.setattr(workers, "FEWEST_LINES", 2)
    monkeypatch.setattr(workers, "CHUNK", 5)
    before = set(multiprocessing.active_children())
    yield
    assert set(multiprocessing.active_children()) <= before


def first_words(source: Iterable[str], target: Iterable[str], seed: int) -> list[set[Link]]:
    """Stands for eflomal: links the first words."""
    return [{(0, 0)} for _ in source]


def contents(directory: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "manifest.json"}


def manifest_of(directory: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize(("flags", "several"), [(SUBWORDS, 3), (SENTENCES, 2)], ids=["words", "sentences"])
def test_the_data_do_not_depend_on_the_number_of_processes(
    flags: list[str], several: int, tsv: Path, synthetic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fairseq_cli.preprocess  # noqa: F401  # once, for all forks

    monkeypatch.setattr(binarise, "subprocess", SimpleNamespace(run=run_fork))
    monkeypatch.setattr(phrase_part, "align_words", first_words)
    monkeypatch.setattr(prepare, "check_aligner", lambda option: None)
    processes: list[int] = []
    pool = workers.ProcessPoolExecutor

    def counted(count: int, **settings: Any) -> workers.ProcessPoolExecutor:
        processes.append(count)
        return pool(count, **settings)

    monkeypatch.setattr(workers, "ProcessPoolExecutor", counted)
    for count in (1, several):
        files = ["--tsv", str(tsv), "--synthetic-tsv", str(synthetic), "--dest", str(tmp_path / str(count))]
        assert main(["prepare", *files, "--workers", str(count), *SPLIT, *flags, *PHRASES]) == 0
    assert processes == [several]  # one pool for the whole run, and none for a single process
    one = contents(tmp_path / "1")
    assert "text/train2.zh" in one and not any(name.startswith("normalised") for name in one)
    assert ("text/train3.zh" in one) is (flags is SUBWORDS)
    assert manifest_of(tmp_path / "1")["synthetic"]["pairs"] == len(WHO) * len(WHAT) * len(WHEN)
    assert contents(tmp_path / str(several)) == one
    for name in ("options", "counts", "files", "phrases", "sentencepiece", "sampled", "synthetic"):
        assert manifest_of(tmp_path / str(several)).get(name) == manifest_of(tmp_path / "1").get(name)


def test_a_number_of_processes_that_is_not_positive_is_refused(
    tsv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), "--workers", "0"])
    assert "error: argument --workers: must be at least 1, not 0" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataError, match="--workers 0: must be at least 1"):
        Workers(0)


def test_an_error_in_a_process_is_one_line(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    parent = os.getpid()

    def refuse(encoding: Encoding) -> None:
        assert os.getpid() != parent
        raise DataError("line 7: no such character")

    monkeypatch.setattr(encoding, "_tool", refuse)
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), "--workers", "2"]) == 2
    printed = capfd.readouterr().err
    assert printed.splitlines()[-1] == "error: line 7: no such character" and "Traceback" not in printed
    assert not list(tmp_path.iterdir())


def reverse(number: int, chunk: list[str]) -> list[str]:
    """Reverse words. A process that is given the word "end" ends."""
    if "end" in chunk:
        os._exit(1)
    return [f"{number} {word[::-1]}" for word in chunk]


def test_results_are_in_order_whatever_the_number_of_chunks() -> None:
    with Workers(2) as two:
        for total in (0, 4, 5, 93):
            words = [f"word{n}" for n in range(total)]
            expected = [f"{n // 5} {word[::-1]}" for n, word in enumerate(words)]
            assert list(two.map_numbered(reverse, iter(words), total, "")) == expected
            assert list(Workers().map_numbered(reverse, iter(words), total, "")) == expected


@pytest.mark.parametrize(("count", "size", "started"), [(2, 200, 2), (2, 199, 0), (1, 200, 0)])
def test_processes_start_before_a_large_input_is_read(count: int, size: int, started: int) -> None:
    before = set(multiprocessing.active_children())
    with Workers(count) as several:
        several.start_for(size)
        assert len(set(multiprocessing.active_children()) - before) == started
        assert list(several.map_numbered(reverse, ["word"], 1, "")) == ["0 drow"]
    assert set(multiprocessing.active_children()) <= before


def test_a_process_that_is_ended_from_outside_is_an_error() -> None:
    with pytest.raises(DataError, match="--workers 2: a process was killed"), Workers(2) as two:
        list(two.map_numbered(reverse, ["a"] * 50 + ["end"] + ["a"] * 50, 101, ""))


def test_sampled_pieces_depend_on_seed_language_copy_and_chunk_only(model: Path) -> None:
    english = Encoding("en", "sentencepiece", model=model, sampling=0.1)
    chinese = Encoding("zh", "sentencepiece", model=model, sampling=0.1)
    chunk = [" ".join([*WHAT.values(), *WHEN.values()]).lower()] * 5
    work = partial(sampled_tokens, english, 3, 1)
    drawn = work(2, chunk)
    assert len(set(drawn)) > 1
    # Whatever has been drawn before, in this thread or another.
    tokens_of_normalised(english, chunk)
    work(1, chunk)
    assert work(2, chunk) == drawn
    with ThreadPoolExecutor(max_workers=1) as other:
        assert other.submit(work, 2, chunk).result() == drawn
    others = [work(1, chunk), sampled_tokens(english, 4, 1, 2, chunk), sampled_tokens(english, 3, 2, 2, chunk)]
    # The same model for both languages: only the draws differ.
    others.append(sampled_tokens(chinese, 3, 1, 2, chunk))
    assert all(other != drawn for other in others)
    pieces = [line.replace(" ", "") for line in drawn]
    assert all([line.replace(" ", "") for line in other] == pieces for other in others)


@pytest.mark.xfail(
    Version(sentencepiece.__version__) >= Version("0.2.2"),
    reason="sentencepiece draws differently in every program that is started, whatever the seed is",
    raises=AssertionError,
    strict=True,
)
def test_sampled_pieces_are_the_same_in_every_run(model: Path) -> None:
    """Processes that are forked from one program, as in the other tests, would not show the difference."""
    program = (
        "import sys; from pathlib import Path; from data_prep.encoding import Encoding, sampled_tokens\n"
        "encoding = Encoding('en', 'sentencepiece', model=Path(sys.argv[1]), sampling=0.1)\n"
        "print(sampled_tokens(encoding, 3, 1, 2, ['like watching films every day'] * 50))"
    )
    command = [sys.executable, "-c", program, str(model)]
    one, two = (subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2))
    assert one == two
