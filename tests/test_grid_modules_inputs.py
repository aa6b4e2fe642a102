"""How data points enter a grid: dropout of the hidden vectors, and of nothing else, in training."""

from __future__ import annotations

import torch

from reencoder.grid.modules.inputs import InputProjection


def test_hidden_vectors_are_dropped_in_training() -> None:
    project = InputProjection(3, 40, dropout=0.25)
    points = torch.randn(50, 3)
    hidden, memory = project.eval()(points)
    dropped, kept = project.train()(points)
    assert torch.equal(kept, memory)
    zero = dropped == 0
    assert 0.2 < zero.float().mean() < 0.3  # of 2,000
    torch.testing.assert_close(dropped[~zero], hidden[~zero] / 0.75)
    assert torch.equal(torch.cat([hidden, memory], dim=-1), project.linear(points))
