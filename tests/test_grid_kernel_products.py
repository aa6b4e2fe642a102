"""The matrix products of the fused engine in single precision, packed and not."""

from __future__ import annotations

import pytest
import torch

from reencoder.grid.block import State
from reencoder.grid.dimension import Dimension
from reencoder.grid.kernel import products
from tests.grids import Case, assert_all_close, with_gradients

TWO = [Dimension(), Dimension()]


@pytest.mark.parametrize("packing", [True, False])
def test_single_precision_is_close_to_double(packing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if packing and not products.packing_available():
        pytest.skip("this torch or processor has no product by a packed matrix")
    monkeypatch.setattr(products, "_packing", packing)
    double = Case(TWO, (5, 6), batch=3, d=16, padded=True)
    single = Case(TWO, (5, 6), batch=3, d=16, padded=True)
    with torch.no_grad():
        for leaf in double.leaves[4:]:
            leaf *= 0.2
    for name in ("weights", "biases"):
        setattr(single, name, [part.detach().float().requires_grad_() for part in getattr(double, name)])
    single.sides = [State(*(part.detach().float().requires_grad_() for part in side)) for side in double.sides]
    single.leaves = [*(part for side in single.sides for part in side), *single.weights, *single.biases]  # type: ignore[list-item]
    mine = with_gradients([part.double() for part in single.compute()], single.leaves)
    expected = with_gradients(double.compute(), double.leaves)
    assert single.compute()[0].dtype == torch.float32
    assert_all_close([part.double() for part in mine], expected, rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("uses", [1, 100])
def test_a_fixed_matrix_multiplies(uses: int) -> None:
    """Whole numbers, so that packed and plain products are the same to the last bit."""
    matrix, inputs = torch.arange(96.0).view(12, 8), torch.arange(24.0).view(3, 8)
    bias = torch.arange(12.0)
    multiply = products.FixedMatrix(matrix, uses)
    assert torch.equal(multiply(inputs), inputs @ matrix.t())
    assert torch.equal(multiply(inputs, bias), inputs @ matrix.t() + bias)
