"""Every command of every document runs: in order, in one folder, with a small corpus and a small model."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import time
import urllib.request
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from tests.document_helpers import (
    ELSEWHERE,
    NOT_COMMANDS,
    NOT_RUN,
    Block,
    blocks,
    corpus,
    documents,
    inputs_of_data,
    inputs_of_evaluation,
    inputs_of_tasks,
    words_of,
    written,
)
from tests.forked_programs import ROOT, Outcome, run_forked, wait_for

TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in documents()}
BLOCKS = [block for name, text in TEXTS.items() if name not in ELSEWHERE for block in blocks(text, name)]
RUN = [block for block in BLOCKS if block.text not in NOT_RUN]


def ask_server(process: ForkServerProcess, output: Path) -> None:
    """Open the page of a server that has been started, and interrupt it."""
    address = wait_for(process, output, "http://").split()[0]
    while process.is_alive():
        with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=20) as answer:
            assert answer.status == 200
            break
        time.sleep(0.1)
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert b"<html" in answer.read()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)


def run_command(command: str, folder: Path) -> Outcome:
    """Run a command; `$(...)` is what the command in it prints."""

    def substituted(found: re.Match[str]) -> str:
        return shlex.quote(run_command(found[1], folder).stdout.strip())

    typed = (folder / "zh.txt").read_text(encoding="utf-8")
    outcome = Outcome(0, typed, "")
    for words in words_of(re.sub(r'"?\$\((.*?)\)"?', substituted, command)):
        serving = words[:4] == ["python", "-m", "eval", "serve"]
        if serving:
            with socket.create_server(("127.0.0.1", 0)) as free:
                words = [str(free.getsockname()[1]) if word == "{port}" else word for word in words]
        if words[0] == "cat":
            outcome = Outcome(0, "".join((folder / name).read_text(encoding="utf-8") for name in words[1:]), "")
            continue
        assert words[0] == "python", f"{words[0]}: only Python programs run here"
        outcome = run_forked(words, folder, outcome.stdout, ask_server if serving else None)
        assert outcome.status == 0, f"{command}\n{outcome.stdout[-2000:]}{outcome.stderr[-4000:]}"
        missing = [path for path in written(words) if not (folder / path).exists()]
        assert not missing, f"{command}: has not written {missing}"
    if " > " in command:
        (folder / command.rpartition(" > ")[2]).write_text(outcome.stdout, encoding="utf-8")
    return outcome


def run_block(block: Block, folder: Path) -> None:
    place = f"{block.document}, line {block.line}"
    assert block.kind != "unknown", f"{place}: neither a known program nor listed in NOT_COMMANDS: {block.text}"
    if block.kind == "command":
        outcome = run_command(block.text, folder)
        assert outcome.stdout or outcome.stderr or written(shlex.split(block.text)), f"{place}: it does nothing"
    else:
        outcome = run_forked(["python", "-c", block.text], folder)
        assert outcome.status == 0, f"{place}: {outcome.stderr[-4000:]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's commands have run: prepared data, a trained model, translations."""
    folder = tmp_path_factory.mktemp("documents")
    pairs = corpus(folder)
    inputs_of_data(folder, pairs)
    for block in RUN:
        if block.document == "README.md":
            run_block(block, folder)
    inputs_of_evaluation(folder)
    inputs_of_tasks(folder)
    return folder


def test_the_readme_makes_what_the_other_documents_use(folder: Path) -> None:
    made = ("data/tatoeba/bin/dict.zh.txt", "checkpoints/search.json", "results/hypotheses.test.txt", "en.txt")
    assert [path for path in made if not (folder / path).exists()] == []


@pytest.mark.parametrize(
    "block",
    [block for block in RUN if block.document != "README.md"],
    ids=lambda block: f"{block.document}:{block.line}",
)
def test_a_command_runs(block: Block, folder: Path) -> None:
    if "data/aligned" in block.text:
        pytest.importorskip("eflomal")
    run_block(block, folder)


def test_what_does_not_run_is_in_a_document_and_has_a_test() -> None:
    named = [block.text for block in BLOCKS if block.kind == "command"]
    assert [command for command in NOT_RUN if command not in named] == []
    for reason in [*NOT_RUN.values(), *ELSEWHERE.values()]:
        (test,) = re.findall(r"tests/test_\w+\.py", reason)
        assert (ROOT / test).exists()
    assert set(ELSEWHERE) <= set(TEXTS)
    code = [line[4:] for text in TEXTS.values() for line in text.splitlines() if line.startswith("    ")]
    assert [start for start in NOT_COMMANDS if not any(line.startswith(start) for line in code)] == []


def test_commands_are_found() -> None:
    text = """# A page

    python -m eval score a \\
        --json b     # a comment
    python -m eval align 'x#y' | sacrebleu ref

    from a import b

    b(
        1)

    unheard-of --option

```sh
make demo
```
    train.zh        is no command
"""
    found = [(block.line, block.kind, block.text) for block in blocks(text)]
    assert found == [
        (3, "command", "python -m eval score a --json b"),
        (5, "command", "python -m eval align 'x#y' | sacrebleu ref"),
        (7, "python", "from a import b\n\nb(\n    1)\n\nunheard-of --option"),
        (15, "command", "make demo"),
    ]
    assert [block.kind for block in blocks("    unheard-of --option")] == ["unknown"]
    documented = {block.document: 0 for block in BLOCKS} | {"README.md": 0, "docs/data.md": 0, "docs/evaluation.md": 0}
    for block in RUN:
        documented[block.document] += block.kind == "command"
    assert min(documented[name] for name in ("README.md", "docs/data.md", "docs/evaluation.md")) > 5


def test_a_command_that_fails_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "zh.txt").touch()
    for command, message in (
        ("python -m eval score none --references none", "no such file"),
        ("python -m eval nonsense", "invalid choice"),
        ("make demo", "only Python programs"),
    ):
        with pytest.raises(AssertionError, match=message):
            run_command(command, tmp_path)
