"""The kernels for GPUs: the same numbers as the slow twin's. Without a GPU they run in Triton's interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from reencoder.grid.block import OUTPUT_FORMS, OutputForm, State
from reencoder.grid.dimension import Dimension
from reencoder.grid.kernel import fused_grid, triton_fronts
from reencoder.grid.kernel.fronts import COMPILE, GridStates
from reencoder.grid.kernel.fused import compute_fused
from reencoder.grid.modules import ReencoderGrid
from tests.grids import Case, assert_all_close, with_gradients

DEVICE = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
TWO = [Dimension(), Dimension()]

with pytest.MonkeyPatch.context() as patch:
    patch.setenv("TRITON_INTERPRET", "0" if torch.cuda.is_available() else "1")  # read when the kernels are imported
    patch.delenv(COMPILE, raising=False)
    pytest.importorskip("triton", reason="Triton is not installed")
    if triton_fronts.kernels(DEVICE) is None:
        assert torch.cuda.is_available(), "the interpreter runs the kernels on any machine"
        pytest.skip("Triton does not work with this GPU", allow_module_level=True)


class Used(list[triton_fronts.TritonFronts]):
    """The grids that the kernels have computed."""


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Used:
    """Lets the kernels compute all grids, also those on a CPU."""
    used = Used()

    def fronts(states: GridStates) -> triton_fronts.TritonFronts:
        code = triton_fronts.kernels(DEVICE)
        assert code is not None
        used.append(triton_fronts.TritonFronts(code, states))
        return used[-1]

    monkeypatch.setattr(fused_grid, "compiled_fronts", fronts)
    monkeypatch.setattr(fused_grid, "triton_fronts", fronts)
    return used


def use_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torch do the element-wise work from now on."""
    monkeypatch.setattr(fused_grid, "compiled_fronts", lambda *_: None)
    monkeypatch.setattr(fused_grid, "triton_fronts", lambda *_: None)


@pytest.mark.parametrize("form", OUTPUT_FORMS)
@pytest.mark.parametrize("recompute_gates", [False, True])
@pytest.mark.parametrize(
    "dimensions", [[Dimension()], [Dimension(), Dimension(reverse=True)], [Dimension(untied=True), Dimension()]]
)
@pytest.mark.parametrize(
    ("padded", "dropped", "bias"), [(True, True, True), (False, False, False), (True, False, True)]
)
def test_kernels_compute_the_grid_of_the_paper(
    kernels: Used,
    dimensions: list[Dimension],
    form: OutputForm,
    recompute_gates: bool,
    padded: bool,
    dropped: bool,
    bias: bool,
) -> None:
    extents = (3, 4)[: len(dimensions)]
    case = Case(dimensions, extents, batch=3, d=5, bias=bias, padded=padded, dropped=dropped, form=form, device=DEVICE)
    mine = with_gradients(case.compute(engine="fused", recompute_gates=recompute_gates), case.leaves)
    assert kernels
    assert_all_close(mine, with_gradients(case.reference(), case.leaves))


@pytest.mark.parametrize(
    ("dtype", "error"), [(torch.float32, 1e-6), (torch.float16, 3e-3), (torch.bfloat16, 0.03)], ids=str
)
def test_single_and_half_precision(kernels: Used, dtype: torch.dtype, error: float) -> None:
    """In each type against the slow twin in float64; memories, too, have the type."""
    # A rounding changes a number by up to 6e-8, 5e-4 and 4e-3 in these types. The largest errors in the interpreter,
    # after several roundings, were 2.4e-7, 9.2e-4 and 0.012.
    case = Case(TWO, (3, 4), batch=3, d=8, padded=True, dropped=True, dtype=dtype, device=DEVICE)
    exact = Case(TWO, (3, 4), batch=3, d=8, padded=True, dropped=True, device=DEVICE)
    exact.options |= {**case.options, "masks": [mask.double() for mask in case.options["masks"]]}
    with torch.no_grad():
        for leaf, wide in zip(case.leaves, exact.leaves, strict=True):
            wide.copy_(leaf.mul_(0.5))
    mine = with_gradients(case.compute(engine="fused"), case.leaves)
    assert kernels
    for one, two in zip(mine, with_gradients(exact.reference(), exact.leaves), strict=True):
        assert one.dtype == dtype
        assert (one.double() - two).norm() < error * two.norm()


