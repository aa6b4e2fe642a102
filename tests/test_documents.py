"""What the documents say is true: generated parts are up to date, and files, options and commands exist."""

from __future__ import annotations

import argparse
import csv
import json
import re
import runpy
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from fairseq import options
from fairseq.criterions import CRITERION_REGISTRY
from fairseq.models import ARCH_CONFIG_REGISTRY, ARCH_MODEL_REGISTRY, MODEL_REGISTRY
from fairseq.optim import OPTIMIZER_REGISTRY
from fairseq.tasks import TASK_REGISTRY

import reencoder  # noqa: F401  # registers the plugin
from recipes.algorithmic.chance import Chance
from recipes.algorithmic.runs import outcome
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
    """All options that a document names, without those that the changelog says are gone."""
    text = text_of(path)
    if path.name == "CHANGELOG.md":
        text = re.sub(r"^(  \| )[^|]*\|", r"\1", text, flags=re.M)  # the column of what was before
    return re.findall(r"(?<![\w-])--[a-z][\w-]*", text)


@pytest.mark.parametrize("document", WRITTEN, ids=lambda path: path.name)
def test_options_that_the_documents_name_exist(document: Path, known_options: set[str]) -> None:
    unknown = set(named_options(document)) - known_options
    if document.name == "CHANGELOG.md":
        assert len(named_options(document)) > 9
    assert not unknown


