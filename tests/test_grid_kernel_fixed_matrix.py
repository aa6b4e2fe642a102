"""The matrices of the fused engine in single precision, packed and not."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
import torch
from torch import Tensor

from reencoder.grid.block import State
from reencoder.grid.dimension import Dimension
from reencoder.grid.kernel import fixed_matrix
from tests.grids import Case, assert_all_close, with_gradients

TWO = [Dimension(), Dimension()]


@pytest.mark.parametrize("packing", [True, False])
def test_single_precision_is_close_to_double(packing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if packing and not fixed_matrix.packing_available():
        pytest.skip("this torch or processor has no product by a packed matrix")
    monkeypatch.setenv(fixed_matrix.PACKING, "1" if packing else "0")
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
    assert_all_close([part.double() for part in mine], expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("packing", ["0", "1"])
def test_a_fixed_matrix_multiplies(packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers, so that packed and plain products are the same to the last bit."""
    monkeypatch.setenv(fixed_matrix.PACKING, packing)
    matrix, inputs = torch.arange(96.0).view(12, 8), torch.arange(24.0).view(3, 8)
    bias = torch.arange(12.0)
    multiply = fixed_matrix.FixedMatrix(matrix, 100)
    assert multiply.packed == (packing == "1" and fixed_matrix.packing_available())
    assert torch.equal(multiply(inputs), inputs @ matrix.t())
    assert torch.equal(multiply(inputs, bias), inputs @ matrix.t() + bias)


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing has been tried or measured in this process, and nothing is afterwards."""
    monkeypatch.delenv(fixed_matrix.PACKING, raising=False)
    for measured in (fixed_matrix.packing_available, fixed_matrix._packing_trial):
        measured.cache_clear()
    yield
    for measured in (fixed_matrix.packing_available, fixed_matrix._packing_trial):
        measured.cache_clear()


def test_what_is_measured_does_not_depend_on_the_caller(unmeasured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    available = platform.machine() in ("x86_64", "AMD64") and torch.backends.mkldnn.is_available()
    matrix = torch.ones(24, 16)
    double = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)
        with torch.device("meta"), torch.autocast("cpu", dtype=torch.bfloat16):
            assert fixed_matrix.packing_available() == available
            fixed_matrix.FixedMatrix(matrix, 100)
            measured = fixed_matrix._packing_trial.cache_info().currsize
    finally:
        torch.set_default_dtype(double)
    assert measured == (1 if available else 0)
    products: list[torch.dtype] = []
    linear = torch.nn.functional.linear

    def recorded(*given: Tensor) -> Tensor:
        product = linear(*given)
        products.append(product.dtype)
        return product

    monkeypatch.setattr(torch.nn.functional, "linear", recorded)
    if available:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            fixed_matrix._packing_trial(8, 8, 16, 1, "highest")
        assert set(products) == {torch.float32}


def test_packing_pays_where_it_saves_more_than_it_costs() -> None:
    times = fixed_matrix.PackingTrial(pack=3.0, packed=1.0, plain=2.0)
    assert not times.pays(3)  # 6 against 5.4
    assert times.pays(4)  # 7 against 7.2
    assert not fixed_matrix.PackingTrial(pack=0.0, packed=1.0, plain=1.0).pays(1000)  # no gain
    near = fixed_matrix.PackingTrial(pack=0.1, packed=1.9, plain=2.0)
    assert not near.pays(10) and near._replace(same_bits=True).pays(10)  # 19.1 against 18 and 20


def test_packing_is_measured_once_per_class_of_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fixed_matrix.PACKING, raising=False)
    measured: list[tuple[Any, ...]] = []

    @lru_cache
    def times(*sizes: Any) -> fixed_matrix.PackingTrial:
        measured.append(sizes)
        return fixed_matrix.PackingTrial(1.0, 1.0, 2.0)

    monkeypatch.setattr(fixed_matrix, "_packing_trial", times)
    threads = torch.get_num_threads()
    assert not fixed_matrix.packing_pays(12, 8, 300, uses=1)  # one product is never worth it
    assert measured == []
    assert [fixed_matrix.packing_pays(12, 8, rows, uses=10) for rows in (200, 256, 400)] == [True] * 3
    assert fixed_matrix.packing_pays(12, 8, 16, uses=10)
    assert measured == [(12, 8, 256, threads, "highest"), (12, 8, 16, threads, "highest")]


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_the_trial_compares_the_bits_of_the_products(precision: str) -> None:
    """For each precision, which selects the library of the plain product."""
    if not fixed_matrix.packing_available():
        pytest.skip("this torch or processor has no product by a packed matrix")
    torch.set_float32_matmul_precision(precision)
    torch.manual_seed(1)
    rows, matrix = torch.randn(64, 96), torch.randn(128, 96)
    packed = fixed_matrix._packed_product(rows, torch.ops.mkldnn._reorder_linear_weight(matrix, None), None)
    same = torch.equal(packed, torch.nn.functional.linear(rows, matrix))
    assert fixed_matrix._packing_trial.__wrapped__(128, 96, 64, 1, precision).same_bits == same


def test_the_trial_tells_products_with_other_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both products have the same bits, as on some processors, only a changed one shows it."""
    if not fixed_matrix.packing_available():
        pytest.skip("this torch or processor has no product by a packed matrix")
    product = fixed_matrix._packed_product
    monkeypatch.setattr(fixed_matrix, "_packed_product", lambda *given: product(*given) * (1 + 2**-23))
    assert not fixed_matrix._packing_trial.__wrapped__(128, 96, 64, 1, "highest").same_bits


def test_every_precision_has_its_own_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fixed_matrix.PACKING, raising=False)
    tried: list[Any] = []

    def trial(*given: Any) -> fixed_matrix.PackingTrial:
        tried.append(given[-1])
        return fixed_matrix.PackingTrial(0.0, 1.0, 2.0)

    monkeypatch.setattr(fixed_matrix, "_packing_trial", trial)
    for precision in ("highest", "medium"):
        torch.set_float32_matmul_precision(precision)
        assert fixed_matrix.packing_pays(12, 8, 256, uses=10)
    assert tried == ["highest", "medium"]


def test_measuring_draws_no_random_numbers() -> None:
    """Else the same seed would train another model on another machine."""
    if not fixed_matrix.packing_available():
        pytest.skip("this torch or processor has no product by a packed matrix")
    before = torch.get_rng_state()
    assert min(fixed_matrix._packing_trial.__wrapped__(12, 8, 3, 1, "highest")[:3]) > 0
    assert torch.equal(torch.get_rng_state(), before)
