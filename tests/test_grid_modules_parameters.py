"""Initial values of weights and biases, of every module."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from reencoder.grid import Dimension, GridLSTM, GridLSTM1d, GridLSTM2d, GridLSTM3d
from reencoder.grid.modules import ReencoderGrid
from reencoder.grid.modules.options import BlockArguments
from reencoder.grid.modules.parameters import reset_bias, reset_weight

D = 32


def check_uniform(weight: Tensor, bound: float) -> None:
    """The values fill the range from `-bound` to `bound`: of 2,000 the extremes are within 2% of it, but for luck."""
    assert weight.numel() >= 2000
    low, high = weight.min().item(), weight.max().item()
    assert -bound <= low <= -0.98 * bound and 0.98 * bound <= high <= bound


@pytest.mark.parametrize("init_scale", [0.5, 3.0])
def test_weights_depend_on_the_number_of_inputs(init_scale: float) -> None:
    weight = torch.empty(2, 100, 25)
    reset_weight(weight, init_scale)
    check_uniform(weight, init_scale / 5)


def test_only_forget_gates_have_a_bias() -> None:
    bias = torch.full((2, 12), torch.nan)
    reset_bias(bias, True, 2.5)
    assert bias.tolist() == [[0.0] * 3 + [2.5] * 3 + [0.0] * 6] * 2  # gates u, f, o, c
    reset_bias(bias, False, 2.5)
    assert not bias.any()


OPTIONS: BlockArguments = {"init_scale": 0.9, "forget_bias": 2.0}
MODULES: dict[str, nn.Module] = {
    "1d": GridLSTM1d(3, D, 2, untied=True, **OPTIONS),
    "2d": GridLSTM2d(3, D, 2, **OPTIONS),
    "3d": GridLSTM3d(3, D, 2, untied=True, **OPTIONS),
    "relu": GridLSTM(D, [Dimension(), Dimension("relu")], [2, 2], **OPTIONS),
    "reencoder": ReencoderGrid(D, 2, **OPTIONS),
}


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_modules_hand_the_options_on(module: nn.Module) -> None:
    seen = set()
    for name, parameter in module.named_parameters():
        if "project" in name:
            continue
        if "weights" in name:
            check_uniform(parameter, 0.9 / parameter.size(-1) ** 0.5)
            seen.add("weights")
        else:
            gates = parameter.unflatten(-1, (-1, D))  # u, f, o, c, each for one or two dimensions; or a plain dimension
            per_gate = gates.size(-2) // 4
            expected = torch.zeros_like(gates)
            expected[..., per_gate : 2 * per_gate, :] = 2.0
            assert torch.equal(gates, expected), name
            seen.add("biases")
    assert seen == {"weights", "biases"}
