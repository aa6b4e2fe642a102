"""The stacked planes against section 4.4 read literally, one sentence at a time, without padding."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from reencoder.grid.block import State, lstm_transform
from reencoder.grid.reencoder_grid import GridOptions, ReencoderGrid

D = 3


def literal_grid(
    grid: ReencoderGrid, rows: list[State | None], columns: list[State | None], b: int, length: int
) -> Tensor:
    """Row ends (hidden, memory) of the last layer for sentence `b`, shape (T, 2 * d), by plain loops over all cells."""
    options = grid.options
    first = rows[0]
    assert first is not None
    steps = first.hidden.size(0)
    zero = State(torch.zeros(1, D, dtype=torch.float64), torch.zeros(1, D, dtype=torch.float64))
    depth: dict[tuple[int, int], Tensor] = {}
    ends: list[State] = []
    for layer in range(options.layers):
        scan = list(range(length)) if layer % 2 == 0 else list(range(length))[::-1]
        weights = [part.reshape(4 * D, -1) for part in grid.weights[layer].view(4, 2, D, -1).unbind(1)]
        biases = (
            [part.reshape(-1) for part in grid.biases[layer].view(4, 2, D).unbind(1)] if options.bias else [None] * 2
        )
        given_column, given_row = columns[layer], rows[layer]
        column = {
            i: State(given_column.hidden[i, b : b + 1], given_column.memory[i, b : b + 1]) if given_column else zero
            for i in scan
        }
        handed_on: dict[tuple[int, int], Tensor] = {}
        new_ends = []
        for j in range(steps):
            if layer > 0 and options.rows_continue:
                row = ends[j]
            else:
                row = State(given_row.hidden[j, b : b + 1], given_row.memory[j, b : b + 1]) if given_row else zero
            for i in scan:
                entering = [row, column[i]]
                below = [depth[i, j]] if layer else []
                big_h = torch.cat([state.hidden for state in entering] + below, dim=-1)
                row, column[i] = (
                    lstm_transform(big_h, entering[n].memory, weights[n], biases[n], options.output_form)
                    for n in (0, 1)
                )
                if layer + 1 < options.layers:
                    read = entering if options.depth_reads == "input" else [row, column[i]]
                    big_h = torch.cat([state.hidden for state in read] + below, dim=-1)
                    handed_on[i, j] = big_h @ grid.depths[layer].t()
            new_ends.append(row)
        depth, ends = handed_on, new_ends
    return torch.stack([torch.cat(end, dim=-1)[0] for end in ends])


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("rows_continue", [False, True])
@pytest.mark.parametrize("depth_reads", ["input", "output"])
@pytest.mark.parametrize("words_above", [False, True])
def test_grid_is_the_literal_one(layers: int, rows_continue: bool, depth_reads: str, words_above: bool) -> None:
    if layers == 1 and rows_continue:
        pytest.skip("there is no plane below to continue from")
    torch.manual_seed(0)
    options = GridOptions(D, layers, rows_continue=rows_continue, depth_reads=depth_reads)  # type: ignore[arg-type]
    grid = ReencoderGrid(options).double().eval()
    lengths, steps = torch.tensor([4, 1, 3]), 4

    def draw(positions: int) -> State:
        return State(*torch.randn(2, positions, 3, D, dtype=torch.float64).unbind(0))

    rows: list[State | None] = [draw(steps) if layer == 0 or words_above else None for layer in range(layers)]
    columns: list[State | None] = [draw(4) if layer == 0 or words_above else None for layer in range(layers)]
    out = grid(rows, columns, lengths)
    for b, length in enumerate(lengths.tolist()):
        expected = literal_grid(grid, rows, columns, b, length)
        torch.testing.assert_close(torch.cat(out.row_ends, dim=-1)[:, b], expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_size": 0}, "hidden size"),
        ({"layers": 0}, "grid layers"),
        ({"dropout": 1.0}, "dropout"),
        ({"output_form": "tanh"}, "output form"),
        ({"depth_reads": "both"}, "depth reads"),
        ({"layers": 1, "rows_continue": True}, "only one plane"),
        ({"bias": False, "forget_bias": 1.0}, "needs biases"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GridOptions(**{"hidden_size": D, **options})  # type: ignore[arg-type]


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(0)
    grid = ReencoderGrid(GridOptions(D, dropout=0.5)).double()
    states = [State(*torch.randn(2, 4, 2, D, dtype=torch.float64).unbind(0)), None]
    lengths = torch.tensor([4, 4])

    def run() -> Tensor:
        memory: Tensor = grid(states, states, lengths).row_ends.memory
        return memory

    assert not torch.equal(run(), run())
    grid.eval()
    assert torch.equal(run(), run())


def _columns_and_rows(dtype: torch.dtype) -> tuple[list[State | None], list[State | None], Tensor]:
    generator = torch.Generator().manual_seed(0)
    states = [State(*torch.randn(2, n, 3, D, dtype=dtype, generator=generator).unbind(0)) for n in (5, 4)]
    return [states[0], None], [states[1], None], torch.tensor([4, 2, 3])


def test_recomputed_gates_change_nothing() -> None:
    torch.manual_seed(0)
    kept = ReencoderGrid(GridOptions(D, depth_reads="output", rows_continue=True)).double()
    again = ReencoderGrid(GridOptions(D, depth_reads="output", rows_continue=True, recompute=True)).double()
    again.load_state_dict(kept.state_dict())
    results = []
    for grid in (kept, again):
        out = grid(*_columns_and_rows(torch.float64))
        loss = out.row_ends.hidden.square().sum() + out.columns[1].memory.sum()
        results.append([*out.row_ends, *torch.autograd.grad(loss, list(grid.parameters()))])
    for one, two in zip(*results, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-11)


def test_prepared_weights_change_nothing() -> None:
    torch.manual_seed(0)
    grid = ReencoderGrid(GridOptions(D, layers=3))
    with torch.no_grad():
        rows, columns, lengths = _columns_and_rows(torch.float32)
        rows.append(None)
        columns.append(None)
        plain, prepared = grid(rows, columns, lengths), grid(rows, columns, lengths, grid.prepare())
    torch.testing.assert_close(tuple(prepared.row_ends), tuple(plain.row_ends), rtol=1e-5, atol=1e-6)
