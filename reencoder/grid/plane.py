"""A two-dimensional plane of blocks, swept by anti-diagonals with an explicit backward pass.

Axes: S source positions, T target positions, `batch`, `d` hidden size. The blocks are those of section 3.1 with two
LSTM dimensions, source and target, whose weights are shared over all positions (3.5), and, where a lower grid feeds
this one, a third dimension, depth, without a memory (3.3). `plane_reference` is the slow, readable twin.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .block import OutputForm, State, grid_block
from .cell import activate, cell_backward, cell_forward
from .layout import PlaneLayout, plane_layout


class PlaneOutput(NamedTuple):
    """What a sweep returns.

    Attributes:
        hidden: hidden vectors at every point of the lattice (see `layout`), source then target, after dropout; shape
            ((S + 1) * (T + 1), batch, 2 * d).
        source: states that leave along the source dimension, one a row: each of shape (T, batch, d).
        target: states that leave along the target dimension, one a column: each of shape (S, batch, d).
    """

    hidden: Tensor
    source: State
    target: State


class _Sweep(torch.autograd.Function):
    """Forward and backward sweep over the diagonals; see `sweep_plane` for the arguments."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        depth: Tensor | None,
        source_hidden: Tensor,
        source_memory: Tensor,
        target_hidden: Tensor,
        target_memory: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        mask: Tensor | None,
        source_ends: Tensor,
        layout: PlaneLayout,
        output_form: OutputForm,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        batch, d = source_hidden.shape[1:]
        hidden = source_hidden.new_empty(layout.lattice_cells, batch, 2 * d)
        memory = torch.empty_like(hidden)
        for array, source, target in ((hidden, source_hidden, target_hidden), (memory, source_memory, target_memory)):
            array[layout.lattice[0, :-1], :, :d] = source
            array[layout.lattice[:-1, 0], :, d:] = target
            # Where a state has left the plane, nothing enters along the other dimension.
            array[layout.lattice[:, -1], :, :d] = 0
            array[layout.lattice[-1], :, d:] = 0

        weight_plane = weight[:, : 2 * d].t()
        gates = source_hidden.new_empty(layout.interior_cells * batch, 8 * d)
        if depth is not None:
            weight_depth = weight[:, 2 * d :].t()
            depth_rows = depth.reshape(-1, depth.size(-1))
            if bias is None:
                torch.mm(depth_rows, weight_depth, out=gates)
            else:
                torch.addmm(bias, depth_rows, weight_depth, out=gates)
        for diagonal in layout.diagonals:
            count = diagonal.blocks
            entering = slice(diagonal.enter, diagonal.enter + count)
            rows = gates[diagonal.interior * batch : (diagonal.interior + count) * batch]
            hidden_rows = hidden[entering].view(-1, 2 * d)
            if depth is not None:
                rows.addmm_(hidden_rows, weight_plane)
            elif bias is not None:
                torch.addmm(bias, hidden_rows, weight_plane, out=rows)
            else:
                torch.mm(hidden_rows, weight_plane, out=rows)
            new_hidden, new_memory = cell_forward(rows, memory[entering].view(-1, 2 * d), output_form)
            for array, new in ((hidden, new_hidden), (memory, new_memory)):
                new = new.view(count, batch, 2 * d)
                array[diagonal.leave_source : diagonal.leave_source + count, :, :d] = new[:, :, :d]
                array[diagonal.leave_target : diagonal.leave_target + count, :, d:] = new[:, :, d:]
            if mask is not None:
                hidden[diagonal.leave_source : diagonal.leave_source + count, :, :d].mul_(
                    mask[diagonal.leave_source : diagonal.leave_source + count, :, :d]
                )
                hidden[diagonal.leave_target : diagonal.leave_target + count, :, d:].mul_(
                    mask[diagonal.leave_target : diagonal.leave_target + count, :, d:]
                )

        target_ends = layout.lattice[:-1, -1]
        ends = (
            hidden.view(-1, 2 * d)[source_ends, :d],
            memory.view(-1, 2 * d)[source_ends, :d],
            hidden[target_ends, :, d:],
            memory[target_ends, :, d:],
        )
        ctx.save_for_backward(depth, weight, bias, mask, source_ends, hidden, memory)
        ctx.layout, ctx.output_form, ctx.gates = layout, output_form, gates
        ctx.set_materialize_grads(False)
        return (hidden, *ends)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        depth, weight, bias, mask, source_ends, hidden, memory = ctx.saved_tensors
        layout: PlaneLayout = ctx.layout
        batch, d = hidden.size(1), hidden.size(2) // 2
        grad_lattice, grad_source_hidden, grad_source_memory, grad_target_hidden, grad_target_memory = grads
        grad_hidden = torch.zeros_like(hidden) if grad_lattice is None else grad_lattice.clone()
        grad_memory = torch.zeros_like(memory)
        target_ends = layout.lattice[:-1, -1]
        for array, grad_source, grad_target in (
            (grad_hidden, grad_source_hidden, grad_target_hidden),
            (grad_memory, grad_source_memory, grad_target_memory),
        ):
            if grad_source is not None:
                array.view(-1, 2 * d)[source_ends, :d] += grad_source
            if grad_target is not None:
                array[target_ends, :, d:] += grad_target

        weight_plane = weight[:, : 2 * d]
        entered = _entered(hidden, layout)
        # The gates become their own gradient, which spares the largest array a copy; should another backward pass come
        # (`retain_graph`), it computes them again.
        gates = ctx.gates if ctx.gates is not None else _gates_again(entered, depth, weight, bias)
        ctx.gates = None
        for diagonal in reversed(layout.diagonals):
            count = diagonal.blocks
            entering = slice(diagonal.enter, diagonal.enter + count)
            inside = slice(diagonal.interior * batch, (diagonal.interior + count) * batch)
            leave_source = slice(diagonal.leave_source, diagonal.leave_source + count)
            leave_target = slice(diagonal.leave_target, diagonal.leave_target + count)
            if mask is not None:
                grad_hidden[leave_source, :, :d].mul_(mask[leave_source, :, :d])
                grad_hidden[leave_target, :, d:].mul_(mask[leave_target, :, d:])
            grad_new = [
                torch.cat([array[leave_source, :, :d], array[leave_target, :, d:]], dim=-1).view(-1, 2 * d)
                for array in (grad_hidden, grad_memory)
            ]
            memory_rows = memory[entering].view(-1, 2 * d)
            grad_entering = cell_backward(gates[inside], memory_rows, grad_new[0], grad_new[1], ctx.output_form)
            grad_memory[entering].view(-1, 2 * d).add_(grad_entering)
            grad_hidden[entering].view(-1, 2 * d).addmm_(gates[inside], weight_plane)

        # The weights' gradients are one product each over all blocks, after the loop.
        grad_depth = grad_bias = None
        grad_weight = torch.empty_like(weight)
        torch.mm(gates.t(), entered, out=grad_weight[:, : 2 * d])
        if depth is not None:
            depth_rows = depth.reshape(-1, depth.size(-1))
            torch.mm(gates.t(), depth_rows, out=grad_weight[:, 2 * d :])
            grad_depth = torch.mm(gates, weight[:, 2 * d :]).view_as(depth)
        if bias is not None:
            grad_bias = gates.sum(0)
        starts_source, starts_target = layout.lattice[0, :-1], layout.lattice[:-1, 0]
        return (
            grad_depth,
            grad_hidden[starts_source, :, :d],
            grad_memory[starts_source, :, :d],
            grad_hidden[starts_target, :, d:],
            grad_memory[starts_target, :, d:],
            grad_weight,
            grad_bias,
            None,
            None,
            None,
            None,
        )


