"""The Reencoder's grid against section 4.4 read literally, one sentence at a time, without padding."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor
from torch.nn.functional import linear

from reencoder.grid.block import State, lstm_transform
from reencoder.grid.modules import ReencoderGrid, packed_planes, plane_stack

D = 3


def literal_grid(
    grid: ReencoderGrid, target: list[State | None], source: list[State | None], b: int, length: int
) -> Tensor:
    """Row ends (hidden, memory) of the last layer for sentence `b`, shape (T, 2 * d), by plain loops over all blocks.

    Args:
        grid: the grid.
        target: for each layer the states from which its rows start.
        source: for each layer the states that enter its first row.
        b: which sentence of the batch.
        length: its number of source words.
    """
    options, stack = grid.stack.options, grid.stack
    first = target[0]
    assert first is not None
    steps = first.hidden.size(0)
    zero = State(torch.zeros(1, D, dtype=torch.float64), torch.zeros(1, D, dtype=torch.float64))
    depth: dict[tuple[int, int], Tensor] = {}
    ends: list[State] = []
    for layer in range(options.layers):
        scan = list(range(length)) if layer % 2 == 0 else list(range(length))[::-1]
        weights = [part.reshape(4 * D, -1) for part in stack.weights[layer].view(4, 2, D, -1).unbind(1)]
        biases = (
            [part.reshape(-1) for part in stack.biases[layer].view(4, 2, D).unbind(1)] if options.bias else [None] * 2
        )
        given_source, given_target = source[layer], target[layer]
        from_source = {
            i: State(given_source.hidden[i, b : b + 1], given_source.memory[i, b : b + 1]) if given_source else zero
            for i in scan
        }
        passed_on: dict[tuple[int, int], Tensor] = {}
        new_ends = []
        for j in range(steps):
            if layer > 0 and options.continued[0]:
                row = ends[j]
            elif given_target:
                row = State(given_target.hidden[j, b : b + 1], given_target.memory[j, b : b + 1])
            else:
                row = zero
            for i in scan:
                entering = [row, from_source[i]]
                below = [depth[i, j]] if layer else []
                big_h = torch.cat([state.hidden for state in entering] + below, dim=-1)
                row, from_source[i] = (
                    lstm_transform(linear(big_h, weights[n], biases[n]), entering[n].memory, options.output_form)
                    for n in (0, 1)
                )
                if layer + 1 < options.layers:
                    read = entering if options.depth_priority == 0 else [row, from_source[i]]
                    big_h = torch.cat([state.hidden for state in read] + below, dim=-1)
                    passed_on[i, j] = big_h @ stack.depth_weights[layer].t()
            new_ends.append(row)
        depth, ends = passed_on, new_ends
    return torch.stack([torch.cat(end, dim=-1)[0] for end in ends])


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("continue_rows", [False, True])
@pytest.mark.parametrize("depth_priority", [0, 1])
@pytest.mark.parametrize("words_above", [False, True])
def test_grid_is_the_literal_one(layers: int, continue_rows: bool, depth_priority: int, words_above: bool) -> None:
    if layers == 1 and continue_rows:
        pytest.skip("there is no layer below to continue from")
    torch.manual_seed(0)
    grid = ReencoderGrid(D, layers, continue_rows=continue_rows, depth_priority=depth_priority).double().eval()
    lengths, steps = torch.tensor([4, 1, 3]), 4

    def draw(positions: int) -> State:
        return State(*torch.randn(2, positions, 3, D, dtype=torch.float64).unbind(0))

    target: list[State | None] = [draw(steps) if layer == 0 or words_above else None for layer in range(layers)]
    source: list[State | None] = [draw(4) if layer == 0 or words_above else None for layer in range(layers)]
    out = grid(target, source, lengths)
    for b, length in enumerate(lengths.tolist()):
        expected = literal_grid(grid, target, source, b, length)
        torch.testing.assert_close(torch.cat(out.row_ends, dim=-1)[:, b], expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_size": 0}, "hidden size"),
        ({"layers": 0}, "layers: expected at least 1"),
        ({"dropout": 1.0}, "dropout"),
        ({"output_form": "tanh"}, "output form"),
        ({"depth_priority": 2}, "depth priority"),
        ({"layers": 1, "continue_rows": True}, "only one layer"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReencoderGrid(**{"hidden_size": D, **options})


def test_a_forget_bias_has_no_effect_without_biases() -> None:
    grid = ReencoderGrid(D, bias=False, forget_bias=1.0)
    assert not list(grid.stack.biases)
    assert not list(grid.stack.depth_biases)


def test_missing_states_are_named() -> None:
    target, source, lengths = _states(torch.float32)
    grid = ReencoderGrid(D)
    with pytest.raises(ValueError, match="the first layer needs both sides"):
        grid([None, None], source, lengths)
    with pytest.raises(ValueError, match="the first layer needs both sides"):
        grid(target, [None, None], lengths)
    with pytest.raises(ValueError, match=r"^target states: expected one entry for each of 2 layers, got 1"):
        grid(target[:1], source, lengths)
    with pytest.raises(ValueError, match=r"^source states: expected one entry for each of 2 layers, got 1"):
        grid(target, source[:1], lengths)


def test_dropout_acts_only_in_training() -> None:
    torch.manual_seed(0)
    grid = ReencoderGrid(D, dropout=0.5).double()
    states = [State(*torch.randn(2, 4, 2, D, dtype=torch.float64).unbind(0)), None]
    lengths = torch.tensor([4, 4])

    def run() -> Tensor:
        memory: Tensor = grid(states, states, lengths).row_ends.memory
        return memory

    assert not torch.equal(run(), run())
    grid.eval()
    assert torch.equal(run(), run())


def test_dropout_acts_on_the_hidden_vectors_that_enter_and_leave_but_not_on_the_depth() -> None:
    torch.manual_seed(0)
    grid = ReencoderGrid(50, dropout=0.5)
    ones = State(torch.ones(4, 2, 50), torch.ones(4, 2, 50))
    with patch.object(plane_stack, "compute_plane", wraps=plane_stack.compute_plane) as compute:
        out = grid([ones, None], [ones, None], torch.tensor([4, 4]))
    first, second = compute.call_args_list
    for side in first.args[0]:
        assert {0.0, 2.0} == set(side.hidden.flatten().tolist())
        assert torch.equal(side.memory, ones.memory)
    assert first.kwargs["depth_mask"] is None and second.kwargs["depth_mask"] is None
    for state in (out.row_ends, *out.source_states):
        assert 0.3 < (state.hidden == 0).double().mean() < 0.7


def _states(dtype: torch.dtype) -> tuple[list[State | None], list[State | None], Tensor]:
    """Target states, source states and source lengths of a grid of two layers."""
    generator = torch.Generator().manual_seed(0)
    states = [State(*torch.randn(2, n, 3, D, dtype=dtype, generator=generator).unbind(0)) for n in (5, 4)]
    return [states[0], None], [states[1], None], torch.tensor([4, 2, 3])


@pytest.mark.parametrize("continue_rows", [False, True])
def test_rows_one_at_a_time_are_all_rows_at_once(continue_rows: bool) -> None:
    torch.manual_seed(0)
    grid = ReencoderGrid(D, depth_priority=1, continue_rows=continue_rows).double().eval()
    target, source, lengths = _states(torch.float64)
    whole = grid(target, source, lengths)
    first = target[0]
    assert first is not None
    for j in range(5):
        row = grid([State(first.hidden[j : j + 1], first.memory[j : j + 1]), None], source, lengths)
        for one, all_rows in zip(row.row_ends, whole.row_ends, strict=True):
            torch.testing.assert_close(one[0], all_rows[j])
        source = row.source_states
    for one_layer, expected in zip(source, whole.source_states, strict=True):
        torch.testing.assert_close(tuple(one_layer), tuple(expected))  # type: ignore[arg-type]


def test_recomputed_gates_change_nothing() -> None:
    torch.manual_seed(0)
    kept = ReencoderGrid(D, depth_priority=1, continue_rows=True).double()
    recomputed = ReencoderGrid(D, depth_priority=1, continue_rows=True, recompute_gates=True).double()
    recomputed.load_state_dict(kept.state_dict())
    results = []
    for grid in (kept, recomputed):
        out = grid(*_states(torch.float64))
        loss = out.row_ends.hidden.square().sum() + out.source_states[1].memory.sum()
        results.append([*out.row_ends, *torch.autograd.grad(loss, list(grid.parameters()))])
    for one, two in zip(*results, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-11, atol=1e-13)


def test_packed_weights_change_nothing() -> None:
    torch.manual_seed(0)
    grid = ReencoderGrid(D, layers=3).eval()
    target, source, lengths = _states(torch.float32)
    target.append(None)
    source.append(None)
    plain = grid(target, source, lengths)
    with torch.no_grad(), patch.object(packed_planes, "pack_plane", wraps=packed_planes.pack_plane) as pack:
        packed = grid(target, source, lengths)
    assert pack.call_count == 3
    torch.testing.assert_close(tuple(packed.row_ends), tuple(plain.row_ends), rtol=1e-5, atol=1e-6)


def test_the_depth_is_v_h_without_a_bias_and_with_weights_of_its_own_per_layer() -> None:
    """Section 4.4; the other transforms have biases."""
    stack = ReencoderGrid(4, 3, depth_output=True).stack
    assert len(stack.depth_biases) == 0 and len(stack.biases) == 3
    assert len(stack.weights) == len(stack.depth_weights) == 3
    assert len(ReencoderGrid(4, 3).stack.depth_weights) == 2, "the last layer passes nothing on"
