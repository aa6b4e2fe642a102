"""The compiled element-wise work: the same numbers as torch's, and what happens without a compiler."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor

from reencoder.grid.block import OUTPUT_FORMS, OutputForm, State
from reencoder.grid.dimension import Dimension
from reencoder.grid.kernel import compiled, fused_grid
from reencoder.grid.kernel.fronts import COMPILE, GridStates
from reencoder.grid.kernel.scan import grid_layout
from reencoder.grid.modules import ReencoderGrid
from tests.grids import Case, assert_all_close

COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")


@needs_compiler
def test_there_is_compiled_code() -> None:
    assert compiled.library() is not None


@needs_compiler
def test_it_can_be_forbidden_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled.compiled_fronts(_states(5)) is not None
    monkeypatch.setenv(COMPILE, "0")
    assert compiled.compiled_fronts(_states(5)) is None


@pytest.fixture
def threads() -> Iterator[None]:
    """Restores the number of threads."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def results(case: Case, recompute_gates: bool = False, weighted: bool = True) -> list[Tensor]:
    """Outputs of a grid, and gradients of a loss: of a weighted sum, or of a plain one, whose gradient is expanded."""
    outputs = case.compute(engine="fused", recompute_gates=recompute_gates)
    generator = torch.Generator().manual_seed(1)
    loss = sum((part * torch.randn(part.shape, generator=generator) if weighted else part).sum() for part in outputs)
    assert isinstance(loss, Tensor)
    return [*outputs, *torch.autograd.grad(loss, case.leaves)]


