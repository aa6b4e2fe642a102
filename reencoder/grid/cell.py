"""The element-wise part of two LSTM transforms side by side, forward and backward, on one diagonal of blocks.

Both dimensions are computed together: every state has `2 * d` columns, source then target, and the gates have
`8 * d`: u, f, o, c (each source then target). The matrix products are the caller's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .block import OutputForm


def activate(gates: Tensor) -> None:
    """Apply the logistic function to u, f and o and tanh to c, in place; shape (n, 8 * d)."""
    candidates = gates.size(1) * 3 // 4
    gates[:, :candidates].sigmoid_()
    gates[:, candidates:].tanh_()


def cell_forward(gates: Tensor, memory: Tensor, output_form: OutputForm) -> tuple[Tensor, Tensor]:
    """Activate `gates` in place and return the new hidden and memory (equations of section 2.1).

    Args:
        gates: pre-activations, shape (n, 8 * d); holds the activated gates afterwards.
        memory: memories that enter, shape (n, 2 * d).
        output_form: see `lstm_transform`.

    Returns:
        new hidden and new memory, each of shape (n, 2 * d).
    """
    width = memory.size(1)
    activate(gates)
    u, f, o, c = gates.split(width, dim=1)
    new_memory = torch.mul(u, c).addcmul_(f, memory)
    new_hidden = torch.mul(o, new_memory).tanh_() if output_form == "tanh_om" else torch.tanh(new_memory).mul_(o)
    return new_hidden, new_memory


def cell_backward(
    gates: Tensor, memory: Tensor, grad_hidden: Tensor, grad_memory: Tensor, output_form: OutputForm
) -> Tensor:
    """Gradients of `cell_forward`.

    Args:
        gates: activated gates, shape (n, 8 * d); holds the gradient of the pre-activations afterwards.
        memory: memories that entered, shape (n, 2 * d).
        grad_hidden: gradient of the new hidden, shape (n, 2 * d); overwritten.
        grad_memory: gradient of the new memory, shape (n, 2 * d); overwritten.
        output_form: see `lstm_transform`.

    Returns:
        gradient of the memories that entered, shape (n, 2 * d).
    """
    width = memory.size(1)
    u, f, o, c = gates.split(width, dim=1)
    new_memory = torch.mul(u, c).addcmul_(f, memory)
    if output_form == "tanh_om":
        new_hidden = torch.mul(o, new_memory).tanh_()
        # z = o * m', h' = tanh(z)
        grad_z = torch.ops.aten.tanh_backward(grad_hidden, new_hidden)
        grad_memory.addcmul_(grad_z, o)
        grad_o = grad_z.mul_(new_memory)
    else:
        squashed = torch.tanh(new_memory)
        grad_o = torch.mul(grad_hidden, squashed)
        grad_memory.add_(torch.ops.aten.tanh_backward(grad_hidden.mul_(o), squashed))
    grad_entering = torch.mul(grad_memory, f)
    grad_u = torch.mul(grad_memory, c)
    grad_c = torch.mul(grad_memory, u)
    grad_f = grad_memory.mul_(memory)
    sigmoid_backward, tanh_backward = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward
    sigmoid_backward.grad_input(grad_u, u, grad_input=u)
    sigmoid_backward.grad_input(grad_f, f, grad_input=f)
    sigmoid_backward.grad_input(grad_o, o, grad_input=o)
    tanh_backward.grad_input(grad_c, c, grad_input=c)
    return grad_entering
