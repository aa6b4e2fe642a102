"""Which library computes products of float32 matrices, and how precisely."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from reencoder import float32_products
from reencoder.float32_products import ONEDNN, lowers_precision, onednn_pays, set_matmul_precision
from reencoder.training_process import set_up_training


@pytest.fixture(autouse=True)
def on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The choice as on a machine without GPU, and trials that nobody made before."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    trials = (lowers_precision, float32_products._onednn_is_faster, float32_products._warn_without_effect)
    for trial in trials:
        trial.cache_clear()
    yield
    for trial in trials:
        trial.cache_clear()


def test_trials_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ONEDNN, raising=False)
    state = torch.get_rng_state()
    assert not lowers_precision("highest")
    onednn_pays()
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("wish", ["0", "1", None])
def test_full_precision_stays_full_whichever_library_computes(
    wish: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ONEDNN, raising=False)
    if wish is not None:
        monkeypatch.setenv(ONEDNN, wish)
    set_matmul_precision("highest")
    generator = torch.Generator().manual_seed(1)
    a, b = torch.randn(70, 130, generator=generator), torch.randn(130, 90, generator=generator)
    torch.testing.assert_close((a @ b).double(), a.double() @ b.double(), rtol=0, atol=3e-5)
    assert (torch.get_float32_matmul_precision() == "medium") == onednn_pays()


def test_training_sets_the_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ONEDNN, "0")
    for precision in float32_products.MATMUL_PRECISIONS:
        set_up_training(precision)
        assert torch.get_float32_matmul_precision() == precision


def _with_less_precise(compute: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """A product that rounds its operands to bfloat16 unless the highest precision is set."""

    def product(a: Tensor, b: Tensor) -> Tensor:
        if a.dtype == torch.float32 and torch.get_float32_matmul_precision() != "highest":
            a, b = a.bfloat16().float(), b.bfloat16().float()
        return compute(a, b)

    return product


def test_units_for_less_exact_products_are_not_used_for_full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ONEDNN, "1")
    monkeypatch.setattr(Tensor, "__matmul__", _with_less_precise(Tensor.__matmul__))
    assert lowers_precision("medium")
    assert not onednn_pays()
    set_matmul_precision("highest")
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize(("slower", "pays"), [("highest", True), ("medium", False)])
def test_the_faster_library_computes(slower: str, pays: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A product takes one tick of the clock, or two with the slower precision."""
    now = 0.0

    def product(a: Tensor, b: Tensor) -> None:
        nonlocal now
        now += 2 if torch.get_float32_matmul_precision() == slower else 1

    monkeypatch.delenv(ONEDNN, raising=False)
    monkeypatch.setattr(float32_products, "lowers_precision", lambda precision: False)
    monkeypatch.setattr(torch, "mm", product)
    for clock in ("process_time", "perf_counter"):
        monkeypatch.setattr(float32_products.time, clock, lambda: now)
    assert onednn_pays() is pays


def test_a_precision_without_effect_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for has_effect in (True, False):
        float32_products._warn_without_effect.cache_clear()
        caplog.clear()
        monkeypatch.setattr(float32_products, "lowers_precision", lambda precision, found=has_effect: found)
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                set_matmul_precision("medium")
        warnings = [record.getMessage() for record in caplog.records]
        expected = "--matmul-precision medium: this processor computes the products in full float32 all the same"
        assert warnings == ([] if has_effect else [expected])
