"""The commands of the documents: where they are, with which small sizes they run, and the files that they expect."""

from __future__ import annotations

import gzip
import lzma
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import zstandard

from tests.forked_programs import ROOT
from tests.images import write_bars

PAIRS = 300
"""Sentence pairs of the phrasebook that stand for every corpus."""

ELSEWHERE = {"docs/extending.md": "tests/test_extending.py"}
"""Documents whose commands another test runs."""

NOT_RUN = {
    "python -m data_prep download tatoeba --output cmn-eng.tsv": "it downloads; from a file in "
    "tests/test_data_prep_commands.py",
    "make demo": "it trains for minutes; smaller in tests/test_recipes_programs.py",
    "make test": "it would run this test; its parts are compared in tests/test_frame.py",
    "python -m recipes.tatoeba --tsv cmn-eng.tsv": "it trains for hours; smaller in tests/test_recipes_programs.py",
    "python -m recipes.tatoeba.experiments --tsv cmn-eng.tsv --only pieces-phrases-translated --results "
    "runs/tatoeba/results": "it trains for hours; smaller in tests/test_recipes_programs.py",
    "python -m recipes.memorization --scale cpu": "it trains for hours; smaller in "
    "tests/test_tasks_algorithmic_programs.py",
    "python -m recipes.parity --models untied_1lstm_signs --bits 50 100 250 --samples 5000000 --lr-shrink 0.5 "
    "--lr-patience 24": "it trains for minutes; smaller in tests/test_tasks_algorithmic_programs.py",
    "python -m recipes.char_lm --scale cpu --text enwik8": "it trains for hours; smaller in "
    "tests/test_recipes_char_lm.py",
    "python -m recipes.char_lm --scale cpu --text enwik8 --optimizers muon --weight-decay 0.1 --dest "
    "runs/weight-decay": "it trains for hours; smaller in tests/test_recipes_char_lm.py",
    "python -m recipes.mnist --scale cpu --data mnist": "it trains for hours; smaller in tests/test_recipes_mnist.py",
    "python -m recipes.tatoeba.subwords --tsv cmn-eng.tsv --output subwords.json": "it trains models too large for the "
    "small corpus; smaller in tests/test_recipes_tatoeba_subwords.py",
}
"""Commands that are only parsed (`tests/test_documents.py`), and why."""

NOT_COMMANDS = ("recipes  ->  eval", "hub  ->  plugin", "plugin  ->  tasks", "train.zh        ")
"""How the indented blocks begin that are neither commands nor Python."""

ADDED = {
    r"data_prep prepare .*sentencepiece": "--sentencepiece-vocab-size 700 --sentencepiece-target-vocab-size 300",
    r"fairseq-train data/.*reencoder_translation": "--hidden-size 16 --max-epoch 3 --max-blocks 60000 --num-workers 0",
    r"fairseq-train .*grid_memorization": "--hidden-size 8 --layers 1 --samples-per-epoch 60 --max-update 3 "
    "--num-workers 0",
    r"data_prep characters ": "--limit 0 --valid 300 --test 300",
    r"fairseq-train .*grid_char_lm": "--hidden-size 8 --layers 1 --max-epoch 1 --batch-size 4 --num-workers 0",
    r"fairseq-(train|validate) .*grid_char_lm": "--sequence-length 400",
    r"fairseq-train .*grid_mnist": "--valid-images 60 --hidden-size 8 --layers 1 --max-epoch 1 --num-workers 0",
    r"eval sample ": "--length 20",
    r"eval tune ": "--beams 2 --lenpens 1 --unkpens 0 --min-len-ratios 0.5",
    r"eval (tune|generate) ": "--batch-size 64 -- --max-len-b 20",
    r"eval (compare|report) ": "--samples 20 --trials 20",
    r"eval aer ": f"--pairs {PAIRS}",
    r"eval serve ": "--port {port}",
    r"eval\.speed\.serving ": "--clients 5 --requests 10",
    r"eval\.speed\.preparation ": "--pairs 200 --workers 1",
}
"""Options that make a command small or keep it apart, by a pattern of the command; the last of equal options counts."""

WRITTEN = ("--dest", "--output", "--json", "--markdown", "--picture", "--png", "--pharaoh", "--save-dir")
"""Options whose value is something that the command writes."""

_PROGRAMS = r"(python -m |make |sacrebleu |fairseq-\w+ |pip |cat )"


class Block(NamedTuple):
    """A command, or some lines of Python.

    Attributes:
        document: path of the document.
        line: its number, counted from 1.
        kind: command, python or unknown.
        text: the command in one line without its comment, or the lines.
    """

    document: str
    line: int
    kind: str
    text: str


