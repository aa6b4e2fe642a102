"""Dropout masks."""

from __future__ import annotations

import math

import pytest
import torch

from reencoder.grid.modules.dropout import dropout_mask


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9])
def test_dropout_mask_drops_and_scales(probability: float) -> None:
    torch.manual_seed(0)
    mask = dropout_mask((300, 7, 101), probability, torch.zeros(1))
    dropped = (mask == 0).float().mean().item()
    deviation = math.sqrt(probability * (1 - probability) / mask.numel())
    assert dropped == pytest.approx(probability, abs=5 * deviation + 1e-12)
    kept = mask[mask != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - probability)), rtol=1e-4, atol=0)
