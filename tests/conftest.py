"""Fixtures that several test files use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch

from reencoder.hub import Reencoder
from tests.hub_helpers import train_small_model

# Some tests compare processes to the last bit, which measured choices would leave to chance. The programs that tests
# start inherit these.
os.environ.setdefault("REENCODER_PACKING", "1")
os.environ.setdefault("REENCODER_ONEDNN", "1")


# A machine that pauses now and then must not fail a test of what is computed.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")


@pytest.fixture(autouse=True)
def process_settings() -> Iterator[None]:
    """What training sets for the whole process ends with the test."""
    yield
    torch.set_flush_denormal(False)
    torch.set_float32_matmul_precision("highest")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The data sets that lie beside the checkout; the test is skipped where they are missing."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no data sets beside the checkout (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def hub_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `tests.hub_helpers.train_small_model` makes."""
    folder = tmp_path_factory.mktemp("hub")
    train_small_model(folder)
    return folder


@pytest.fixture(scope="session")
def hub_model(hub_folder: Path) -> Reencoder:
    return Reencoder.from_pretrained(hub_folder / "trained", device="cpu", beam=5)
