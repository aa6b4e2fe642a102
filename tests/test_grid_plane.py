"""The block against the paper's equations, and the sweep against its slow twin."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reencoder.grid.block import OUTPUT_FORMS, OutputForm, State, grid_block, lstm_transform
from reencoder.grid.dropout import dropout_mask
from reencoder.grid.layout import plane_layout
from reencoder.grid.plane import PlaneOutput, plane_reference, sweep_plane

BATCH, D = 3, 4


def assert_same(mine: Tensor | None, expected: Tensor | None) -> None:
    torch.testing.assert_close(mine, expected, rtol=1e-9, atol=1e-11)


class Arguments:
    """Random arguments of a plane, float64; `leaves` are those that have a gradient."""

    def __init__(
        self, source: int, target: int, depth: bool, bias: bool, padded: bool, dropped: bool, seed: int = 0
    ) -> None:
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_()

        self.source = State(draw(target, BATCH, D), draw(target, BATCH, D))
        self.target = State(draw(source, BATCH, D), draw(source, BATCH, D))
        self.weight = draw(8 * D, (3 if depth else 2) * D)
        self.bias = draw(8 * D) if bias else None
        self.depth = draw(source * target, BATCH, D) if depth else None
        self.lengths = torch.randint(1, source + 1, (BATCH,), generator=generator) if padded else None
        self.mask = None
        if dropped:
            kept = torch.rand((source + 1) * (target + 1), BATCH, 2 * D, generator=generator) < 0.7
            self.mask = kept.to(torch.float64) / 0.7
        candidates = [*self.source, *self.target, self.weight, self.bias, self.depth]
        self.leaves = [leaf for leaf in candidates if leaf is not None]

    def run(self, plane: object, form: OutputForm) -> PlaneOutput:
        assert callable(plane)
        result: PlaneOutput = plane(
            self.source, self.target, self.weight, self.bias, self.depth, self.lengths, self.mask, form
        )
        return result


def flat(output: PlaneOutput) -> list[Tensor]:
    return [output.hidden, *output.source, *output.target]


def assert_twins(arguments: Arguments, form: OutputForm) -> None:
    """Outputs, states on both sides and every gradient are those of the slow twin."""
    fast, slow = (flat(arguments.run(plane, form)) for plane in (sweep_plane, plane_reference))
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(tensor.shape, dtype=torch.float64, generator=generator) for tensor in slow]
    gradients = []
    for outputs in (fast, slow):
        loss = torch.stack([(tensor * weight).sum() for tensor, weight in zip(outputs, weights, strict=True)]).sum()
        gradients.append(torch.autograd.grad(loss, arguments.leaves))
    for mine, theirs in zip([*fast, *gradients[0]], [*slow, *gradients[1]], strict=True):
        assert_same(mine, theirs)


def test_block_is_the_papers_equations() -> None:
    """Section 2.1 and 3.1 spelled out element by element for two dimensions with unequal weights."""
    torch.manual_seed(0)
    states = [State(*torch.randn(2, 1, D, dtype=torch.float64).unbind(0)) for _ in range(2)]
    weights = [torch.randn(4 * D, 2 * D, dtype=torch.float64) for _ in range(2)]
    out = grid_block(states, weights, [None, None])
    big_h = [*states[0].hidden[0].tolist(), *states[1].hidden[0].tolist()]
    for n in range(2):
        for k in range(D):
            dots = [
                sum(w * h for w, h in zip(weights[n][gate * D + k].tolist(), big_h, strict=True)) for gate in range(4)
            ]
            u, f, o = (1 / (1 + math.exp(-dot)) for dot in dots[:3])
            memory = f * states[n].memory[0, k].item() + u * math.tanh(dots[3])
            assert out[n].memory[0, k].item() == pytest.approx(memory, rel=1e-12)
            assert out[n].hidden[0, k].item() == pytest.approx(math.tanh(o * memory), rel=1e-12)


def test_common_output_form_is_torchs_lstm_cell() -> None:
    torch.manual_seed(0)
    cell = torch.nn.LSTMCell(D, D, dtype=torch.float64)
    x, h, c = torch.randn(3, BATCH, D, dtype=torch.float64).unbind(0)
    # torch orders the gates i, f, g, o; here they are u (= i), f, o, c (= g)
    order = [0, 1, 3, 2]
    weight = torch.cat([cell.weight_ih, cell.weight_hh], dim=1).view(4, D, 2 * D)[order].reshape(4 * D, 2 * D)
    bias = (cell.bias_ih + cell.bias_hh).view(4, D)[order].reshape(-1)
    mine = lstm_transform(torch.cat([x, h], dim=1), c, weight, bias, "o_tanhm")
    for ours, theirs in zip(mine, cell(x, (h, c)), strict=True):
        assert_same(ours, theirs)


@pytest.mark.parametrize("source", [1, 2, 5])
@pytest.mark.parametrize("target", [1, 2, 5])
@pytest.mark.parametrize("depth", [False, True])
@pytest.mark.parametrize("form", OUTPUT_FORMS)
def test_sweep_is_its_slow_twin(source: int, target: int, depth: bool, form: OutputForm) -> None:
    assert_twins(Arguments(source, target, depth, bias=True, padded=True, dropped=True), form)


@settings(max_examples=25, deadline=None)
@given(
    source=st.integers(1, 6),
    target=st.integers(1, 6),
    depth=st.booleans(),
    bias=st.booleans(),
    padded=st.booleans(),
    dropped=st.booleans(),
    seed=st.integers(0, 99),
    form=st.sampled_from(OUTPUT_FORMS),
)
def test_sweep_is_its_slow_twin_for_any_options(
    source: int, target: int, depth: bool, bias: bool, padded: bool, dropped: bool, seed: int, form: OutputForm
) -> None:
    assert_twins(Arguments(source, target, depth, bias, padded, dropped, seed), form)


@pytest.mark.parametrize("form", OUTPUT_FORMS)
def test_gradcheck(form: OutputForm) -> None:
    arguments = Arguments(2, 3, depth=True, bias=True, padded=True, dropped=True)

    def run(*_: Tensor) -> tuple[Tensor, ...]:
        return tuple(flat(arguments.run(sweep_plane, form)))

    assert torch.autograd.gradcheck(run, tuple(arguments.leaves))


def test_double_backward_is_refused() -> None:
    arguments = Arguments(2, 2, depth=False, bias=True, padded=False, dropped=False)
    output = arguments.run(sweep_plane, "tanh_om")
    (gradient,) = torch.autograd.grad(output.source.hidden.square().sum(), arguments.weight, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        gradient.sum().backward()


@pytest.mark.parametrize("depth", [False, True])
def test_a_second_backward_pass_gives_the_same(depth: bool) -> None:
    arguments = Arguments(3, 2, depth=depth, bias=not depth, padded=True, dropped=True)
    loss = arguments.run(sweep_plane, "tanh_om").source.hidden.sum()
    first = torch.autograd.grad(loss, arguments.leaves, retain_graph=True, allow_unused=True)
    second = torch.autograd.grad(loss, arguments.leaves, allow_unused=True)
    for one, two in zip(first, second, strict=True):
        assert_same(one, two)


def test_rows_in_pieces_are_the_whole() -> None:
    whole = Arguments(3, 5, depth=False, bias=True, padded=True, dropped=False)
    expected = whole.run(sweep_plane, "tanh_om")
    column, rows = whole.target, []
    for first, last in ((0, 2), (2, 3), (3, 5)):
        row = State(whole.source.hidden[first:last], whole.source.memory[first:last])
        piece = sweep_plane(row, column, whole.weight, whole.bias, source_lengths=whole.lengths)
        column = piece.target
        rows.append(piece.source.hidden)
    assert_same(torch.cat(rows), expected.source.hidden)
    assert_same(column.memory, expected.target.memory)


def test_single_precision_is_close_to_double() -> None:
    arguments = Arguments(5, 5, depth=True, bias=True, padded=True, dropped=False)
    exact = arguments.run(sweep_plane, "tanh_om")
    for name, value in list(vars(arguments).items()):
        if isinstance(value, State):
            setattr(arguments, name, State(value.hidden.detach().float(), value.memory.detach().float()))
        elif isinstance(value, Tensor) and value.is_floating_point():
            setattr(arguments, name, value.detach().float())
    for single, double in zip(flat(arguments.run(sweep_plane, "tanh_om")), flat(exact), strict=True):
        assert single.dtype == torch.float32
        torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("weight", (8 * D, 3 * D)), ("bias", (4 * D,)), ("mask", (9, BATCH, D)), ("depth", (5, BATCH, D))],
)
def test_wrong_shapes_are_named(name: str, shape: tuple[int, ...]) -> None:
    arguments = Arguments(2, 2, depth=False, bias=True, padded=False, dropped=False)
    setattr(arguments, name, torch.zeros(shape, dtype=torch.float64))
    with pytest.raises(ValueError, match=rf"^(weight|{name}): expected shape"):
        arguments.run(sweep_plane, "tanh_om")


def test_an_empty_plane_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one source and one target position, got 0 x 3"):
        plane_layout(0, 3)


@pytest.mark.parametrize(("source", "target"), [(1, 1), (1, 4), (4, 1), (3, 5), (5, 3)])
def test_layout_keeps_its_promises(source: int, target: int) -> None:
    layout = plane_layout(source, target)
    assert sorted(layout.interior.flatten().tolist()) == list(range(source * target))
    assert sorted(layout.lattice.flatten().tolist()) == list(range((source + 1) * (target + 1)))
    seen = 0
    for k, diagonal in enumerate(layout.diagonals):
        cells = [(i, k - i) for i in range(source) if 0 <= k - i < target]
        assert diagonal.blocks == len(cells)
        for n, (i, j) in enumerate(cells):
            assert layout.interior[i, j] == diagonal.interior + n
            assert layout.lattice[i, j] == diagonal.enter + n
            assert layout.lattice[i + 1, j] == diagonal.leave_source + n
            assert layout.lattice[i, j + 1] == diagonal.leave_target + n
            seen += 1
    assert seen == source * target


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9])
def test_dropout_mask_drops_and_scales(probability: float) -> None:
    torch.manual_seed(0)
    mask = dropout_mask((300, 7, 101), probability, torch.zeros(1))
    dropped = (mask == 0).float().mean().item()
    deviation = math.sqrt(probability * (1 - probability) / mask.numel())
    assert dropped == pytest.approx(probability, abs=5 * deviation + 1e-12)
    kept = mask[mask != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - probability)), rtol=1e-4, atol=0)
