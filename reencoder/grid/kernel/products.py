"""The matrix products of a fused grid, with one matrix for all blocks or one per position."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .fixed_matrix import FixedMatrix
from .scan import Front, GridLayout


def sum_type(dtype: torch.dtype) -> torch.dtype:
    """The type in which the contributions of many fronts are summed: half precision would lose the small ones."""
    return torch.promote_types(dtype, torch.float32)


def add_product(total: Tensor, first: Tensor, second: Tensor) -> None:
    """Add the product of two matrices to `total`, which has their type or that of `sum_type`."""
    if total.dtype == first.dtype:
        total.addmm_(first, second)
    else:
        total += first @ second


class TiedProducts:
    """Products of all blocks of a grid with one matrix, and their gradients.

    Args:
        weight: shape (outputs, inputs).
        bias: shape (outputs,) or None.
        layout: the grid's layout.
        packed: the weight, if it has been packed already.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, layout: GridLayout, packed: FixedMatrix | None = None
    ) -> None:
        self._weight, self._bias = weight, bias
        self._layout = layout
        self._into_gates = packed
        self._into_inputs: FixedMatrix | None = None
        self._grad_weight: Tensor | None = None
        self._grad_bias: Tensor | None = None

    def _fixed(self, matrix: Tensor, batch: int) -> FixedMatrix:
        fronts = len(self._layout.fronts)
        return FixedMatrix(matrix, fronts, self._layout.blocks * batch // fronts)

    def forward(self, front: Front, hidden: Tensor) -> Tensor:
        """`W H + b` of the front's blocks, shape (blocks * batch, outputs), for H of shape (blocks * batch, inputs)."""
        if self._into_gates is None:
            self._into_gates = self._fixed(self._weight, len(hidden) // front.blocks)
        return self._into_gates(hidden, self._bias)

    def forward_into(self, front: Front, hidden: Tensor, out: Tensor, add: bool) -> Tensor | None:
        """`forward` without `bias_to_add`, into memory that is there.

        Args:
            front, hidden: see `forward`.
            out: takes the products, shape (blocks * batch, outputs).
            add: add them to what `out` holds.

        Returns:
            None if `out` was filled; otherwise the products, and the caller adds or copies them.
        """
        if self._into_gates is None:
            self._into_gates = self._fixed(self._weight, len(hidden) // front.blocks)
        if self._into_gates.packed:
            return self._into_gates(hidden)
        if add:
            out.addmm_(hidden, self._weight.t())
        else:
            torch.mm(hidden, self._weight.t(), out=out)
        return None

    @property
    def bias_to_add(self) -> Tensor | None:
        """The bias that has to be added to what `forward_into` gives, shape (outputs,)."""
        return None if self._bias is None else self._bias.contiguous()

    def backward(self, front: Front, grad: Tensor) -> Tensor:
        """Gradient of the front's H, shape (blocks * batch, inputs), from the gradient of the products."""
        if self._into_inputs is None:
            self._into_inputs = self._fixed(self._weight.t(), len(grad) // front.blocks)
        return self._into_inputs(grad)

    def backward_into(self, front: Front, grad: Tensor, out: Tensor, add: bool) -> None:
        """Put what `backward` returns into `out`, or add it to what `out` holds."""
        if add:
            out.addmm_(grad, self._weight)
        else:
            torch.mm(grad, self._weight, out=out)

    def accumulate(self, fronts: Sequence[Front], grad: Tensor, hidden: Tensor) -> None:
        """Add the contribution of consecutive fronts to the gradients of weight and bias.

        Args:
            fronts: the fronts, in order of computation.
            grad: gradient of their products, shape (blocks * batch, outputs).
            hidden: their H, shape (blocks * batch, inputs).
        """
        # As a product, the sum takes a third of the time of `sum`.
        grad_bias = None if self._bias is None else (grad.new_ones(1, len(grad)) @ grad).squeeze(0)
        if self._grad_weight is None:
            wide = sum_type(grad.dtype)
            self._grad_weight = (grad.t() @ hidden).to(wide)
            self._grad_bias = None if grad_bias is None else grad_bias.to(wide)
        else:
            add_product(self._grad_weight, grad.t(), hidden)
            if self._grad_bias is not None and grad_bias is not None:
                self._grad_bias += grad_bias

    @property
    def grad_weight(self) -> Tensor | None:
        return None if self._grad_weight is None else self._grad_weight.to(self._weight.dtype)

    @property
    def grad_bias(self) -> Tensor | None:
        return None if self._grad_bias is None else self._grad_bias.to(self._weight.dtype)


class UntiedProducts:
    """Products of a grid with untied dimensions; used like `TiedProducts`.

    Args:
        weight: shape (*positions, outputs, inputs), one matrix per position along untied dimensions, 1 along others.
        bias: shape (*positions, outputs) or None.
        layout: the grid's layout.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, layout: GridLayout) -> None:
        dimensions = len(layout.extents)
        self._positions = weight.shape[:dimensions]
        self._untied = [n for n, count in enumerate(self._positions) if count > 1]
        self._layout = layout
        self._weight = self._in_runs(weight.flatten(0, dimensions - 1))
        self._bias = None if bias is None else self._in_runs(bias.flatten(0, dimensions - 1))
        self._grad_weight: Tensor | None = None
        self._grad_bias: Tensor | None = None

    def _in_runs(self, matrices: Tensor) -> Tensor:
        """Bring entries, one per position, into an order in which those of each front are adjacent."""
        if len(self._untied) == 2:
            return matrices[self._layout.row_major]
        return matrices.flip(0) if self._untied == [1] else matrices

    def _by_position(self, runs: Tensor) -> Tensor:
        """Undo `_in_runs`, and give the result the shape of the positions."""
        if len(self._untied) == 2:
            runs = runs[self._layout.order.flatten()]
        elif self._untied == [1]:
            runs = runs.flip(0)
        return runs.unflatten(0, self._positions)

    def _run(self, front: Front) -> slice:
        if len(self._untied) == 2:
            start = front.start
        elif self._untied == [1]:
            start = self._layout.extents[1] - 1 - front.first[1]
        else:
            start = front.first[0]
        return slice(start, start + front.blocks)

    def _groups(self) -> Tensor:
        """The blocks that share each matrix, in the order of `_in_runs`."""
        order = self._layout.order
        if len(self._untied) == 2 or order.dim() == 1:
            return torch.arange(self._layout.blocks, device=order.device)[:, None]
        return order.t().flip(0) if self._untied == [1] else order

    def forward(self, front: Front, hidden: Tensor) -> Tensor:
        """See `TiedProducts.forward`."""
        run = self._run(front)
        by_block = hidden.view(front.blocks, len(hidden) // front.blocks, hidden.size(1))
        matrices = self._weight[run].transpose(1, 2)
        if self._bias is None:
            return torch.bmm(by_block, matrices).flatten(0, 1)
        return torch.baddbmm(self._bias[run].unsqueeze(1), by_block, matrices).flatten(0, 1)

    def forward_into(self, front: Front, hidden: Tensor, out: Tensor, add: bool) -> Tensor | None:
        """See `TiedProducts.forward_into`."""
        return self.forward(front, hidden)

    @property
    def bias_to_add(self) -> Tensor | None:
        """None: `forward_into` adds the biases, which differ between blocks."""
        return None

    def backward(self, front: Front, grad: Tensor) -> Tensor:
        """See `TiedProducts.backward`."""
        return torch.bmm(
            grad.view(front.blocks, len(grad) // front.blocks, grad.size(1)), self._weight[self._run(front)]
        ).flatten(0, 1)

    def backward_into(self, front: Front, grad: Tensor, out: Tensor, add: bool) -> None:
        """See `TiedProducts.backward_into`."""
        by_block = grad.view(front.blocks, len(grad) // front.blocks, grad.size(1))
        into = out.view(front.blocks, len(out) // front.blocks, out.size(1))
        if add:
            into.baddbmm_(by_block, self._weight[self._run(front)])
        else:
            torch.bmm(by_block, self._weight[self._run(front)], out=into)

    def accumulate(self, fronts: Sequence[Front], grad: Tensor, hidden: Tensor) -> None:
        """See `TiedProducts.accumulate`."""
        blocks = sum(front.blocks for front in fronts)
        batch = len(hidden) // blocks
        grad, hidden = grad.view(blocks, batch, grad.size(1)), hidden.view(blocks, batch, hidden.size(1))
        if blocks == self._layout.blocks:
            # All blocks at once: those that share a matrix are brought together, so that each matrix takes one product.
            groups = self._groups()
            grad = grad[groups.flatten()].view(len(groups), groups.size(1) * batch, grad.size(2))
            hidden = hidden[groups.flatten()].view(len(groups), groups.size(1) * batch, hidden.size(2))
            self._grad_weight = torch.bmm(grad.transpose(1, 2), hidden)
            self._grad_bias = None if self._bias is None else grad.sum(1)
            return
        wide = sum_type(grad.dtype)
        if self._grad_weight is None:
            self._grad_weight = torch.zeros_like(self._weight, dtype=wide)
            self._grad_bias = None if self._bias is None else torch.zeros_like(self._bias, dtype=wide)
        first = fronts[0].start
        for front in fronts:
            inside, run = slice(front.start - first, front.start - first + front.blocks), self._run(front)
            if wide == grad.dtype:
                self._grad_weight[run].baddbmm_(grad[inside].transpose(1, 2), hidden[inside])
            else:
                self._grad_weight[run] += torch.bmm(grad[inside].transpose(1, 2), hidden[inside])
            if self._grad_bias is not None:
                self._grad_bias[run].add_(grad[inside].sum(1))

    @property
    def grad_weight(self) -> Tensor | None:
        return None if self._grad_weight is None else self._by_position(self._grad_weight.to(self._weight.dtype))

    @property
    def grad_bias(self) -> Tensor | None:
        return None if self._grad_bias is None else self._by_position(self._grad_bias.to(self._weight.dtype))


Products = TiedProducts | UntiedProducts


def grid_products(
    weight: Tensor, bias: Tensor | None, layout: GridLayout, packed: FixedMatrix | None = None
) -> Products:
    """The products of a grid; `weight` has shape (*positions, outputs, inputs), see `UntiedProducts`."""
    dimensions = len(layout.extents)
    if all(count == 1 for count in weight.shape[:dimensions]):
        return TiedProducts(
            weight.flatten(0, dimensions), None if bias is None else bias.flatten(0, dimensions), layout, packed
        )
    return UntiedProducts(weight, bias, layout)
