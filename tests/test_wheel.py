"""The wheel: what it contains, and that fairseq finds the plugin where only the wheel is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(command: list[str], folder: Path, path: Path | None = None) -> str:
    """Run a command in a folder, with `path` as PYTHONPATH; return its standard output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = "1"
    # Where the shell finds `python` and `fairseq-train`.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the checkout, without downloading anything."""
    copy, output = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    for name in ("reencoder", "data_prep", "eval", "recipes", "tests", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    assert list(copy.glob("recipes/*/results/*.json")), "there are result files that could get into the wheel"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir"]
    build = ["wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(output), str(copy)]
    run([*pip, *build], copy)
    (built,) = output.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed in."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir"]
    run([*pip, "install", "--no-index", "--no-deps", "--target", str(folder), str(wheel)], folder)
    return folder


def test_the_wheel_contains_the_plugin_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    plugin = {name for name in names if name.startswith("reencoder/")}
    assert all(".dist-info/" in name for name in names - plugin)
    sources = {
        path.relative_to(ROOT).as_posix()
        for ending in ("py", "c")
        for path in (ROOT / "reencoder").rglob(f"*.{ending}")
    }
    assert plugin == sources


def test_the_installed_plugin_is_found_and_trains(installed: Path, tmp_path: Path) -> None:
    """In a folder that is not the checkout, and although the checkout may be installed in editable form."""
    code = "import reencoder; print(reencoder.__file__)"
    assert Path(run([sys.executable, "-c", code], tmp_path, installed).strip()) == installed / "reencoder/__init__.py"
    assert run([sys.executable, "-m", "reencoder"], tmp_path, installed) == f"{installed / 'reencoder'}\n"
    train = (
        'fairseq-train --user-dir "$(python -m reencoder)" --task grid_parity --bits 8 --arch grid_lstm_1d_small '
        "--criterion cross_entropy_with_accuracy --optimizer adam --lr 0.001 --batch-size 4 --samples-per-epoch 4 "
        "--valid-samples 4 --test-samples 4 --max-update 1 --num-workers 0 --cpu --save-dir checkpoints"
    )
    output = run(["bash", "-c", train], tmp_path, installed)
    assert "num_updates 1" in output
    assert (tmp_path / "checkpoints" / "checkpoint_last.pt").exists()
