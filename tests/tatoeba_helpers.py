"""Trainings and translations of recipes.tatoeba that take no time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data_prep.manifest import write_manifest
from eval.bleu import score
from recipes.tatoeba import execution

SCORES = score(["a b c d e"], [["a b c d e"]])


def replace_programs(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[dict[str, Any]]:
    """Train and translate in no time, on prepared data in a folder; the list gets the options of each training."""
    trained: list[dict[str, Any]] = []

    def train(data: Path, options: dict[str, Any], log: Path, threads: int, quiet: bool) -> None:
        trained.append(options)
        log.parent.mkdir(parents=True, exist_ok=True)
        entries = [
            "| INFO | fairseq_cli.train | num. shared model params: 1,234,567 (num. trained: 1,234,567)",
            '| INFO | train | {"epoch": 1, "train_ppl": "9.5", "train_num_updates": "10", "train_wall": "5"}',
            '| INFO | valid | {"epoch": 1, "valid_loss": "4.5", "valid_ppl": "7.25", "valid_num_updates": "10"}',
            '| INFO | train | {"epoch": 2, "train_ppl": "4.5", "train_num_updates": "20", "train_wall": "10"}',
            '| INFO | valid | {"epoch": 2, "valid_loss": "4.75", "valid_ppl": "7.0", "valid_num_updates": "20"}',
        ]
        log.write_text("".join(f"2026-01-01 00:00:00 {entry}\n" for entry in entries) + "CPU seconds: 120.0\n")
        (Path(options["save_dir"]) / "checkpoint_best.pt").touch()

    inputs = {"tsv": {"sha256": "a" * 64}}
    write_manifest(folder, {"options": {"segmentation": "jieba"}, "files": {}, "inputs": inputs})
    monkeypatch.setattr(execution, "train", train)
    monkeypatch.setattr(execution, "generate", lambda settings: SCORES)
    return trained
