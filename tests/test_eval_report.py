"""The report: what it says, that it needs nothing else, and that a browser has nothing to complain about."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import eval.compare
import eval.report
from data_prep.manifest import FORMAT
from eval.__main__ import main
from eval.alignment import Alignment
from eval.bleu import score
from eval.buckets import by_length
from eval.compare import CompareOptions
from eval.report import ReportInputs, render
from eval.sentences import sentence_scores
from eval.word_differences import Word, closest, mark

SOURCES = ["我喝茶。", "他有一只狗 & 猫", "这是一本书", "<script>alert(1)</script>"]
REFERENCES = [["I drink tea.", "I'm drinking tea."], ["He has a dog & a cat."], ["This is a book."], ["No script."]]
ONE = ["i drink coffee.", "he has a dog.", "this is a book.", "<script>alert(2)</script>"]
TWO = ["i drink tea.", "he has dogs.", "that is a <b>book</b>.", ""]
VOID = {"meta", "link", "br"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Prepared data, translations, a log and alignments."""
    for name in ("raw", "text"):
        (tmp_path / "data" / name).mkdir(parents=True)
    raw = tmp_path / "data" / "raw"
    write(raw / "test.zh", SOURCES)
    write(raw / "test.en.0", [texts[0] for texts in REFERENCES])
    write(raw / "test.en.1", [texts[1] if len(texts) > 1 else "" for texts in REFERENCES])
    write(tmp_path / "data" / "text" / "train.en", ["i drink tea ."])
    (tmp_path / "data" / "manifest.json").write_text(json.dumps({"format": FORMAT, "options": {}}))
    write(tmp_path / "one", ONE)
    write(tmp_path / "two", TWO)
    entries = [
        {"epoch": 1, "train_ppl": "9.5", "train_num_updates": "10"},
        {"epoch": 1, "valid_ppl": "8.5", "valid_num_updates": "10"},
        {"epoch": 2, "train_ppl": "7.5", "train_num_updates": "20"},
    ]
    write(tmp_path / "log", [json.dumps(entry) for entry in entries])
    alignments = [
        Alignment(("我", "喝", "茶", "</s>"), ("▁i", "▁drink", "▁te", "a", "▁."), ((0.1, 0.6, 0.2, 0.1),) * 5, 1),
        Alignment((*"<script>", "</s>"), (), (), 4),
    ]
    write(tmp_path / "alignments", [json.dumps(alignment.to_json()) for alignment in alignments])
    return tmp_path


def write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def report(folder: Path, *systems: str, options: tuple[str, ...] = ()) -> str:
    output = folder / "report.html"
    arguments = ["report", *systems, "--data", str(folder / "data"), "--output", str(output), *options]
    assert main([*arguments, "--samples", "20", "--trials", "20"]) == 0
    return output.read_text(encoding="utf-8")


def full_report(folder: Path) -> str:
    return report(
        folder,
        f"one={folder / 'one'}",
        f"tw<o={folder / 'two'}",
        options=(
            *("--logs", f"run={folder / 'log'}", "--alignments", str(folder / "alignments")),
            *("--title", "Tea & <dogs>"),
        ),
    )


