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


def test_the_scale_is_not_rounded_to_half_precision() -> None:
    """1 / 0.85 in bfloat16 is 0.3% larger: what is kept would grow by that at every block."""
    for dtype, wanted in ((torch.bfloat16, torch.float32), (torch.float16, torch.float32), (torch.float64,) * 2):
        mask = dropout_mask((1000,), 0.15, torch.zeros(1, dtype=dtype))
        assert mask.dtype == wanted
        assert mask.max().item() == pytest.approx(1 / 0.85, rel=1e-4)
