"""The fused engine: its backward pass, its memory, its extra input, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from eval.speed.measure import peak_bytes
from reencoder.grid.block import OUTPUT_FORMS, OutputForm, State
from reencoder.grid.dimension import Dimension
from reencoder.grid.kernel.fused import compute_fused
from reencoder.grid.modules.options import PlaneStackOptions
from reencoder.grid.modules.plane_stack import PlaneStack
from tests.grids import Case, assert_all_close, block_positions, with_gradients

TWO = [Dimension(), Dimension()]


@pytest.mark.parametrize("untied", [False, True])
def test_gates_recomputed_in_pieces_of_many_blocks(untied: bool) -> None:
    case = Case([Dimension(untied=untied), Dimension()], (9, 11), padded=True, dropped=True)
    recomputed = with_gradients(case.compute(recompute_gates=True), case.leaves)
    assert_all_close(recomputed, with_gradients(case.compute(), case.leaves))


@pytest.mark.parametrize("untied", [False, True])
def test_recomputed_gates_sum_gradients_of_half_precision_as_exactly_as_kept_ones(untied: bool) -> None:
    d, width, batch, extents = 6, 5, 4, (40, 40)
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    positions = (extents[0] if untied else 1, 1)
    weights = [draw(*positions, 8 * d, 2 * d) / 4, draw(*positions, 8 * d), draw(8 * d, width) / 4]
    extra = draw(extents[0] * extents[1], batch, width)
    sides = [State(draw(extent, batch, d), draw(extent, batch, d)) for extent in extents]

    def gradients(recompute_gates: bool, half: bool) -> list[Tensor]:
        leaves = [weight.clone().requires_grad_() for weight in weights]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            output = compute_fused(
                sides,
                leaves[0],
                leaves[1],
                extents=extents,
                extra=extra,
                extra_weight=leaves[2],
                recompute_gates=recompute_gates,
                wanted="leaving",
            )
        assert output.blocks is not None
        return list(torch.autograd.grad(output.blocks.float().square().sum(), leaves))

    exact = gradients(False, False)
    errors = [
        [((one - two).norm() / two.norm()).item() for one, two in zip(gradients(recompute, True), exact, strict=True)]
        for recompute in (True, False)
    ]
    for recomputed, kept in zip(*errors, strict=True):
        assert recomputed < 1.2 * kept, errors


def test_nothing_is_kept_for_a_backward_pass_that_cannot_come() -> None:
    case = Case(TWO, (8, 8), batch=4, d=16)
    floats = 8 * 8 * 4 * 16 * 8  # bytes, for each float of d per block
    assert peak_bytes(lambda: case.compute()) > 12 * floats
    with torch.no_grad():
        assert peak_bytes(lambda: case.compute()) < 9 * floats
        assert_all_close(case.compute(), case.reference())


@pytest.mark.parametrize("form", OUTPUT_FORMS)
@pytest.mark.parametrize("untied", [False, True])
@pytest.mark.parametrize("recompute_gates", [False, True])
def test_gradcheck(form: OutputForm, untied: bool, recompute_gates: bool) -> None:
    case = Case([Dimension(untied=untied), Dimension()], (2, 3), padded=True, dropped=True, form=form, d=2)

    def run(*_: Tensor) -> tuple[Tensor, ...]:
        return tuple(case.compute(engine="fused", recompute_gates=recompute_gates))

    assert torch.autograd.gradcheck(run, tuple(case.leaves))


def test_second_derivatives_of_the_fused_engine_are_refused() -> None:
    case = Case(TWO, (2, 2))
    for output in (case.compute()[0].square().sum(), case.compute()[0].sum()):  # whose gradient needs a gradient or not
        (gradient,) = torch.autograd.grad(output, case.weights[0], create_graph=True)
        with pytest.raises(RuntimeError, match="to differentiate twice, set engine = 'general' on the grid"):
            gradient.square().sum().backward()


def test_checkpointed_grids_have_the_same_gradients() -> None:
    case = Case(TWO, (3, 2))
    expected = torch.autograd.grad(case.compute()[0].sum(), case.weights[0])[0]
    output: Tensor = torch.utils.checkpoint.checkpoint(lambda: case.compute()[0].sum(), use_reentrant=False)
    torch.testing.assert_close(torch.autograd.grad(output, case.weights[0])[0], expected, rtol=0, atol=0)


@pytest.fixture
def nan_in_new_memory() -> Iterator[None]:
    """Makes torch fill memory that nobody has initialized with NaN; a result that depends on it becomes NaN."""
    torch.use_deterministic_algorithms(True)
    assert torch.empty(1).isnan()
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("nan_in_new_memory")
@pytest.mark.parametrize("extents", [(2, 5), (5, 2)])
@pytest.mark.parametrize("depth_priority", [0, 1])
def test_uninitialized_memory_reaches_no_result(extents: tuple[int, int], depth_priority: int) -> None:
    """Where the extents differ, some points behind the last block have no state."""
    options = PlaneStackOptions(
        hidden_size=3, scans=((False, False), (True, False)), depth_priority=depth_priority, untied=True
    )
    stack = PlaneStack(options)
    sides = [(State(*torch.randn(2, extents[1], 2, 3)), State(*torch.randn(2, extents[0], 2, 3))) for _ in range(2)]
    output = stack(sides, State(*torch.randn(2, *extents, 2, 3)))
    assert output.depth is not None
    results = with_gradients([*output.depth, *output.leaving[1][0]], list(stack.parameters()))
    assert all(result.isfinite().all() for result in results)


@pytest.mark.parametrize("recompute_gates", [False, True])
@pytest.mark.parametrize("untied", [False, True])
def test_a_second_backward_pass_gives_the_same(recompute_gates: bool, untied: bool) -> None:
    case = Case([Dimension(), Dimension(untied=untied)], (3, 4), padded=True, dropped=True)
    loss = case.compute(recompute_gates=recompute_gates)[0].sum()
    first = torch.autograd.grad(loss, case.leaves, retain_graph=True)
    assert_all_close(torch.autograd.grad(loss, case.leaves), first)


def test_extra_input_is_a_third_dimension() -> None:
    """What `compute_fused` does with its extra input is a three-dimensional grid of extent 1 along a plain depth."""
    case = Case([*TWO, Dimension("identity")], (3, 4, 1), padded=False)
    d, batch = 3, 2
    weights = [part.view(4, d, 3 * d) for part in case.weights[:2]]
    weight = torch.stack(weights, dim=1).view(8 * d, 3 * d)
    assert case.biases[0] is not None and case.biases[1] is not None
    bias = torch.stack([case.biases[n].view(4, d) for n in (0, 1)], dim=1).view(-1)  # type: ignore[union-attr]
    positions = torch.tensor([4 * i + j for i, j in block_positions((3, 4), (False, False))])
    output = compute_fused(
        [State(*(part.squeeze(1) for part in side)) for side in case.sides[:2]],
        weight[:, : 2 * d],
        bias,
        extents=(3, 4),
        extra=case.sides[2].hidden.view(12, batch, d)[positions],
        extra_weight=weight[:, 2 * d :],
    )
    mine = [part.unsqueeze(1) for state in output.leaving for part in state]
    leaves = [leaf for leaf in case.leaves if leaf.numel()]
    assert_all_close(with_gradients(mine, leaves), with_gradients(case.reference()[:4], leaves))