def documents() -> list[str]:
    """All Markdown files of the checkout, the README first."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(found, key=lambda name: (name != "README.md", name))


def _paragraphs(text: str) -> Iterator[tuple[int, bool, list[str]]]:
    """Lines of code without blank ones between them: number of the first, whether it starts a block, the lines."""
    fence = started = False
    lines: list[str] = []
    for number, line in enumerate([*text.split("\n"), "end"], start=1):
        mark = line.startswith("```")
        code = not mark and (fence or line.startswith("    "))
        if code and line.strip():
            lines.append(line if fence else line[4:])
            continue
        if lines:
            yield number - len(lines), not started, lines
        started = code or ((started or bool(lines)) and not line.strip())
        lines = []
        if mark:
            fence, started = not fence, False


def blocks(text: str, document: str = "") -> list[Block]:
    """Return the commands and the Python of a document, and what is neither."""
    found: list[Block] = []
    for number, first, lines in _paragraphs(text):
        if not first and found and found[-1].kind == "python" and not re.match(_PROGRAMS, lines[0]):
            found[-1] = found[-1]._replace(text="\n".join([found[-1].text, "", *lines]))
        elif lines[0].startswith(("from ", "import ")):
            found.append(Block(document, number, "python", "\n".join(lines)))
        elif not lines[0].startswith(NOT_COMMANDS):
            found += _commands(document, number, lines)
    return found


def _commands(document: str, number: int, lines: list[str]) -> Iterator[Block]:
    start, joined = number, ""
    for at, line in enumerate(lines, start=number):
        joined += line.removesuffix("\\")
        if not line.endswith("\\"):
            text = re.sub(r"\s+#\s.*", "", " ".join(joined.split()))
            yield Block(document, start, "command" if re.match(_PROGRAMS, text) else "unknown", text)
            start, joined = at + 1, ""


def words_of(command: str) -> list[list[str]]:
    """Return the programs of a pipe, each as a list of words, with the options of `ADDED`; ``> FILE`` ends the last."""
    parts = []
    command, _, _ = command.partition(" > ")
    for part in command.split(" | "):
        added = [options for pattern, options in ADDED.items() if re.search(pattern, part)]
        words = shlex.split(" ".join([part, *added]))
        if words[0].startswith("fairseq-"):
            words = ["python", "-m", words[0].replace("fairseq-", "fairseq_cli."), *words[1:]]
        elif words[0] == "sacrebleu":
            words = ["python", "-m", *words]
        parts.append(words)
    return parts


def written(command: list[str]) -> list[str]:
    """Return the files and folders that a command says it writes."""
    return [value for option, value in pairwise(command) if option in WRITTEN and not value.startswith("-")]


# What the documents take as given


def corpus(folder: Path) -> list[tuple[str, str]]:
    """Link the plugin, and write a corpus; return its pairs, Chinese first."""
    from data_prep.phrasebook import write_phrasebook

    (folder / "reencoder").symlink_to(ROOT / "reencoder")
    write_phrasebook(folder / "cmn-eng.tsv", PAIRS)
    rows = (folder / "cmn-eng.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [(row.split("\t")[1], row.split("\t")[0]) for row in rows]
    (folder / "zh.txt").write_text("".join(f"{chinese}\n" for chinese, _ in pairs[:3]), encoding="utf-8")
    return pairs


def inputs_of_data(folder: Path, pairs: list[tuple[str, str]]) -> None:
    """Write the corpora and the test sets that docs/data.md reads."""
    chinese, english = ["".join(f"{pair[side]}\n" for pair in pairs).encode() for side in (0, 1)]
    rows = (folder / "cmn-eng.tsv").read_bytes()
    (folder / "domain.tsv").write_bytes(rows)
    (folder / "more.tsv.gz").write_bytes(gzip.compress(rows))
    _lines(folder / "translated.tsv", [f"i think: {english}\t{chinese}" for chinese, english in pairs])
    (folder / "crawled.tsv.xz").write_bytes(lzma.compress(rows + b"no tab\n"))
    (folder / "news.zh.zst").write_bytes(zstandard.compress(chinese))
    (folder / "news.en.zst").write_bytes(zstandard.compress(english))
    few = pairs[:5]
    for name in ("dev.zh", "test.zh", "dev.en.0", "dev.en.1", "test.en"):
        _lines(folder / name, [pair[".en" in name] for pair in few])
    for name in ("newsdev2017", "newstest2017"):
        for side, ending in enumerate(("src.zh", "ref.en")):
            segments = "".join(f'<seg id="{n}">{pair[side]}</seg>' for n, pair in enumerate(few, 1))
            (folder / f"{name}-zhen-{ending}.sgm").write_text(f'<doc docid="1">{segments}</doc>', encoding="utf-8")
    sides = "".join(
        f'<{tag}><p>{"".join(f"""<seg id="{n}">{pair[side]}</seg>""" for n, pair in enumerate(few, 1))}</p></{end}>'
        for side, (tag, end) in enumerate([('src lang="zh"', "src"), ('ref lang="en" translator="A"', "ref")])
    )
    xml = f'<dataset id="n"><doc id="d" origlang="zh">{sides}</doc></dataset>'
    (folder / "newstest2021.zh-en.xml").write_text(xml, encoding="utf-8")
    for directory, train, valid, test in (
        ("btec", "train.{}", "dev.{}", "test.{}"),
        ("ted", "train.tags.zh-en.{}", "IWSLT17.TED.dev2010.zh-en.{}", "IWSLT17.TED.tst2010.zh-en.{}"),
    ):
        (folder / directory).mkdir()
        for side, language in enumerate(("zh", "en")):
            for name, rows_of in ((train, pairs), (valid, few), (test, few)):
                _lines(folder / directory / name.format(language), [pair[side] for pair in rows_of])


def inputs_of_evaluation(folder: Path) -> None:
    """Write what docs/evaluation.md has beside the files of the README: a checkpoint, references, a demo's model."""
    shutil.copytree(folder / "checkpoints", folder / "runs" / "demo" / "trained")
    shutil.copytree(folder / "data" / "tatoeba", folder / "runs" / "demo" / "data")
    shutil.copy(folder / "checkpoints" / "checkpoint_best.pt", folder)
    references = (folder / "data" / "tatoeba" / "raw").glob("test.en*")
    lines = sorted(references)[0].read_text(encoding="utf-8").splitlines()
    for name in ("ref.0", "ref.1", "moses.txt"):
        _lines(folder / name, [line.lower() for line in lines] if name == "moses.txt" else lines)


def inputs_of_tasks(folder: Path) -> None:
    """Write what docs/tasks.md reads: a text and images."""
    shutil.copy(folder / "cmn-eng.tsv", folder / "enwik8")
    write_bars(folder / "mnist")


def _lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
