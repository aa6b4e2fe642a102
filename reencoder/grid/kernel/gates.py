"""The element-wise part of the LSTM transforms of one front, forward and backward.

All K dimensions are computed together: a state has `K * d` elements, dimension after dimension; gates have `4 * K * d`:
u, f, o, c, and within each gate dimension after dimension. The caller computes the matrix products.

Axes: `n` blocks times samples, K dimensions, `d` hidden size.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..block import OutputForm


def tanh_into(values: Tensor, out: Tensor) -> Tensor:
    """Put the tanh of `values` into `out`, which may be `values` itself, and return it.

    In single precision on a CPU it is computed as `2 * sigmoid(2 * x) - 1`, because torch's logistic function takes a
    sixth of the time of its tanh. The absolute error remains that of single precision; the relative error near zero is
    larger.
    """
    if values.dtype != torch.float32 or values.device.type != "cpu":
        return torch.tanh(values, out=out)
    return torch.mul(values, 2, out=out).sigmoid_().mul_(2).sub_(1)


def activate(products: Tensor, gates: Tensor) -> None:
    """Put the logistic function of u, f and o and the tanh of c into `gates`, which may be `products` itself.

    Both have shape (n, 4 * K * d).
    """
    candidates = gates.size(1) * 3 // 4
    torch.sigmoid(products[:, :candidates], out=gates[:, :candidates])
    tanh_into(products[:, candidates:], gates[:, candidates:])


def cell_forward(gates: Tensor, memory: Tensor, output_form: OutputForm) -> tuple[Tensor, Tensor]:
    """New hidden and memory from the activated gates (equations of section 2.1).

    Args:
        gates: activated gates, shape (n, 4 * K * d).
        memory: entering memories, shape (n, K * d).
        output_form: see `lstm_transform`.

    Returns:
        Leaving hidden and memory vectors, each of shape (n, K * d).
    """
    u, f, o, c = gates.chunk(4, dim=1)
    new_memory = torch.mul(u, c).addcmul_(f, memory)
    if output_form == "tanh_om":
        new_hidden = torch.mul(o, new_memory)
        tanh_into(new_hidden, new_hidden)
    else:
        new_hidden = tanh_into(new_memory, torch.empty_like(new_memory)).mul_(o)
    return new_hidden, new_memory


def cell_backward(
    gates: Tensor, memory: Tensor, grad_hidden: Tensor, grad_memory: Tensor, output_form: OutputForm
) -> Tensor:
    """Gradients of `cell_forward` and `activate`.

    Args:
        gates: activated gates, shape (n, 4 * K * d); overwritten with the gradient of the products.
        memory: entering memories, shape (n, K * d).
        grad_hidden: gradient of the leaving hidden vectors, shape (n, K * d); overwritten.
        grad_memory: gradient of the leaving memories, shape (n, K * d); overwritten.
        output_form: see `lstm_transform`.

    Returns:
        Gradient of the entering memories, shape (n, K * d).
    """
    sigmoid_backward, tanh_backward = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward
    u, f, o, c = gates.chunk(4, dim=1)
    # Four arrays of working memory are enough: the two gradients and the two allocated here.
    new_memory, other = torch.mul(u, c).addcmul_(f, memory), torch.empty_like(grad_memory)
    if output_form == "tanh_om":
        # z = o * m', h' = tanh(z)
        tanh_into(torch.mul(o, new_memory, out=other), other)
        grad_z = tanh_backward.grad_input(grad_hidden, other, grad_input=grad_hidden)
        grad_memory.addcmul_(grad_z, o)
        grad_o = grad_z.mul_(new_memory)
    else:
        squashed = tanh_into(new_memory, other)
        torch.mul(grad_hidden, o, out=new_memory)
        grad_o = grad_hidden.mul_(squashed)
        grad_memory.add_(tanh_backward.grad_input(new_memory, squashed, grad_input=new_memory))
    sigmoid_backward.grad_input(grad_o, o, grad_input=o)
    grad_entering = torch.mul(grad_memory, f, out=other)
    grad_u, grad_c = torch.mul(grad_memory, c, out=grad_hidden), torch.mul(grad_memory, u, out=new_memory)
    grad_f = grad_memory.mul_(memory)
    sigmoid_backward.grad_input(grad_u, u, grad_input=u)
    sigmoid_backward.grad_input(grad_f, f, grad_input=f)
    tanh_backward.grad_input(grad_c, c, grad_input=c)
    return grad_entering
