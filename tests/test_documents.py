"""What the documents say is true: generated parts are up to date, and files, options and commands exist."""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fairseq import options
from fairseq.criterions import CRITERION_REGISTRY
from fairseq.models import ARCH_MODEL_REGISTRY, MODEL_REGISTRY
from fairseq.optim import OPTIMIZER_REGISTRY
from fairseq.tasks import TASK_REGISTRY

import reencoder  # noqa: F401  # registers the plugin
from recipes.tables import main

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ("results.md", "speed.md")
"""They quote the commands of earlier versions."""

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = [path for path in DOCUMENTS if path.name not in GENERATED]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


README = text_of(ROOT / "README.md")


def tracked_files() -> list[str]:
    """All files of the checkout that git does not ignore, relative to its root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in found if (ROOT / name).exists()]


def test_results_are_those_of_the_result_files() -> None:
    assert main(["--check"]) == 0


def test_lines_quoted_beside_the_paper_are_in_the_code() -> None:
    source, quoted = "", 0
    for line in (ROOT / "docs" / "grid.md").read_text(encoding="utf-8").splitlines():
        named = re.findall(r"`(reencoder/[a-z0-9_/]+\.py)`", line)
        if named:
            source = (ROOT / named[0]).read_text(encoding="utf-8")
        elif line.startswith("| ") and (code := re.fullmatch(r"\|.*\| `([^`]+)` \|", line)):
            assert code[1] in [found.strip() for found in source.splitlines()], f"{code[1]} is not a line of the file"
            quoted += 1
    assert quoted > 15


# Files


def named_files(text: str) -> Iterator[str]:
    """Relative paths and names of files in code spans and links."""
    # without blocks of code: the files that docs/extending.md adds do not exist
    prose = re.sub(r"^```.*?^```|^    .*?$", "", text, flags=re.M | re.S)
    for span in re.findall(r"`([^`]+)`", prose):
        yield from (word.rstrip(".,:") for word in span.split() if re.fullmatch(r"\.?[\w./-]+", word))
    yield from (target for target in re.findall(r"\]\(([^)#\s]+)", prose) if "://" not in target)


def missing_files(document: Path) -> list[str]:
    files = tracked_files()
    roots = {name.split("/")[0] for name in files}
    folders = {str(parent) for name in files for parent in Path(name).parents}
    names = {Path(name).name for name in files}
    found = []
    for named in named_files(text_of(document)):
        path = named.rstrip("/")
        if path.split("/")[0] in roots and "/" in named:
            exists = path in files or path in folders
        elif re.fullmatch(r"[\w./-]+\.(py|md|txt|toml|png|csv)", path):
            exists = path in names or (document.parent / path).exists() or (ROOT / path).exists()
        else:
            continue
        if not exists:
            found.append(named)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_the_documents_name_exist(document: Path) -> None:
    assert not missing_files(document)


def test_pictures_are_small_and_shown() -> None:
    shown = {
        (path.parent / name).resolve() for path in DOCUMENTS for name in re.findall(r"!\[.*?\]\((.*?)\)", text_of(path))
    }
    pictures = [ROOT / name for name in tracked_files() if name.startswith("docs/images/")]
    assert pictures and set(pictures) <= shown
    assert [path for path in pictures if path.stat().st_size >= 150_000] == []


def test_a_missing_file_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("`reencoder/grid/sweep.py`, `reencoder/grid/block.py`, `engine.py`, `block.py`, [x](docs/no.md)")
    assert missing_files(page) == ["reencoder/grid/sweep.py", "engine.py", "docs/no.md"]


@pytest.mark.parametrize("name", ["README.md", "docs/extending.md"])
def test_names_of_code_that_the_documents_mention_exist(name: str) -> None:
    code = "\n".join(text_of(ROOT / path) for path in tracked_files() if path.endswith(".py") and "tests/" not in path)
    names = {word for word in named_files(text_of(ROOT / name)) if re.fullmatch(r"[A-Z]\w+|[a-z_]+_\w+", word)}
    assert len(names) > 10
    assert not {word for word in names if not re.search(rf"\b{word}\b", code)}


# Options


def parser_options(parser: argparse.ArgumentParser) -> set[str]:
    """The options of a parser and of its commands."""
    found = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {option for command in action.choices.values() for option in parser_options(command)}
    return found


class Parsed(BaseException):
    """Raised instead of running a program whose arguments have been parsed."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


def parse_only(module: str, arguments: list[str] | None) -> argparse.ArgumentParser | None:
    """Start `python -m MODULE ARGUMENTS`, but end it as soon as it has parsed its arguments.

    Args:
        module: the program.
        arguments: what to parse; None to end it before.

    Returns:
        The parser; None if the program ended after `--help`.
    """
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self: argparse.ArgumentParser, *args: Any, **kwargs: Any) -> NoReturn:
        if arguments is not None:
            parse(self, *args, **kwargs)
        raise Parsed(self)

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of runpy, for a module that was imported before
        patch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
        patch.setattr(sys, "argv", [module, *(arguments or [])])
        patch.setattr("fairseq.utils.import_user_module", lambda args: None)  # the plugin is registered already
        try:
            runpy.run_module(module, run_name="__main__")
        except Parsed as parsed:
            return parsed.parser
        except SystemExit as end:
            assert end.code in (0, None), f"{module} {shlex.join(arguments or [])}: exit status {end.code}"
    return None