class Page(HTMLParser):
    """Checks that elements are closed in their order; collects attributes, texts of cells, and marked words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.cells: list[str] = []
        self.marked: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        if tag == "mark":
            self.marked.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open or "th" in self.open:
            self.cells[-1] += data
        if "mark" in self.open:
            self.marked[-1] += data


def test_it_says_what_the_scores_are(folder: Path) -> None:
    page = Page(full_report(folder))
    for name, hypotheses in (("one", ONE), ("tw<o", TWO)):
        found = score(hypotheses, REFERENCES, samples=20)
        at = page.cells.index(name)
        row = page.cells[at : at + 6]
        bleu, ter = found.confidence["BLEU"], found.confidence["TER"]
        assert row[1] == f"{found.bleu:.2f} ({bleu.mean:.2f} ± {bleu.half_width:.2f})"
        assert row[4] == f"{found.ter:.2f} ({ter.mean:.2f} ± {ter.half_width:.2f})"
        assert row[5] == f"{found.length_ratio:.3f}"
    assert "occurrences" in page.cells and "1 ref" in page.cells and "length ratio" in page.cells


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--samples", "0"), "--samples 0: must be at least 2"),
        (("--samples", "1"), "--samples 1: must be at least 2"),
        (("--trials", "0"), "--trials 0: must be at least 1"),
        (("--examples", "-1"), "--examples -1: must not be negative"),
        (("--logs", "one"), "one: "),
        (("--alignments", "one"), "one, line 1: "),
    ],
)
def test_inputs_are_checked_before_the_words_are_counted(
    options: tuple[str, ...],
    message: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr("eval.commands.report.training_counts", lambda *arguments: pytest.fail("counted too early"))
    assert main(["report", "one", "--data", "data", "--output", "report.html", *options]) == 2
    assert f"error: {message}" in capsys.readouterr().err


def test_text_of_users_is_text(folder: Path) -> None:
    text = full_report(folder)
    page = Page(text)
    assert "script" not in page.tags and "b" in page.tags and "<b>book" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "<title>Tea &amp; &lt;dogs&gt;</title>" in text


@pytest.mark.parametrize("name", ["plain", "_$x$"])
def test_names_of_systems_in_the_legend(folder: Path, name: str) -> None:
    text = report(folder, f"{name}={folder / 'one'}")
    assert [shown.strip() for shown in re.findall(r"<text[^>]*>([^<]*)", text)][-1] == name


def test_it_needs_nothing_else(folder: Path) -> None:
    page = Page(full_report(folder))
    named = [value for name, value in page.attributes if name in ("src", "href", "xlink:href", "srcset", "action")]
    assert named and all(value.startswith(("#", "data:")) for value in named)
    urls = {value for name, value in page.attributes if "://" in value and not name.startswith("xmlns")}
    assert urls == set()
    identifiers = [value for name, value in page.attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers)), "no name occurs twice on the page"
    assert {value[1:] for value in named if value.startswith("#")} <= set(identifiers)


def test_curves_alignments_and_marks(folder: Path) -> None:
    text = full_report(folder)
    page = Page(text)
    assert "train perplexity" in text and 'id="curves"' in text
    assert "drink ← 喝: 0.60" in text and "<summary>alignment of tw&lt;o</summary>" in text
    assert {"coffee.", "dogs.", "That", "<b>book</b>."} & set(page.marked) >= {"coffee.", "dogs.", "<b>book</b>."}
    assert "i" not in page.marked
    assert text == full_report(folder), "the same bytes again"


def inputs(systems: dict[str, list[str]], references: list[list[str]]) -> ReportInputs:
    options = CompareOptions(samples=20, trials=20)
    return ReportInputs("title", systems, references, ["我喝茶"] * len(references), None, {}, {}, options)


def test_references_show_what_the_last_system_misses() -> None:
    systems = {"one": ["I drink coffee"], "two": ["we have black coffee"]}
    text = render(inputs(systems, [["I drink tea", "we have black tea"]]))
    assert Page(text).marked == ["coffee", "coffee", "tea"] * text.count('class="example"')
    assert "I drink tea" in text, "without a mark: the last system is compared with the other reference"


def test_nothing_is_computed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Counter[str]()

    def count(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            calls[function.__name__] += 1
            return function(*arguments, **options)

        return counted

    for module in (eval.compare, eval.report):
        for function in (score, by_length, sentence_scores):
            monkeypatch.setattr(module, function.__name__, count(function))
    render(inputs({"one": ONE, "two": TWO}, REFERENCES))
    assert calls == {"score": 2, "by_length": 1, "sentence_scores": 2}


def test_alignments_of_other_sentences_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Alignment(("你", "好", "</s>"), (), (), 2)
    write(folder / "alignments", [json.dumps(other.to_json())])
    arguments = ["report", str(folder / "one"), "--data", str(folder / "data"), "--output", str(folder / "page.html")]
    assert main([*arguments, "--alignments", str(folder / "alignments")]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.endswith("error: --alignments: they are of other sentences; give those of the same split and data")
    assert not (folder / "page.html").exists()


def test_one_system_without_log_and_alignments(folder: Path) -> None:
    text = report(folder, str(folder / "one"), options=("--examples", "2"))
    page = Page(text)
    assert "p-value" not in text and 'id="curves"' not in text and "<details" not in text
    assert text.count('class="example"') == 2 and "occurrences" in page.cells


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--examples", "-1"], "--examples -1: must not be negative"),
        (
            ["--alignments", "log"],
            "log, line 1: not an alignment; expected a line that python -m eval align --json wrote",
        ),
        (["--logs", "one"], "one: no training or validation entry"),
        (["--samples", "0"], "--samples 0: must be at least 2"),
        (["--split", "valid"], "valid.zh: no such file"),
    ],
)
def test_wrong_input(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(folder)
    assert main(["report", "one", "--data", "data", "--output", "x.html", *options]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and message in error
    assert not (folder / "x.html").exists()


def test_a_file_with_missing_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "short", ONE[:3])
    arguments = ["report", str(folder / "short"), "--data", str(folder / "data"), "--output", str(folder / "x.html")]
    assert main(arguments) == 2
    assert "short: 3 hypotheses for the 4 sources of" in capsys.readouterr().err


def test_without_jinja2(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("eval.report.find_spec", lambda name: None)
    assert main(["report", str(folder / "one"), "--data", str(folder / "data"), "--output", str(folder / "x")]) == 2
    assert capsys.readouterr().err.startswith("error: report: needs jinja2; install this project's extra 'report'")


def test_differences_of_words() -> None:
    own, other = mark("he Has two dogs", "He has a big dog.")
    assert own == [Word("he", False), Word("Has", False), Word("two", True), Word("dogs", True)]
    assert [word.text for word in other if word.differs] == ["a", "big", "dog."]
    assert mark("", "a b") == ([], [Word("a", True), Word("b", True)])
    assert mark("yes .", "yes !")[0] == [Word("yes", False), Word(".", True)]
    assert closest("a cat", ["the dog", "A cat!", "a cat"]) == "A cat!"


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")
def test_a_browser_has_nothing_to_complain_about(folder: Path) -> None:
    full_report(folder)
    (folder / "bad.html").write_text("<script>console.error('found')</script><img src='missing.png'>")

    def console(page: str) -> list[str]:
        command = [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={folder / 'profile'}",
        ]
        command += ["--enable-logging=stderr", "--dump-dom", (folder / page).as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert "</html>" in done.stdout
        return re.findall(r"CONSOLE.*", done.stderr)

    assert any("found" in line for line in console("bad.html")), "complaints would be seen"
    assert console("report.html") == []