@pytest.mark.parametrize("depth_priority", [0, 1])
@pytest.mark.parametrize("recompute_gates", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_stacked_planes_are_those_of_torch(
    kernels: Used, depth_priority: int, recompute_gates: bool, mixed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The depth reads what enters or what leaves all blocks; `mixed`: under autocast, memories in single precision."""
    torch.manual_seed(0)
    options = {"continue_rows": True, "depth_output": True, "dropout": 0.2, "recompute_gates": recompute_gates}
    grid = ReencoderGrid(19, depth_priority=depth_priority, **options)  # type: ignore[arg-type]
    states = torch.randn(4, 6, 3, 19)
    if not mixed:
        grid, states = grid.double(), states.double()
    grid, states = grid.to(DEVICE), states.to(DEVICE)
    target, source = (State(*pair.clone().requires_grad_().unbind(0)) for pair in (states[:2, :4], states[2:]))
    lengths = torch.tensor([6, 4, 1], device=DEVICE)

    def run() -> list[Tensor]:
        torch.manual_seed(1)  # of dropout
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=mixed):
            output = grid([target, None], [source, source], lengths)
        assert output.depth is not None
        real = (torch.arange(6, device=DEVICE)[:, None] < lengths)[:, None, :, None]
        parts = [*output.row_ends, *(part for state in output.source_states for part in state), output.depth * real]
        loss = torch.stack([(part * torch.randn(part.shape, device=DEVICE)).sum() for part in parts]).sum()
        return [*parts, *torch.autograd.grad(loss, [*target, *source, *grid.parameters()])]

    mine = run()
    assert kernels
    use_torch(monkeypatch)
    if not mixed:
        assert_all_close(mine, run())
        return
    for one, two in zip(mine, run(), strict=True):  # torch rounds gates to bfloat16 before it uses them
        assert (one - two).norm() < 0.02 * two.norm()


def test_an_extra_input_with_untied_weights(kernels: Used, monkeypatch: pytest.MonkeyPatch) -> None:
    """The products are added to what the extra input gives."""
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator).to(DEVICE).requires_grad_()

    first, second = State(draw(4, 2, 5), draw(4, 2, 5)), State(draw(3, 2, 5), draw(3, 2, 5))
    weight, extra, extra_weight = draw(3, 1, 40, 10), draw(12, 2, 6), draw(40, 6)
    leaves = [*first, *second, weight, extra, extra_weight]

    def run() -> list[Tensor]:
        output = compute_fused([first, second], weight, extents=(3, 4), extra=extra, extra_weight=extra_weight)
        return with_gradients([part for state in output.leaving for part in state], leaves)

    mine = run()
    assert kernels
    use_torch(monkeypatch)
    assert_all_close(mine, run())


def losses(case: Case) -> Iterator[Tensor]:
    """Losses with gradients of unusual forms: expanded, of the memories alone, of one dimension alone."""
    hidden, memory, other_hidden, _ = case.compute(engine="fused")
    yield hidden.sum() + memory.sum()
    yield memory.square().sum()
    yield other_hidden[0].square().sum()


@pytest.mark.parametrize("number", range(3))
def test_some_gradients_are_missing_or_expanded(kernels: Used, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(TWO, (3, 4), padded=True, dropped=True, device=DEVICE)

    def gradients() -> list[Tensor]:
        loss = list(losses(case))[number]
        return list(torch.autograd.grad(loss, case.leaves))

    mine = gradients()
    use_torch(monkeypatch)
    assert_all_close(mine, gradients())


def test_a_second_backward_pass_and_none_at_all(kernels: Used) -> None:
    case = Case(TWO, (3, 4), padded=True, dropped=True, device=DEVICE)
    loss = case.compute(engine="fused")[0].sum()
    first = torch.autograd.grad(loss, case.leaves, retain_graph=True)
    assert_all_close(torch.autograd.grad(loss, case.leaves), first)
    with torch.no_grad():
        assert_all_close(case.compute(engine="fused"), case.reference())


def test_torch_does_the_work_where_the_kernels_cannot(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    find = triton_fronts.kernels.__wrapped__  # without the memory of this process
    assert find(DEVICE) is not None
    monkeypatch.setenv(COMPILE, "0")
    assert find(DEVICE) is None
    monkeypatch.delenv(COMPILE)
    for error in (ImportError("no module named triton"), RuntimeError("no C compiler\nfound"), AttributeError()):
        monkeypatch.setattr(triton_fronts.importlib, "import_module", _raising(error))
        assert find(DEVICE) is None
    assert [record.message.rpartition(": ")[2] for record in caplog.records] == [
        "no module named triton",
        "no C compiler",
        "AttributeError",
    ]


def test_a_trial_that_computes_nonsense_counts_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    code = SimpleNamespace(trial={(1,): lambda out: None})
    monkeypatch.setattr(triton_fronts.importlib, "import_module", lambda *_: code)
    assert triton_fronts.kernels.__wrapped__(DEVICE) is None


def _raising(error: Exception) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail
