"""The general engine: second derivatives, and its memory."""

from __future__ import annotations

import torch
from torch import Tensor

from eval.speed.measure import peak_bytes
from reencoder.grid import GridLSTM2d
from reencoder.grid.dimension import Dimension
from tests.grids import Case, with_gradients


def test_untied_weights_are_not_copied_for_every_front() -> None:
    """Their matrices are used in place: twice as many steps take twice the states, not twice the weights."""
    peaks = []
    for steps in (10, 20):
        case = Case([Dimension(), Dimension("relu", untied=True)], (steps, 6), batch=1, d=32)
        weights = sum(weight.numel() * weight.element_size() for weight in case.weights)

        def work(case: Case = case) -> object:
            return with_gradients(case.compute(), case.leaves)

        peaks.append(peak_bytes(work) / weights)
    assert peaks[1] - peaks[0] < 2


def test_the_general_engine_has_second_derivatives() -> None:
    case = Case([Dimension(), Dimension("tanh", priority=1)], (2, 2), d=2, batch=1)

    def run(*_: Tensor) -> tuple[Tensor, ...]:
        return tuple(part for part in case.compute() if part.numel())

    assert torch.autograd.gradgradcheck(run, tuple(leaf for leaf in case.leaves if leaf.numel()))


def test_the_general_engine_takes_the_transforms_of_torch_func() -> None:
    model, inputs = GridLSTM2d(3, 4, 2).double(), torch.randn(3, 5, 2, 3, dtype=torch.float64)
    model.grid.engine = "general"
    parameters = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        top, _ = torch.func.functional_call(model, parameters, (inputs[0],))
        return top.hidden.square().sum()

    expected = torch.autograd.grad(model(inputs[0])[0].hidden.square().sum(), list(model.parameters()))
    found = torch.func.grad(loss)(parameters)
    torch.testing.assert_close(tuple(found.values()), expected)
    slope = torch.func.jvp(loss, (parameters,), (parameters,))[1]
    torch.testing.assert_close(slope, sum((found[name] * parameters[name]).sum() for name in parameters))
    together = torch.func.vmap(lambda inputs: model(inputs)[0].hidden)(inputs)
    torch.testing.assert_close(together, torch.stack([model(one)[0].hidden for one in inputs]))