def _entered(hidden: Tensor, layout: PlaneLayout) -> Tensor:
    """The hidden vectors that entered each block, in the interior's order, shape (S * T * batch, 2 * d)."""
    runs = [hidden[diagonal.enter : diagonal.enter + diagonal.blocks] for diagonal in layout.diagonals]
    return torch.cat(runs).view(-1, hidden.size(2))


def _gates_again(entered: Tensor, depth: Tensor | None, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The activated gates of all blocks at once, from the hidden vectors that entered; shape (S * T * batch, 8 * d)."""
    inputs = entered if depth is None else torch.cat([entered, depth.reshape(len(entered), -1)], dim=1)
    gates = torch.nn.functional.linear(inputs, weight, bias)
    activate(gates)
    return gates


def sweep_plane(
    source: State,
    target: State,
    weight: Tensor,
    bias: Tensor | None = None,
    depth: Tensor | None = None,
    source_lengths: Tensor | None = None,
    mask: Tensor | None = None,
    output_form: OutputForm = "tanh_om",
) -> PlaneOutput:
    """Compute a plane of S x T blocks.

    Args:
        source: states that enter along the source dimension, at i = 0 of every row; hidden and memory of shape (T,
            batch, d).
        target: states that enter along the target dimension, at j = 0 of every column; shape (S, batch, d).
        weight: shape (8 * d, 2 * d), or (8 * d, 3 * d) with `depth`. Rows: gates u, f, o, c, within each the source
            transform's d rows, then the target transform's. Columns: source hidden, target hidden, depth.
        bias: shape (8 * d,) or None.
        depth: hidden vectors that enter each block from a lower grid, in the interior's order (see `layout`), shape
            (S * T, batch, d).
        source_lengths: number of source positions of each sentence, int64, shape (batch,): the row states of
            sentence b are taken after its own last position. Padding lies behind the last position and changes no
            result. Default: S for all.
        mask: dropout factors for the hidden vectors at each point of the lattice, shape
            ((S + 1) * (T + 1), batch, 2 * d); those of points at which states enter are not used: drop these before.
        output_form: see `lstm_transform`.

    Returns:
        see `PlaneOutput`.

    Raises:
        ValueError: if shapes do not fit together.
    """
    steps, batch = source.hidden.shape[:2]
    positions = target.hidden.size(0)
    _check_shapes(source, target, weight, bias, depth, mask)
    layout = plane_layout(positions, steps, source.hidden.device)
    if source_lengths is None:
        source_ends = layout.lattice[-1, :-1, None] * batch + torch.arange(batch, device=weight.device)
    else:
        source_ends = layout.lattice[source_lengths, :-1].t() * batch + torch.arange(batch, device=weight.device)
    hidden, *ends = _Sweep.apply(depth, *source, *target, weight, bias, mask, source_ends, layout, output_form)
    return PlaneOutput(hidden, State(ends[0], ends[1]), State(ends[2], ends[3]))


def _check_shapes(
    source: State, target: State, weight: Tensor, bias: Tensor | None, depth: Tensor | None, mask: Tensor | None
) -> None:
    steps, batch, d = source.hidden.shape
    positions = target.hidden.size(0)
    inputs = 2 * d if depth is None else 3 * d
    expected: list[tuple[str, Tensor | None, tuple[int, ...]]] = [
        ("source memory", source.memory, (steps, batch, d)),
        ("target hidden", target.hidden, (positions, batch, d)),
        ("target memory", target.memory, (positions, batch, d)),
        ("weight", weight, (8 * d, inputs)),
        ("bias", bias, (8 * d,)),
        ("depth", depth, (positions * steps, batch, d)),
        ("mask", mask, ((positions + 1) * (steps + 1), batch, 2 * d)),
    ]
    for name, tensor, shape in expected:
        if tensor is not None and tuple(tensor.shape) != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {tuple(tensor.shape)}")


def plane_reference(
    source: State,
    target: State,
    weight: Tensor,
    bias: Tensor | None = None,
    depth: Tensor | None = None,
    source_lengths: Tensor | None = None,
    mask: Tensor | None = None,
    output_form: OutputForm = "tanh_om",
) -> PlaneOutput:
    """The slow twin of `sweep_plane`: block after block, row after row, by `grid_block`; same arguments and results."""
    steps, batch, d = source.hidden.shape
    positions = target.hidden.size(0)
    layout = plane_layout(positions, steps, source.hidden.device)
    # Rows of `weight` are (gate, dimension, d); each dimension's own matrix has its four gates one after the other.
    weights = [part.reshape(4 * d, -1) for part in weight.view(4, 2, d, -1).unbind(1)]
    biases = [None, None] if bias is None else [part.reshape(-1) for part in bias.view(4, 2, d).unbind(1)]
    hidden_points = source.hidden.new_zeros(layout.lattice_cells, batch, 2 * d)
    points = list(hidden_points.unbind(0))
    zeros = source.hidden.new_zeros(batch, d)
    columns = [State(target.hidden[i], target.memory[i]) for i in range(positions)]
    row_ends = []
    for j in range(steps):
        row = State(source.hidden[j], source.memory[j])
        ends = [row]
        for i in range(positions):
            points[layout.lattice[i, j]] = torch.cat([row.hidden, columns[i].hidden], dim=-1)
            below = [] if depth is None else [depth[layout.interior[i, j]]]
            row, columns[i] = grid_block([row, columns[i]], weights, biases, below, output_form)
            if mask is not None:
                row = State(row.hidden * mask[layout.lattice[i + 1, j], :, :d], row.memory)
                columns[i] = State(columns[i].hidden * mask[layout.lattice[i, j + 1], :, d:], columns[i].memory)
            ends.append(row)
        points[layout.lattice[positions, j]] = torch.cat([row.hidden, zeros], dim=-1)
        lengths = [positions] * batch if source_lengths is None else source_lengths.tolist()
        row_ends.append(State(*(torch.stack([ends[n][part][b] for b, n in enumerate(lengths)]) for part in (0, 1))))
    for i in range(positions):
        points[layout.lattice[i, steps]] = torch.cat([zeros, columns[i].hidden], dim=-1)
    return PlaneOutput(
        torch.stack(points),
        State(torch.stack([end.hidden for end in row_ends]), torch.stack([end.memory for end in row_ends])),
        State(torch.stack([end.hidden for end in columns]), torch.stack([end.memory for end in columns])),
    )
