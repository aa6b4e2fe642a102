"""What training sets for the process."""

from __future__ import annotations

import logging

import pytest
import torch

from reencoder import training_process


def test_a_precision_without_effect_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    training_process._warn_without_effect.cache_clear()
    has_effect = training_process.lowers_precision("medium")
    assert not training_process.lowers_precision("highest")
    assert torch.get_float32_matmul_precision() == "highest", "the trial leaves no trace"
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            training_process.set_up_training("medium")
    warnings = [record.getMessage() for record in caplog.records]
    expected = "--matmul-precision medium: this processor computes the products in full float32 all the same"
    assert warnings == ([] if has_effect else [expected])
