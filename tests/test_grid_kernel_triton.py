"""The kernels for GPUs: the same numbers as the slow twin's. Without a GPU they run in Triton's interpreter."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from reencoder.grid.block import OUTPUT_FORMS, OutputForm, State
from reencoder.grid.dimension import Dimension
from reencoder.grid.kernel import fused_grid, triton_fronts
from reencoder.grid.modules import ReencoderGrid
from tests.grids import Case, assert_all_close, with_gradients

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

with pytest.MonkeyPatch.context() as patch:
    patch.setenv("TRITON_INTERPRET", "0" if torch.cuda.is_available() else "1")  # read when the kernels are imported
    if triton_fronts.kernels() is None:
        pytest.skip("there is no Triton, which CUDA builds of PyTorch bring along", allow_module_level=True)


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> list[triton_fronts.TritonFronts]:
    """Lets the kernels compute grids on a CPU, too; the list of those that they computed."""
    used: list[triton_fronts.TritonFronts] = []

    def fronts(*given: object) -> triton_fronts.TritonFronts:
        used.append(triton_fronts.TritonFronts(triton_fronts.kernels(), *given))  # type: ignore[arg-type]
        return used[-1]

    monkeypatch.setattr(fused_grid, "compiled_fronts", lambda *_: None)
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
    kernels: list[triton_fronts.TritonFronts],
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


@pytest.mark.parametrize("depth_priority", [0, 1])
@pytest.mark.parametrize("recompute_gates", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_stacked_planes_are_those_of_torch(
    kernels: list[triton_fronts.TritonFronts],
    depth_priority: int,
    recompute_gates: bool,
    mixed: bool,
    monkeypatch: pytest.MonkeyPatch,
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


def test_torch_does_the_work_where_the_kernels_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    state = torch.zeros(2, 1, 5)
    layout = fused_grid.GridLayout
    assert triton_fronts.triton_fronts(layout, state, state, None, None) is None  # type: ignore[arg-type]
    monkeypatch.setenv("REENCODER_COMPILE", "0")
    assert triton_fronts.kernels.__wrapped__() is None
    monkeypatch.delenv("REENCODER_COMPILE")
    monkeypatch.setattr(triton_fronts.importlib, "import_module", _missing)
    assert triton_fronts.kernels.__wrapped__() is None


def _missing(*_: object) -> None:
    raise ImportError("no Triton")