@needs_compiler
@pytest.mark.parametrize("form", OUTPUT_FORMS)
@pytest.mark.parametrize("recompute_gates", [False, True])
@pytest.mark.parametrize(
    "dimensions", [[Dimension()], [Dimension(), Dimension(reverse=True)], [Dimension(untied=True), Dimension()]]
)
@pytest.mark.parametrize(
    ("padded", "dropped", "bias"), [(True, True, True), (False, False, False), (True, False, True)]
)
def test_compiled_work_is_that_of_torch(
    dimensions: list[Dimension],
    form: OutputForm,
    recompute_gates: bool,
    padded: bool,
    dropped: bool,
    bias: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    extents = (5, 7)[: len(dimensions)]
    case = Case(
        dimensions, extents, batch=3, d=19, bias=bias, padded=padded, dropped=dropped, form=form, dtype=torch.float32
    )
    with torch.no_grad():
        for weight in case.weights:
            weight *= 0.3
    mine = [results(case, recompute_gates, weighted) for weighted in (True, False)]
    monkeypatch.setattr(fused_grid, "compiled_fronts", lambda *_: None)
    for weighted, found in zip((True, False), mine, strict=True):
        assert_all_close(found, results(case, recompute_gates, weighted), rtol=0, atol=5e-6)


@needs_compiler
def test_outputs_that_nobody_uses_have_no_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case([Dimension(), Dimension()], (3, 4), batch=2, d=19, dtype=torch.float32)
    with torch.no_grad():
        for weight in case.weights:
            weight *= 0.3

    def gradients() -> list[Tensor]:
        found = []
        for number in range(len(case.compute())):
            parts = torch.autograd.grad(case.compute()[number].sum(), case.leaves, allow_unused=True)
            found += [torch.zeros(1) if part is None else part for part in parts]
        return found

    mine = gradients()
    monkeypatch.setattr(fused_grid, "compiled_fronts", lambda *_: None)
    assert_all_close(mine, gradients(), rtol=0, atol=5e-6)


@needs_compiler
@pytest.mark.parametrize("depth_priority", [0, 1])
@pytest.mark.parametrize("recompute_gates", [False, True])
def test_stacked_planes_are_those_of_torch(
    depth_priority: int, recompute_gates: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The depth reads what enters or what leaves all blocks, and its gradient comes back into the planes."""
    torch.manual_seed(0)
    options = {"continue_rows": True, "depth_output": True, "dropout": 0.2, "recompute_gates": recompute_gates}
    grid = ReencoderGrid(19, depth_priority=depth_priority, **options)  # type: ignore[arg-type]
    states = torch.randn(4, 6, 3, 19)
    target, source = (State(*pair.clone().requires_grad_().unbind(0)) for pair in (states[:2, :4], states[2:]))
    lengths = torch.tensor([6, 4, 1])

    def run() -> list[Tensor]:
        torch.manual_seed(1)  # of dropout
        output = grid([target, None], [source, source], lengths)
        assert output.depth is not None
        real = (torch.arange(6)[:, None] < lengths)[:, None, :, None]
        parts = [*output.row_ends, *(part for state in output.source_states for part in state), output.depth * real]
        loss = torch.stack([(part * torch.randn(part.shape)).sum() for part in parts]).sum()
        return [*parts, *torch.autograd.grad(loss, [*target, *source, *grid.parameters()])]

    mine = run()
    monkeypatch.setattr(fused_grid, "compiled_fronts", lambda *_: None)
    assert_all_close(mine, run(), rtol=0, atol=1e-5)


@needs_compiler
def test_it_is_used_and_only_for_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[compiled.CompiledFronts] = []
    forward = compiled.CompiledFronts.forward

    def count(self: compiled.CompiledFronts, *arguments: object) -> None:
        used.append(self)
        forward(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(compiled.CompiledFronts, "forward", count)
    Case([Dimension(), Dimension()], (2, 3)).compute(engine="fused")
    assert not used
    Case([Dimension(), Dimension()], (2, 3), dtype=torch.float32).compute(engine="fused")
    assert len(used) == 4  # fronts


@needs_compiler
def test_gates_saturate_and_nan_stays_nan() -> None:
    fronts = compiled.compiled_fronts(_states(5))
    assert fronts is not None
    values = torch.tensor([-torch.inf, -1000.0, 0.0, 1000.0, torch.nan])
    gates = values.repeat(4)[None].clone()
    fronts.activate(gates)
    expected = torch.cat([torch.sigmoid(values).repeat(3), torch.tanh(values)])
    torch.testing.assert_close(gates[0], expected, equal_nan=True, rtol=0, atol=1e-37)


@needs_compiler
def test_activations_have_the_error_of_single_precision() -> None:
    values = torch.linspace(-30, 30, 4 * 25_000).view(1, -1)
    d = 25_000
    fronts = compiled.compiled_fronts(_states(d))
    assert fronts is not None
    order = torch.randperm(values.numel(), generator=torch.Generator().manual_seed(0))
    gates = values[:, order].contiguous()
    exact = gates.double()
    exact = torch.cat([torch.sigmoid(exact[:, : 3 * d]), torch.tanh(exact[:, 3 * d :])], dim=1)
    fronts.activate(gates)
    assert (gates.double() - exact).abs().max().item() < 3e-7


@needs_compiler
def test_several_threads_give_the_same(threads: None) -> None:
    """A front of 4 blocks x 16 samples x 2 x 160 elements is divided among threads."""
    case = Case([Dimension(), Dimension()], (4, 4), batch=16, d=160, padded=True, dropped=True, dtype=torch.float32)
    assert 4 * 16 * 320 > 16384
    with torch.no_grad():
        for weight in case.weights:
            weight *= 0.1
    torch.set_num_threads(1)
    expected = results(case)
    torch.set_num_threads(2)
    assert_all_close(results(case), expected, rtol=0, atol=5e-6)


def _states(d: int) -> GridStates:
    return GridStates(grid_layout((1,)), torch.zeros(2, 1, d), torch.zeros(2, 1, d))


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(COMPILE, raising=False)
    return tmp_path / "reencoder"


load = compiled.library.__wrapped__  # without the memory of this process


def test_without_a_compiler_torch_does_the_work(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/no/such/compiler")
    assert load() is None
    monkeypatch.setenv(COMPILE, "1")
    with pytest.raises(
        ValueError, match=r"^REENCODER_COMPILE=1: the grid's code cannot be compiled: .*/no/such/compiler"
    ):
        load()


@needs_compiler
def test_a_compiler_may_have_arguments(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "env LC_ALL=C cc")
    assert load() is not None


def test_a_compiler_that_fails_leaves_nothing(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "cc"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "cannot do that" >&2\nexit 1\n')
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    assert load() is None
    assert list(empty_cache.iterdir()) == []
    monkeypatch.setenv(COMPILE, "1")
    with pytest.raises(ValueError, match=r"cannot be compiled: cannot do that$"):
        load()


@needs_compiler
def test_it_is_compiled_once(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load() is not None
    (made,) = empty_cache.iterdir()
    before = made.stat().st_mtime_ns
    assert load() is not None
    assert [path.stat().st_mtime_ns for path in empty_cache.iterdir()] == [before]


@needs_compiler
def test_other_code_is_another_file(empty_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That of another source, processor or compiler, or of other options of it."""
    assert load() is not None
    changed = tmp_path / "compiled.c"
    changed.write_text(compiled.SOURCE.read_text() + "\n")
    for number, change in enumerate(
        (
            partial(monkeypatch.setenv, "CC", "cc -ffast-math"),
            partial(monkeypatch.setattr, compiled, "_processor", lambda: "another"),
            partial(monkeypatch.setattr, compiled, "SOURCE", changed),
        ),
        start=2,
    ):
        change()
        assert load() is not None
        assert len(list(empty_cache.iterdir())) == number


@needs_compiler
def test_options_of_the_compiler_hide_no_nan(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "cc -ffast-math")
    code = load()
    assert code is not None
    gates = torch.full((1, 4), math.nan)
    out = torch.zeros_like(gates)
    code.activate_gates(gates.data_ptr(), out.data_ptr(), 1, 1, 1)
    assert out.isnan().all()


@needs_compiler
def test_a_damaged_file_is_made_again(empty_cache: Path) -> None:
    made = compiled._compile(empty_cache)
    size = made.stat().st_size
    made.write_bytes(b"")
    assert load() is not None
    assert [path.stat().st_size for path in empty_cache.iterdir()] == [size]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('[ "$1" = --version ] && exit 0\nprintf "\\n" >&2\nexit 1', "returned non-zero exit status 1"),
        ('printf "\\251 2026\\n"\n[ "$1" = --version ] && exit 0\nprintf "\\251 no\\n" >&2\nexit 1', "no"),
    ],
)
def test_compilers_that_say_odd_things(
    script: str, reason: str, empty_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "cc"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    for command in (str(broken), "gcc '-DX"):
        monkeypatch.setenv("CC", command)
        assert load() is None
    monkeypatch.setenv("CC", str(broken))
    monkeypatch.setenv(COMPILE, "1")
    with pytest.raises(ValueError, match=f"cannot be compiled: .*{reason}"):
        load()


def test_it_can_be_forbidden(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMPILE, "0")
    assert load() is None
    assert not empty_cache.exists()
