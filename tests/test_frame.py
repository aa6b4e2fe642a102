"""The project's frame: pins, Makefile, hooks, packages and continuous integration agree with one another."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    found = dict(line.split("==") for line in lines)
    assert len(found) == len(lines), "a package is pinned twice"
    return {canonical(name): version for name, version in found.items()}


def test_everything_that_is_required_is_pinned(project: dict[str, Any]) -> None:
    """Walk over the requirements of the installed packages: each one, direct or not, has an exact version."""
    from importlib import metadata

    from packaging.requirements import Requirement

    waiting = [Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]]
    pinned, seen = pins(), set()
    while waiting:
        requirement = waiting.pop()
        name = canonical(requirement.name)
        if name in seen or (requirement.marker is not None and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        assert name in pinned, f"{name} is not pinned in constraints.txt"
        assert requirement.specifier.contains(pinned[name]), f"{requirement} excludes the pinned {pinned[name]}"
        try:
            waiting += [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            pytest.fail(f"{name} is not installed; run make setup")


def test_pins_are_not_of_one_machine() -> None:
    for name, version in pins().items():
        assert re.fullmatch(r"\d+(\.\d+)*(\.post\d+)?", version), f"{name}=={version} is not a plain release"


def test_make_without_target_explains_every_target() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("help", "setup", "demo", "test", "lint", "bench", "clean"):
        assert f"make {target} " in done.stdout
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in done.stdout


def run_make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_setup_refuses_another_python(tmp_path: Path) -> None:
    python = tmp_path / "python2"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = run_make(tmp_path, "setup", f"PYTHON={python}")
    assert done.returncode == 2 and "python2 is not Python 3.11 or 3.12" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_setup_without_python_says_what_is_missing(tmp_path: Path) -> None:
    done = run_make(tmp_path, "setup", "PYTHON=")
    assert done.returncode == 2 and "error: no Python 3.11 or 3.12 found" in done.stderr


def test_setup_does_nothing_when_up_to_date(tmp_path: Path) -> None:
    stamp = tmp_path / "env" / ".installed"
    stamp.parent.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    stamp.touch()
    dry = ["make", "--dry-run", "setup", "VENV=env", f"PYTHON={sys.executable}"]
    assert "pip install" not in subprocess.run(dry, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    stamp.unlink()
    assert "pip install" in subprocess.run(dry, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_hooks_run_what_make_lint_runs() -> None:
    makefile = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    commands = [line.strip().replace('"$(BIN)/', ".venv/bin/").replace('"', "") for line in recipe[1].splitlines()]
    hooks = re.findall(r"^ +entry: (.*)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    assert hooks == commands


def test_continuous_integration_runs_make_test() -> None:
    path = ROOT / ".ci" / "run"
    assert path.stat().st_mode & 0o111
    commands = [line for line in path.read_text().splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make test"]


def test_only_the_plugin_is_part_of_the_distribution() -> None:
    """All packages are in the checkout; `tests/test_wheel.py` checks what a wheel contains."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert settings == {
        "packages": {"find": {"include": ["reencoder*"]}},
        "package-data": {"reencoder": ["grid/kernel/*.c"]},
    }
    for name in ("reencoder", "data_prep", "eval", "recipes"):
        assert (ROOT / name / "__init__.py").exists()


def write_package(folder: Path, name: str) -> Path:
    """A package of somebody else that has the name of one of ours, and a command line of its own."""
    package = folder / name
    package.mkdir()
    (package / "__init__.py").write_text("print('somebody else')\n")
    (package / "__main__.py").write_text("print('somebody else')\n")
    return package


def run_module(name: str, folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m NAME --help` in a folder, with `path` as PYTHONPATH."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    command = [sys.executable, "-m", name, "--help"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["data_prep", "eval", "recipes.demo"])
def test_packages_of_the_same_name_do_not_matter_in_the_checkout(command: str, tmp_path: Path) -> None:
    for name in ("data_prep", "eval", "recipes"):
        write_package(tmp_path, name)
    done = run_module(command, ROOT, tmp_path)
    assert done.returncode == 0 and f"usage: python -m {command}" in done.stdout
    assert "somebody else" not in done.stdout


@pytest.mark.parametrize(
    ("command", "other"), [("eval", "data_prep"), ("recipes.demo", "eval"), ("recipes.demo", "data_prep")]
)
def test_packages_of_the_same_name_are_refused_elsewhere(command: str, other: str, tmp_path: Path) -> None:
    """Started in a folder whose package shadows one of ours: an error that names both, and nothing of it runs."""
    package = write_package(tmp_path, other)
    done = run_module(command, tmp_path, ROOT)
    assert done.returncode != 0
    assert f"{other}: expected the package in {ROOT}, found {package / '__init__.py'}" in done.stderr
    assert f"start the command in {ROOT}" in done.stderr
    assert "somebody else" not in done.stdout


def test_changelog_and_licence() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## .*\b{re.escape(version)}\b", changelog, re.MULTILINE)
    entries = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    assert all(re.search(r"^Checkpoints: ", entry, re.MULTILINE) for entry in entries)
    assert "the Reencoder authors" in (ROOT / "LICENSE").read_text()
