"""The element-wise part of the fused engine against autograd."""

from __future__ import annotations

import pytest
import torch

from reencoder.grid.block import OUTPUT_FORMS, OutputForm, lstm_transform
from reencoder.grid.kernel.gates import activate, cell_backward, cell_forward, tanh_into


def test_single_precision_tanh_has_the_absolute_error_of_single_precision() -> None:
    values = torch.linspace(-20, 20, 100_001)
    result = tanh_into(values, torch.empty_like(values))
    assert (result.double() - values.double().tanh()).abs().max().item() < 3e-7
    double = torch.linspace(-20, 20, 101, dtype=torch.float64)
    assert torch.equal(tanh_into(double, torch.empty_like(double)), double.tanh())


@pytest.mark.parametrize("form", OUTPUT_FORMS)
def test_gates_forward_and_backward_are_those_of_autograd(form: OutputForm) -> None:
    torch.manual_seed(0)
    products, memory = (torch.randn(7, width, dtype=torch.float64, requires_grad=True) for width in (24, 6))
    expected = lstm_transform(products, memory, form)
    grads = torch.randn(2, 7, 6, dtype=torch.float64)
    grad_products, grad_memory = torch.autograd.grad(expected, (products, memory), tuple(grads))
    with torch.no_grad():
        gates = products.clone()
        activate(gates, gates)
        torch.testing.assert_close(cell_forward(gates, memory, form), tuple(expected))
        entering = cell_backward(gates, memory, grads[0].clone(), grads[1].clone(), form)
    torch.testing.assert_close(entering, grad_memory)
    torch.testing.assert_close(gates, grad_products)  # overwritten
