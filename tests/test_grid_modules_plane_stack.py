"""`PlaneStack` against the slow reference, its packed weights, and what it refuses."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from reencoder.grid import Dimension, PlaneStack, PlaneStackOptions, State
from reencoder.grid.block import OUTPUT_FORMS
from reencoder.grid.dimension import KINDS
from reencoder.grid.modules import packed_planes, plane_stack
from reencoder.grid.modules.dropout import dropout_mask
from reencoder.grid.modules.plane_stack import PlaneStackOutput
from reencoder.grid.reference import grid_reference
from tests.grids import PlaneMasks, assert_all_close, stack_reference, with_gradients

SCANS = [(first, second) for first in (False, True) for second in (False, True)]
SidePairs = list[tuple[State | None, State | None]]


def draw_state(*shape: int, memory: bool = True) -> State:
    """Random states of shape (*shape, d) that require gradients."""
    kept = (*shape[:-1], shape[-1] if memory else 0)
    return State(torch.randn(*shape).requires_grad_(), torch.randn(*kept).requires_grad_())


@st.composite
def stack_options(draw: st.DrawFn) -> PlaneStackOptions:
    """Any stack of one to three planes."""
    layers = draw(st.integers(1, 3))
    depth_input = draw(st.booleans())
    depth_output = draw(st.booleans())
    may_share = layers == 1 or (depth_input and depth_output)
    return PlaneStackOptions(
        hidden_size=draw(st.integers(1, 4)),
        scans=tuple(draw(st.sampled_from(SCANS)) for _ in range(layers)),
        untied=draw(st.booleans()) if may_share else True,
        depth=draw(st.sampled_from(KINDS if depth_input else sorted(set(KINDS) - {"lstm"}))),  # type: ignore[arg-type]
        depth_priority=draw(st.integers(0, 1)),
        bias=draw(st.booleans()),
        depth_bias=draw(st.booleans()),
        depth_input=depth_input,
        depth_output=depth_output,
        continued=(draw(st.booleans()), draw(st.booleans())) if layers > 1 else (False, False),
        output_form=draw(st.sampled_from(OUTPUT_FORMS)),  # type: ignore[arg-type]
        dropout=draw(st.sampled_from((0.0, 0.4))),
        depth_dropout=draw(st.sampled_from((0.0, 0.4))),
        recompute_gates=draw(st.booleans()),
    )


def with_masks(stack: PlaneStack, run: Callable[[], PlaneStackOutput]) -> tuple[PlaneStackOutput, list[PlaneMasks]]:
    """The output of `run`, and the dropout masks that it drew."""
    drawn: list[Tensor] = []

    def record(*arguments: Any) -> Tensor:
        drawn.append(dropout_mask(*arguments))
        return drawn[-1]

    with patch.object(plane_stack, "dropout_mask", record):
        output = run()
    options, masks = stack.options, []
    for layer in range(options.layers):
        has_depth = options.depth_output or layer + 1 < options.layers
        scanned = drawn.pop(0) if options.dropout else None
        masks.append(PlaneMasks(scanned, drawn.pop(0) if options.depth_dropout and has_depth else None))
    assert not drawn
    return output, masks


@settings(max_examples=150)
@given(
    stack_options(),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.booleans(), st.booleans()),
    st.booleans(),
    st.integers(0, 99),
)
# Cells along the depth with the form that is drawn seldom: chance must not decide whether they are tried.
@example(
    PlaneStackOptions(hidden_size=3, scans=((False, True),), output_form="o_tanhm"),
    *((2, 3), (True, False), True, 1),
)
def test_a_stack_is_the_reference(
    options: PlaneStackOptions, extents: tuple[int, int], padded: tuple[bool, bool], upper_sides: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    try:
        d, batch = options.hidden_size, 3
        stack = PlaneStack(options)
        with torch.no_grad():
            for parameter in stack.parameters():
                parameter.normal_()
        sides: SidePairs = []
        for layer in range(options.layers):
            given = layer == 0 or upper_sides
            sides.append(
                (draw_state(extents[1], batch, d), draw_state(extents[0], batch, d)) if given else (None, None)
            )  # fmt: skip
        below = draw_state(*extents, batch, d, memory=options.depth == "lstm") if options.depth_input else None
        lengths = [
            torch.randint(0, extent + 1, (batch,)) if cut else None
            for extent, cut in zip(extents, padded, strict=True)
        ]  # fmt: skip
        output, masks = with_masks(stack, lambda: stack(sides, below, (lengths[0], lengths[1])))
        expected_leaving, expected_depth = stack_reference(stack, sides, below, (lengths[0], lengths[1]), masks)
        mine, expected = (
            [part for pair in leaving for state in pair for part in state]
            for leaving in (output.leaving, expected_leaving)
        )
        assert (output.depth is not None) == options.depth_output
        if output.depth is not None:
            real = torch.ones(*extents, batch, 1, dtype=torch.bool)
            if not options.depth_input:  # then padding has nothing to pass on
                for n, length in enumerate(lengths):
                    if length is not None:
                        at = torch.arange(extents[n]).view(-1, *[1] * (3 - n))
                        real = real & (at < length[:, None])
            mine += [torch.where(real, part, 0.0) for part in output.depth]
            expected += [torch.where(real, part, 0.0) for part in expected_depth]
        leaves = [*stack.parameters(), *(part for pair in sides for state in pair if state for part in state)]
        leaves += [] if below is None else list(below)
        assert_all_close(with_gradients(mine, leaves), with_gradients(expected, leaves), rtol=1e-10, atol=1e-12)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("depth", KINDS)
@pytest.mark.parametrize("untied", [False, True])
@pytest.mark.parametrize("priority", [0, 1])
@pytest.mark.parametrize("scan", SCANS)
def test_layers_of_one_scan_are_one_grid_of_three_dimensions(
    depth: Any, untied: bool, priority: int, scan: tuple[bool, bool]
) -> None:
    torch.manual_seed(0)
    extents, layers, batch, d = (3, 2), 3, 2, 4
    stack = PlaneStack(
        PlaneStackOptions(
            hidden_size=d, scans=(scan,) * layers, depth=depth, untied=untied, depth_priority=priority, forget_bias=0.5
        )
    ).double()
    sides = [
        (State(*torch.randn(2, 2, batch, d).double()), State(*torch.randn(2, 3, batch, d).double()))
        for _ in range(layers)
    ]  # fmt: skip
    below = State(
        torch.randn(*extents, batch, d).double(), torch.randn(*extents, batch, d if depth == "lstm" else 0).double()
    )
    lengths = (torch.tensor([3, 1]), torch.tensor([1, 2]))
    leaving, top = stack(sides, below, lengths)

    by_dimension: list[list[Tensor]] = [[], [], []]
    bias_by_dimension: list[list[Tensor]] = [[], [], []]
    for own in range(layers if untied else 1):
        for n in (0, 1):
            by_dimension[n].append(stack.weights[own].view(4, 2, d, 3 * d)[:, n].reshape(4 * d, 3 * d))
            bias_by_dimension[n].append(stack.biases[own].view(4, 2, d)[:, n].reshape(4 * d))
        by_dimension[2].append(stack.depth_weights[own])
        bias_by_dimension[2].append(stack.depth_biases[own])
    expected = grid_reference(
        [*(State(*(torch.stack([pair[n][part] for pair in sides], dim=1) for part in (0, 1))) for n in (0, 1)), below],
        [torch.stack(parts)[None, None] for parts in by_dimension],
        [torch.stack(parts)[None, None] for parts in bias_by_dimension],
        [
            Dimension(reverse=scan[0]),
            Dimension(reverse=scan[1]),
            Dimension(depth, untied=untied, priority=priority),
        ],
        (*extents, layers),
        lengths=(*lengths, None),
    )
    mine = [
        *(torch.stack([pair[n][part] for pair in leaving], dim=1) for n in (0, 1) for part in (0, 1)),
        *top,
    ]  # fmt: skip
    wanted = [part for state in expected for part in state]
    assert_all_close(
        with_gradients(mine, list(stack.parameters())), with_gradients(wanted, list(stack.parameters()))
    )  # fmt: skip


def test_states_of_a_continued_dimension_are_not_read() -> None:
    torch.manual_seed(0)
    stack = PlaneStack(PlaneStackOptions(hidden_size=3, scans=((False, False), (True, False)), continued=(True, False)))
    below = draw_state(4, 5, 2, 3)
    zeros = stack([(None, None), (None, None)], below)
    given = stack([(None, None), (draw_state(5, 2, 3), None)], below)
    assert_all_close(given.depth, zeros.depth)


# Packed weights. Single precision: only there does packing make copies.


def _stack(**options: Any) -> tuple[PlaneStack, State]:
    torch.manual_seed(0)
    scans = ((False, False), (True, False))
    return PlaneStack(PlaneStackOptions(hidden_size=8, scans=scans, untied=True, **options)), draw_state(4, 5, 2, 8)


def _top(stack: PlaneStack, below: State) -> Tensor:
    output: PlaneStackOutput = stack([(None, None)] * 2, below)
    assert output.depth is not None
    return output.depth.hidden


def test_weights_are_packed_once_and_only_without_gradients() -> None:
    stack, below = _stack()
    with patch.object(packed_planes, "pack_plane", wraps=packed_planes.pack_plane) as pack:
        plain = _top(stack, below)
        with torch.no_grad():
            _top(stack, below)
        stack.eval()
        _top(stack, below)
        assert pack.call_count == 0
        with torch.no_grad():
            packed = [_top(stack, below) for _ in range(3)]
        with torch.inference_mode():
            packed.append(_top(stack, below))
        assert pack.call_count == 2  # one per layer
    for result in packed:
        torch.testing.assert_close(result, plain, rtol=1e-5, atol=1e-6)


def _load(stack: PlaneStack) -> None:
    stack.load_state_dict({name: -0.5 * value for name, value in stack.state_dict().items()})


def _assign(stack: PlaneStack) -> None:
    stack.load_state_dict({name: -0.5 * value for name, value in stack.state_dict().items()}, assign=True)


def _step(stack: PlaneStack) -> None:
    for parameter in stack.parameters():
        parameter.grad = torch.ones_like(parameter)
    torch.optim.SGD(stack.parameters(), lr=0.1).step()


def _step_through_data(stack: PlaneStack) -> None:
    """As fairseq's optimizers do, between `train` and `eval`, as fairseq's trainer does."""
    stack.train()
    for parameter in stack.parameters():
        parameter.data.mul_(-0.5)
    stack.eval()


def _through_data_in_evaluation(stack: PlaneStack) -> None:
    """As averages of weights are often kept up to date."""
    for parameter in stack.parameters():
        parameter.data.mul_(-0.5)


def _in_inference_mode(stack: PlaneStack) -> None:
    with torch.inference_mode():
        for parameter in stack.parameters():
            parameter.mul_(-0.5)


def _reset(stack: PlaneStack) -> None:
    stack.reset_parameters()


def _replace(stack: PlaneStack) -> None:
    for parameter in stack.parameters():
        parameter.data = -0.5 * parameter.data


@pytest.mark.parametrize(
    "change",
    [_load, _assign, _step, _step_through_data, _through_data_in_evaluation, _in_inference_mode, _reset, _replace],
)
def test_packed_weights_are_discarded_when_weights_change(change: Callable[[PlaneStack], None]) -> None:
    stack, below = _stack()
    stack.eval()
    with torch.no_grad():
        before = _top(stack, below)
    change(stack)
    fresh = PlaneStack(stack.options).eval()
    fresh.load_state_dict(stack.state_dict())
    with torch.no_grad():
        after, expected = _top(stack, below), _top(fresh, below)
    torch.testing.assert_close(after, expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(after, before, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("packing", ["0", "1"])
@pytest.mark.parametrize("change", ["column", "element", "halves", "sign"])
def test_any_change_through_data_is_noticed(change: str, packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENCODER_PACKING", packing)
    stack, below = _stack()
    stack.eval()
    with torch.no_grad():
        _top(stack, below)
        weight = stack.weights[1].data
        if change == "column":
            weight[:, 1] = 5.0
        elif change == "element":
            weight[3, 1] += 1.0
        elif change == "halves":
            weight.copy_(weight.roll(len(weight) // 2, 0))
        else:
            weight.neg_()
        after = _top(stack, below)
        stack._packed.discard()
        torch.testing.assert_close(after, _top(stack, below), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_may_lie_anywhere_in_their_storage(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENCODER_PACKING", "1")
    stack, below = _stack()
    stack, below = stack.to(dtype).eval(), below.map(lambda part: part.to(dtype))
    with torch.no_grad():
        expected = _top(stack, below)
        vector = torch.cat([torch.zeros(1, dtype=dtype), torch.nn.utils.parameters_to_vector(stack.parameters())])
        torch.nn.utils.vector_to_parameters(vector[1:], stack.parameters())
        assert stack.weights[0].storage_offset() % 2
        torch.testing.assert_close(_top(stack, below), expected)
        stack.weights[0].data.neg_()
        assert not torch.allclose(_top(stack, below), expected)


def test_training_discards_packed_weights() -> None:
    stack, below = _stack()
    stack.eval()
    with patch.object(packed_planes, "pack_plane", wraps=packed_planes.pack_plane) as pack, torch.no_grad():
        _top(stack, below)
        stack.train()
        stack.eval()
        _top(stack, below)
        assert pack.call_count == 4


def test_a_stack_with_packed_weights_can_be_copied_and_pickled() -> None:
    stack, below = _stack()
    stack.eval()
    with torch.no_grad():
        expected = _top(stack, below)
        for twin in (copy.deepcopy(stack), pickle.loads(pickle.dumps(stack))):
            twin.weights[0].mul_(1)
            torch.testing.assert_close(_top(twin, below), expected)
            twin.weights[0].mul_(-1)
            assert not torch.allclose(_top(twin, below), expected)
        torch.testing.assert_close(_top(stack, below), expected)


@pytest.mark.parametrize(
    ("options", "sides", "below", "message"),
    [
        ({}, [(None, None)], (4, 5, 2, 8), "states: expected a pair for each of 2 layers, got 1"),
        (
            {},
            [None, None],
            (4, 5, 2, 8),
            "states: expected for layer 0 a pair of sides",
        ),
        (
            {},
            [(None, None), State(torch.zeros(1), torch.zeros(1))],
            (4, 5, 2, 8),
            "states: expected for layer 1 a pair",
        ),
        ({}, [(None, None)] * 2, None, "below: expected states"),
        ({}, [(None, None)] * 2, (4, 5, 8), r"below: expected shape \(A, B, batch, 8\), got \(4, 5, 8\)"),
        ({}, [(None, None)] * 2, (4, 5, 2, 7), r"hidden vectors below: expected shape \(4, 5, 2, 8\)"),
        ({"depth": "relu"}, [(None, None)] * 2, (4, 5, 2, 8), r"memories below: expected shape \(4, 5, 2, 0\)"),
        ({"depth": "relu", "depth_input": False}, [(None, None)] * 2, (4, 5, 2, 8), "below: expected None"),
        ({"depth": "relu", "depth_input": False}, [(None, None)] * 2, None, "states: the first layer needs both sides"),
    ],
)
def test_wrong_inputs_are_named(
    options: dict[str, Any], sides: Any, below: tuple[int, ...] | None, message: str
) -> None:
    stack, _ = _stack(**options)
    with pytest.raises(ValueError, match=message):
        stack(sides, None if below is None else State(torch.zeros(below), torch.zeros(below)))