def our_programs() -> list[str]:
    """All modules of data_prep, eval and recipes that are started with `python -m`."""
    files = [name for name in tracked_files() if re.fullmatch(r"(data_prep|eval|recipes)/.*\.py", name)]
    started = [name for name in files if 'if __name__ == "__main__":' in text_of(ROOT / name)]
    return [name.removesuffix(".py").removesuffix("/__main__").replace("/", ".") for name in started]


@pytest.fixture(scope="module")
def known_options() -> set[str]:
    """All options of fairseq's programs with the plugin, of sacreBLEU, and of our own."""
    from fairseq.dataclass.utils import gen_parser_from_dataclass
    from fairseq.models import MODEL_DATACLASS_REGISTRY
    from fairseq.registry import REGISTRIES
    from fairseq.tasks import TASK_DATACLASS_REGISTRY

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["fairseq-train"])  # fairseq looks for --user-dir
        found = parser_options(options.get_training_parser())
        found |= parser_options(options.get_interactive_generation_parser())
    registries = [registry["dataclass_registry"] for registry in REGISTRIES.values()]
    for registry in (*registries, MODEL_DATACLASS_REGISTRY, TASK_DATACLASS_REGISTRY):
        for config in registry.values():
            parser = argparse.ArgumentParser(conflict_handler="resolve")
            gen_parser_from_dataclass(parser, config())
            found |= parser_options(parser)
    for module in [*our_programs(), "sacrebleu"]:
        program = parse_only(module, None)
        assert program is not None, module
        found |= parser_options(program)
    return found


def named_options(path: Path) -> list[str]:
    """All options that a document names."""
    return re.findall(r"(?<![\w-])--[a-z][\w-]*", text_of(path))


@pytest.mark.parametrize("document", WRITTEN, ids=lambda path: path.name)
def test_options_that_the_documents_name_exist(document: Path, known_options: set[str]) -> None:
    unknown = set(named_options(document)) - known_options
    if document.name == "CHANGELOG.md":
        assert len(named_options(document)) > 9
    assert not unknown


@pytest.mark.parametrize("document", WRITTEN, ids=lambda path: path.name)
def test_tasks_and_models_that_the_documents_name_exist(document: Path) -> None:
    registered = {
        "arch": {*ARCH_MODEL_REGISTRY, *MODEL_REGISTRY, "two_way"},  # the last two are those of docs/extending.md
        "task": {*TASK_REGISTRY, "reversal"},
        "criterion": {*CRITERION_REGISTRY},
        "optimizer": {*OPTIMIZER_REGISTRY},
    }
    text = text_of(document)
    for kind, name in re.findall(r"--(arch|task|criterion|optimizer) (\w+)", text):
        assert name in registered[kind], f"--{kind} {name}"
    names = set().union(*registered.values())
    for name in re.findall(r"`((?:grid_lstm|reencoder)_[a-z0-9_]+)`", text):
        assert name in names, name


# Commands


def commands(text: str) -> list[list[str]]:
    """The commands of a document that start a Python program, each as a list of words."""
    found = []
    for line in re.sub(r"\\\n\s*", " ", text).replace("|\n", "| ").splitlines():
        if line.startswith(("    ", "fairseq-", "python ")):
            for part in line.replace('"$(python -m reencoder)"', "reencoder").split(" | "):
                words = shlex.split(re.sub(r" > \S+$", "", part), comments=True)
                if words and (words[0].startswith("fairseq-") or words[:2] == ["python", "-m"]):
                    found.append(words)
    return found


README_COMMANDS = commands(README)


def test_the_readme_quotes_commands() -> None:
    programs = {" ".join(words[: 3 if words[0] == "python" else 1]) for words in README_COMMANDS}
    assert programs >= {
        "fairseq-train",
        "fairseq-interactive",
        "python -m data_prep",
        "python -m eval",
        "python -m recipes.tatoeba",
    }


QUOTED_COMMANDS = [
    *README_COMMANDS,
    *(words for name in ("data", "evaluation", "tasks") for words in commands(text_of(ROOT / "docs" / f"{name}.md"))),
]


@pytest.mark.parametrize("words", QUOTED_COMMANDS, ids=lambda words: " ".join(words)[:60])
def test_commands_of_the_documents_parse(words: list[str]) -> None:
    if words[0] == "python":
        module, arguments = words[2], words[3:]
    else:
        module, arguments = words[0].replace("fairseq-", "fairseq_cli."), words[1:]
        assert arguments[arguments.index("--user-dir") + 1] == "reencoder"
    assert parse_only(module, arguments) is not None or "--help" in arguments


@pytest.mark.parametrize("wrong", ["--max-cells 3000", "--arch reencoder_huge", "--criterion symbol_cross_entropy"])
def test_a_wrong_option_would_be_found(wrong: str) -> None:
    right = next(words[1:] for words in README_COMMANDS if words[0] == "fairseq-train" and "--max-update" in words)
    with pytest.raises(AssertionError, match="exit status 2"):
        parse_only("fairseq_cli.train", [*right, *wrong.split()])


def test_make_targets_of_the_readme_exist() -> None:
    targets = re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.M)
    named = re.findall(r"(?:^    |`)make ([a-z]+)", README, re.M)
    assert {"demo", "test", "bench", "help"} <= set(named) <= set(targets)


def test_the_python_example_of_the_readme_runs() -> None:
    (block,) = re.findall(r"((?:^    .*\n|^\n)*^    from reencoder\.grid .*\n(?:^    .*\n|^\n)*)", README, re.M)
    names: dict[str, Any] = {}
    exec("\n".join(line.removeprefix("    ") for line in block.splitlines()), names)
    assert names["top"].hidden.shape == (40, 15, 100) and names["states"].memory.shape == (18, 15, 100)
