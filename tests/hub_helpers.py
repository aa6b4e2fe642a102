"""A small trained translation model with the text processing of its data, and sentences for it."""

from __future__ import annotations

from pathlib import Path

from data_prep.manifest import copy_text_files
from data_prep.options import Options
from data_prep.phrasebook import write_phrasebook
from data_prep.prepare import prepare
from tests.programs import succeed

POSITIONS = 40
SENTENCES = ["我需要一些牙膏。", "", "你好！\x00", " \u3000", "汤姆在深圳学了三年建筑学。", "🦑🦑"]
LONG = "我需要一些牙膏。" * 12
TRAINING = [
    *("--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "adam", "--lr", 0.01),
    *("--max-source-positions", POSITIONS, "--batch-size", 64, "--disable-validation", "--no-epoch-checkpoints"),
    *("--num-workers", 0, "--seed", 1),
]
TOO_LONG = "我需要一些牙膏" * 30


def train_small_model(folder: Path) -> None:
    """Make prepared data (`data`, and `other` with another segmentation) and checkpoints (`trained`) in a folder."""
    write_phrasebook(folder / "pairs.tsv", 400, 1)
    for name, segmentation in (("data", "jieba"), ("other", "char")):
        prepare(Options(folder / name, tsv=[folder / "pairs.tsv"], segmentation=segmentation))
    succeed("train", folder / "data" / "bin", *TRAINING, "--max-update", 15, "--save-dir", folder / "trained")
    copy_text_files(folder / "data", folder / "trained")