def test_options_that_are_gone_are_unknown(known_options: set[str]) -> None:
    renamed = re.findall(r"^  \| ([^|]*) \|", text_of(ROOT / "CHANGELOG.md"), re.M)
    named = {option for cell in renamed for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", cell)}
    gone = named - {"--criterion", "--readout"}  # these have other values now
    assert len(gone) >= 7 and not gone & known_options


@pytest.mark.parametrize("document", WRITTEN, ids=lambda path: path.name)
def test_tasks_and_models_that_the_documents_name_exist(document: Path) -> None:
    registered = {
        "arch": {*ARCH_MODEL_REGISTRY, *MODEL_REGISTRY, "two_way"},  # the last two are those of docs/extending.md
        "task": {*TASK_REGISTRY, "reversal"},
        "criterion": {*CRITERION_REGISTRY},
        "optimizer": {*OPTIMIZER_REGISTRY},
    }
    text = text_of(document).replace("--criterion symbol_cross_entropy", "")  # named as gone, by the changelog
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


# Figures in the prose of docs/tasks.md


def curve(task: str, folder: str, run: str) -> list[dict[str, float]]:
    """The points of a run in the committed results."""
    path = ROOT / "recipes" / task / "results" / folder / "curves.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.pop("run") == run]
    return [{name: float(value) for name, value in row.items() if value} for row in rows]


def first(points: list[dict[str, float]], metric: str, least: float) -> dict[str, float]:
    """The first point that reaches an accuracy."""
    return next(point for point in points if point.get(metric, 0.0) >= least)


def best(points: list[dict[str, float]], metric: str) -> float:
    return max(point.get(metric, 0.0) for point in points)


@pytest.mark.parametrize(
    "folder",
    [
        *("parity", "addition", "addition/adam", "addition/learning-rates", "memorization", "memorization/adam"),
    ],
)
def test_the_committed_outcomes_are_those_of_the_committed_curves(folder: str) -> None:
    task, _, further = folder.partition("/")
    runs = json.loads(text_of(ROOT / "recipes" / task / "results" / further / "curves.json"))["runs"]
    for name, run in runs.items():
        found = outcome(curve(task, further, name), run["options"].get("stop_at_accuracy", 1.0))
        assert {key: run[key] for key in found} == found, name


STACKED = ("stacked_lstm-20", "tied_stacked_lstm-20")


def test_what_the_documents_say_of_muon_and_adam_is_in_the_curves() -> None:
    prose = " ".join(text_of(ROOT / "docs" / "tasks.md").split())
    digits, symbols = "valid_digit_accuracy", "valid_recall_accuracy"
    muon, adam = curve("addition", "", "tied_2lstm-8"), curve("addition", "adam", "tied_2lstm-8")
    samples = [first(points, digits, 0.68)["samples"] for points in (muon, adam)]
    text = "68% of the digits after {:,.0f} samples, with Adam, whose learning rate was not tuned, after {:,.0f};"
    assert text.format(*samples) in prose
    assert best(adam, digits) < 0.69 and best(muon, digits) == 1
    assert f"With Muon the model solved the task after {muon[-1]['samples']:,.0f}." in prose
    halves = [first(points, digits, 0.5)["samples"] for points in (muon, adam)]
    notes = " ".join(text_of(ROOT / "recipes" / "addition" / "results" / "notes.md").split())
    assert "half of the digits after {:,.0f} samples with Muon and after {:,.0f} with Adam".format(*halves) in notes
    assert "and 68% after {:,.0f} and {:,.0f}.".format(*samples) in notes

    seeds = [curve("memorization", "adam", f"tied_2lstm-20{seed}") for seed in ("", "-seed-2", "-seed-3")]
    with_muon = first(curve("memorization", "", "tied_2lstm-20"), symbols, 0.99)
    with_adam = [first(points, symbols, 0.99) for points in seeds]
    samples = [point["samples"] for point in (with_muon, *with_adam)]
    assert "(99%: {:,.0f} with Muon; {:,.0f}, {:,.0f} and {:,.0f} with three seeds of Adam)".format(*samples) in prose
    assert "with Muon in a fifth to a tenth of the updates" in prose
    assert sorted(round(point["updates"] / with_muon["updates"]) for point in with_adam) == [5, 7, 10]
    assert "Only with Muon did the Stacked LSTMs learn the task in 1,000,000 samples" in prose
    for run in STACKED:
        assert best(curve("memorization", "", run), symbols) == 1
        assert best(curve("memorization", "adam", run), symbols) < 0.2

    notes = " ".join(text_of(ROOT / "recipes" / "memorization" / "results" / "notes.md").split())
    for share, wording in (
        (0.99, "99% of the symbols after {:,.0f} to {:,.0f}"),
        (1.0, "and all after {:,.0f} to {:,.0f}:"),
    ):
        reached = sorted(first(points, symbols, share)["samples"] for points in seeds)
        assert wording.format(reached[0], reached[-1]) in notes


def test_what_the_documents_say_of_characters_and_images_is_in_the_results() -> None:
    prose = " ".join(text_of(ROOT / "docs" / "tasks.md").split())
    run = json.loads(text_of(ROOT / "recipes" / "char_lm" / "results" / "curves.json"))["runs"]["tied_2lstm-muon"]
    assert f"it took {run['seconds'] / 60:.0f} minutes on one core that it shared" in prose
    assert f"the best checkpoint has {run['bpc']['test']:.3f} bits per character on the test set" in prose
    days = 90_000_000 / run["characters_per_second"] / 86_400
    assert 0.4 < days < 0.6 and "a core needs half a day for each" in prose
    result = json.loads(text_of(ROOT / "recipes" / "mnist" / "results" / "result.json"))
    assert f"these options took {result['seconds'] / 60:.0f} minutes on one core" in prose
    rates = [result["evaluations"][split]["error_rate"] for split in ("valid", "test")]
    assert "has {}% of errors on the held-out images and {}% on the test set".format(*rates) in prose
    assert result["chosen"] == "average" and len(result["models"]["average"]["checkpoints"]) == 8
    for used, heading in ((run["options"], "## The next"), (result["options"], "## MNIST")):
        part = text_of(ROOT / "docs" / "tasks.md").split(heading)[1].split("\n## ")[0].replace("\\\n", " ")
        (command,) = re.findall(r"fairseq-train (.*)\n", part)
        words = shlex.split(command)
        given = dict(pair for pair in pairwise(words) if pair[0].startswith("--"))
        preset = SimpleNamespace()
        ARCH_CONFIG_REGISTRY[given["--arch"]](preset)
        assert {"hidden_size", "layers"} <= vars(preset).keys()
        assert {name: used[name] for name in vars(preset) if name in used}.items() <= vars(preset).items()
        for name in ("lr", "max_epoch", "total_num_update", "warmup_updates", "batch_size", "clip_norm", "optimizer"):
            value, written = used[name], given["--" + name.replace("_", "-")]
            assert written == value if isinstance(value, str) else float(written) == value, name


def test_what_the_notes_say_of_characters_is_in_the_results() -> None:
    folder = ROOT / "recipes" / "char_lm" / "results"
    prose = " ".join(text_of(folder / "notes.md").split())
    runs = json.loads(text_of(folder / "curves.json"))["runs"]
    names = ("stacked_lstm-muon", "tied_2lstm-muon", "tied_2lstm-adam", "stacked_lstm-adam")
    bits = [f"{runs[name]['bpc']['test']:.3f}" for name in names]
    assert "({} bits per character; the tied 2-LSTM has {}), with Adam the tied 2-LSTM ({}; the".format(*bits) in prose
    assert f"the Stacked LSTM has {bits[3]}). Both are better with Muon" in prose and bits == sorted(bits)
    assert all(runs[name]["seconds"] < 7200 for name in names if name.startswith("stacked"))


def test_what_the_notes_say_of_memorization_with_adam_is_in_the_results() -> None:
    prose = " ".join(text_of(ROOT / "recipes" / "memorization" / "results" / "adam" / "notes.md").split())
    runs = json.loads(text_of(ROOT / "recipes" / "memorization" / "results" / "adam" / "curves.json"))["runs"]
    names = [f"tied_2lstm-20{seed}" for seed in ("", "-seed-2", "-seed-3")]
    seeds, curves = [runs[name] for name in names], [curve("memorization", "adam", name) for name in names]
    for share, wording in (
        (0.9, "90% of the symbols after {:,.0f}, {:,.0f} and {:,.0f} samples"),
        (0.99, "99% after {:,.0f}, {:,.0f} and {:,.0f}."),
        (1.0, "each of three seeds, after {:,.0f}, {:,.0f} and {:,.0f} samples"),
    ):
        assert wording.format(*(first(points, "valid_recall_accuracy", share)["samples"] for points in curves)) in prose
    assert f"at least {min(run['test']['right'] for run in seeds)} are right" in prose
    shares = [runs[run]["last"]["valid_recall_accuracy"] for run in STACKED]
    assert "recall {:.0%} (untied) and {:.0%} (tied) of the symbols after 1,000,000 samples".format(*shares) in prose
    assert [runs[run]["samples"] for run in STACKED] == [1_000_000] * 2
    untied = curve("memorization", "adam", STACKED[0])
    half, end = (
        [point["valid_recall_accuracy"] for point in untied if abs(point["samples"] - at) < 60_000]
        for at in (500_000, 1_000_000)
    )
    assert max(half) < min(end), "still improving"
    best = runs[STACKED[1]]["best"]
    shown = (best["valid_recall_accuracy"], best["samples"])
    assert "the tied one had its best validation, {:.0%}, after {:,.0f}.".format(*shown) in prose


def test_what_the_notes_say_of_eight_digits_is_in_the_results() -> None:
    folder = ROOT / "recipes" / "addition" / "results"
    runs = json.loads(text_of(folder / "curves.json"))["runs"]
    prose = " ".join(text_of(folder / "notes.md").split())
    grid, stacked, tied = (runs[f"{model}-8"] for model in ("tied_2lstm", "stacked_lstm", "tied_stacked_lstm"))
    assert grid["samples"] == stacked["samples"] == tied["samples"] and grid["solved"]
    assert f"After {grid['samples']:,} samples all 1,000 held-out sums are right, and {grid['test']['right']}" in prose
    assert f"At the end, {stacked['test']['right']} of 1,000 fresh sums are right." in prose
    assert f"ends at {tied['last']['valid_digit_accuracy']:.0%} of the digits" in prose
    others = [runs[f"tied_2lstm-8-seed-{seed}"] for seed in (2, 3)]
    assert {run["samples"] for run in others} == {grid["samples"]}
    held_out = (round(1000 * run["last"]["valid_sequence_accuracy"]) for run in others)
    fresh = (run["test"]["right"] for run in others)
    text = "with two other seeds, {} and {} of the held-out sums and {:,} and {:,} of the fresh ones."
    assert text.format(*held_out, *fresh) in prose
    names = ("stacked_lstm-8", "tied_2lstm-8", "tied_2lstm-8-seed-2", "tied_2lstm-8-seed-3")
    for share, wording in (
        (0.9, "90% of the digits after {:,.0f} samples (the 2-LSTM after {:,.0f} to {:,.0f})"),
        (0.99, "99% after {:,.0f} ({:,.0f} to {:,.0f})"),
    ):
        reached = [first(curve("addition", "", name), "valid_digit_accuracy", share)["samples"] for name in names]
        assert wording.format(reached[0], min(reached[1:]), max(reached[1:])) in prose
    assert (
        1.4 < stacked["parameters"] / grid["parameters"] < 1.6 and 0.45 < tied["parameters"] / grid["parameters"] < 0.55
    )
    late = [point["valid_digit_accuracy"] for point in curve("addition", "", "tied_stacked_lstm-8")]
    assert max(late) - late[-20] < 0.02, "little gained in the last 300,000 samples"


def test_the_learning_rates_of_addition_are_the_best_of_those_tried() -> None:
    shown = text_of(ROOT / "recipes" / "addition" / "results" / "learning-rates" / "notes.md")
    found: dict[tuple[str, float], tuple[float, bool]] = {}
    for folder in ("", "learning-rates"):
        runs = json.loads(text_of(ROOT / "recipes" / "addition" / "results" / folder / "curves.json"))["runs"]
        for name, run in runs.items():
            if run["size"] == 8 and run["options"]["seed"] == 1:
                (point,) = (point for point in curve("addition", folder, name) if point["samples"] == 320_000)
                found[run["model"], run["options"]["lr"]] = point["valid_digit_accuracy"], folder == ""
    models = ("tied_2lstm", "stacked_lstm", "tied_stacked_lstm")
    for rate in (0.0035, 0.007, 0.014, 0.028):
        cells = []
        for model in models:
            share, went_on = found.get((model, rate), (0.0, False))
            assert not went_on or share == max(other for (name, _), (other, _) in found.items() if name == model)
            cells.append((f"**{share:.1%}**" if went_on else f"{share:.1%}") if share else "-")
        assert f"| {rate} | {' | '.join(cells)} |" in shown
    for model in models[1:]:
        scaled = [share for (name, _), (share, _) in found.items() if name == f"{model}_scaled"]
        rates = [rate for (name, rate) in found if name == f"{model}_scaled"]
        assert len(scaled) == 2 and all(
            share < found[model, rate][0] for share, rate in zip(scaled, rates, strict=True)
        )


def test_what_the_notes_say_of_fifteen_digits_is_in_the_results() -> None:
    folder = ROOT / "recipes" / "addition" / "results"
    run = json.loads(text_of(folder / "curves.json"))["runs"]["tied_2lstm-15"]
    prose = " ".join(text_of(folder / "notes.md").split())
    share, samples = run["last"]["valid_digit_accuracy"], run["samples"]
    assert f"predicts {share:.0%} of them after {samples:,} samples (chance: {run['chance']['accuracy']:.0%})" in prose
    positions = run["test"]["by_position"]
    least, tenth, most = min(positions[:9]), positions[9], max(positions[10:])
    assert f"right in at least {least:.0%}, the tenth in {tenth:.0%}, and each of the last six in at most" in prose
    assert least >= 0.91 and "in at most 12%, where chance is 10%" in prose
    assert most <= Chance(0.1).interval(run["test"]["samples"], validations=6)[1] and most < 0.12
    points = curve("addition", "", "tied_2lstm-15")
    (before,) = (point["valid_digit_accuracy"] for point in points if point["samples"] == 928_000)
    assert f"It had {before:.0%} after 928,000 samples and gained little" in prose and share - before < 0.02


MEMORIZED = {
    "tied_2lstm-20": "90% of the symbols after {:,.0f} samples, 99% after {:,.0f} and all after {:,.0f}.",
    "stacked_lstm-20": "The best of the others, the untied Stacked LSTM, needs {:,.0f}, {:,.0f} and {:,.0f},",
    "tied_stacked_lstm-20": "half as many weights as the 2-LSTM, and needs {:,.0f}, {:,.0f} and {:,.0f}.",
    "stacked_lstm_scaled-20": "reaches 90% after {:,.0f} samples and 99% after {:,.0f}, but solves the task later, "
    "after {:,.0f};",
}
"""What the notes on memorization say of the samples after which a model recalls 90%, 99% and all of the symbols."""


@pytest.mark.parametrize("run", MEMORIZED)
def test_what_the_notes_say_of_memorization_is_in_the_curves(run: str) -> None:
    prose = " ".join(text_of(ROOT / "recipes" / "memorization" / "results" / "notes.md").split())
    points = curve("memorization", "", run)
    reached = [first(points, "valid_recall_accuracy", least)["samples"] for least in (0.9, 0.99, 1.0)]
    assert MEMORIZED[run].format(*reached) in prose
