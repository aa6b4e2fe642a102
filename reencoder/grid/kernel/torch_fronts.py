"""The element-wise work of fronts with torch's operations: for every type and device, and the twin of compiled code."""

from __future__ import annotations

import torch
from torch import Tensor

from ..block import OutputForm
from .fronts import Arriving, Fronts, GridStates
from .gates import activate, cell_backward, cell_forward
from .products import Products
from .scan import Front


class TorchFronts(Fronts):
    """`Fronts` in torch.

    Args:
        states: the grid's states.
    """

    few_launches = False

    def __init__(self, states: GridStates) -> None:
        self._states = states
        self._entering = states.entering_blocks()

    def activate(self, gates: Tensor) -> None:
        """See `Fronts.activate`."""
        activate(gates, gates)

    def forward(
        self, front: Front, gates: Tensor, products: Products | None, add: bool, output_form: OutputForm
    ) -> None:
        """See `Fronts.forward`."""
        states, span = self._states, self._states.span(front)
        hidden, memory = self._entering.hidden[span], self._entering.memory[span]
        if products is None:
            activate(gates, gates)
        else:
            sums = products.forward(front, hidden)
            if add:
                sums += gates
            activate(sums, gates)
        new_hidden, new_memory = cell_forward(gates.to(memory.dtype), memory, output_form)
        if states.mask is not None:
            new_hidden *= states.mask[span]
        if states.real is not None:
            new_hidden = torch.where(states.real[span], new_hidden, hidden)
            new_memory = torch.where(states.real[span], new_memory, memory)
        if states.leaving_blocks is not None:
            states.leaving_blocks.flatten(0, 1)[span] = new_hidden
        for at_points, new in ((states.hidden, new_hidden), (states.memory, new_memory)):
            by_block = new.view(front.blocks, states.batch, states.width)
            for n, moves in enumerate(front.moves):
                elements = states.part(n)
                for block, point, count in moves:
                    at_points[point : point + count, :, elements] = by_block[block : block + count, :, elements]

    def backward(
        self,
        front: Front,
        gates: Tensor,
        arriving: tuple[Arriving, Arriving],
        products: Products,
        into: tuple[Tensor, Tensor] | None,
        output_form: OutputForm,
    ) -> tuple[Tensor, Tensor]:
        """See `Fronts.backward`. New tensors for each front stay in the cache: `into` is not used."""
        span, mask, real = self._states.span(front), self._states.mask, self._states.real
        grad_hidden, grad_memory = (self._gradient_of_leaving(front, part) for part in arriving)
        passed: tuple[Tensor, Tensor] | None = None
        if real is not None:
            padding = real[span].logical_not()
            passed = grad_hidden * padding, grad_memory * padding
            grad_hidden *= real[span]
            grad_memory *= real[span]
        if mask is not None:
            grad_hidden *= mask[span]
        wide = gates.to(grad_memory.dtype)  # `gates` itself unless they are in half precision
        grad_entering_memory = cell_backward(wide, self._entering.memory[span], grad_hidden, grad_memory, output_form)
        if wide is not gates:
            gates.copy_(wide)
        grad_entering = products.backward(front, gates)
        if passed is not None:
            grad_entering += passed[0]
            grad_entering_memory += passed[1]
        return grad_entering, grad_entering_memory

    def _gradient_of_leaving(self, front: Front, arriving: Arriving) -> Tensor:
        """Gradient of the states that leave the blocks of a front, a new tensor of shape (blocks * batch, K * d)."""
        states, layout = self._states, self._states.layout
        grad = states.memory.new_empty(front.blocks, states.batch, states.width)
        for n, moves in enumerate(front.moves):
            elements, grad_leaving = states.part(n), arriving.leaving[n]
            for block, point, count in moves:
                target = grad[block : block + count, :, elements]
                if point < layout.blocks:
                    assert arriving.next is not None
                    first = point - arriving.next_start
                    target.copy_(arriving.next[first : first + count, :, elements])
                elif grad_leaving is None:
                    target.zero_()
                else:
                    first = point - layout.leaving[n].start
                    target.copy_(grad_leaving[first : first + count])
                if arriving.at_points is not None:
                    target += arriving.at_points[point : point + count, :, elements]
        if arriving.at_blocks is not None:
            grad += arriving.at_blocks[front.start : front.start + front.blocks]
        return grad.flatten(0, 1)
