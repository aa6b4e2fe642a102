"""The element-wise work of a front on a GPU: one launch forward and one backward, for `triton_fronts`.

They compute what `gates.py` and `torch_fronts.py` do with one launch per operation. Axes and layouts are theirs: a row
is a sample of a block, rows are ordered block after block; states have `width` = K * d elements, dimension after
dimension, and gates 4 * width: u, f, o, c. Each lane computes one element of a state, in float64 if `double`, else in
float32.
Pointers that may be None are constants of the compiled code then.
"""

from __future__ import annotations

import triton
import triton.language as tl

# Values that differ from front to front; specialized, each would be compiled for its divisibility by 16.
_VARYING = ["start", "rows", "batch", "all_blocks", "next_start"]


@triton.jit
def _logistic(x):  # type: ignore[no-untyped-def]
    return 1 / (1 + tl.exp(-x))


@triton.jit
def _squash(x):  # type: ignore[no-untyped-def]
    return 2 * _logistic(2 * x) - 1


@triton.jit
def _lanes(rows, batch, d: tl.constexpr, width: tl.constexpr, size: tl.constexpr):  # type: ignore[no-untyped-def]
    """For each lane: whether it has an element, its row, the element, its dimension, its block and its sample."""
    at = tl.program_id(0) * size + tl.arange(0, size)
    row, element = at // width, at % width
    return row < rows, row, element, element // d, row // batch, row % batch


@triton.jit(do_not_specialize=_VARYING)
def front_forward(  # type: ignore[no-untyped-def]
    gates,
    products,
    bias,
    hidden,
    memory,
    mask,
    real,
    leaving_blocks,
    points,
    start,
    rows,
    batch,
    all_blocks,
    d: tl.constexpr,
    width: tl.constexpr,
    double: tl.constexpr,
    add: tl.constexpr,
    o_tanhm: tl.constexpr,
    size: tl.constexpr,
):
    """Gates from products, states to their points, and hidden vectors by block to `leaving_blocks`, too, if given.

    `gates` holds the products; if `products` is given, they are that, plus what `gates` holds if `add`.
    """
    inside, row, element, n, block, sample = _lanes(rows, batch, d, width, size)
    here = (start * batch + row).to(tl.int64) * width + element
    wide = tl.float64 if double else tl.float32
    m = tl.load(memory + here, mask=inside).to(wide)
    gate = row.to(tl.int64) * (4 * width) + element
    source = gates if products is None else products
    u = tl.load(source + gate, mask=inside).to(wide)
    f = tl.load(source + gate + width, mask=inside).to(wide)
    o = tl.load(source + gate + 2 * width, mask=inside).to(wide)
    c = tl.load(source + gate + 3 * width, mask=inside).to(wide)
    if add:
        u += tl.load(gates + gate, mask=inside).to(wide)
        f += tl.load(gates + gate + width, mask=inside).to(wide)
        o += tl.load(gates + gate + 2 * width, mask=inside).to(wide)
        c += tl.load(gates + gate + 3 * width, mask=inside).to(wide)
    if bias is not None:
        u += tl.load(bias + element)
        f += tl.load(bias + element + width)
        o += tl.load(bias + element + 2 * width)
        c += tl.load(bias + element + 3 * width)
    u, f, o, c = _logistic(u), _logistic(f), _logistic(o), _squash(c)
    new_memory = u * c + f * m
    new_hidden = o * _squash(new_memory) if o_tanhm else _squash(o * new_memory)
    tl.store(gates + gate, u, mask=inside)
    tl.store(gates + gate + width, f, mask=inside)
    tl.store(gates + gate + 2 * width, o, mask=inside)
    tl.store(gates + gate + 3 * width, c, mask=inside)
    if mask is not None:
        new_hidden *= tl.load(mask + here, mask=inside)
    if real is not None:  # states pass through padding
        is_real = tl.load(real + start * batch + row, mask=inside, other=0) != 0
        new_hidden = tl.where(is_real, new_hidden, tl.load(hidden + here, mask=inside).to(wide))
        new_memory = tl.where(is_real, new_memory, m)
    if leaving_blocks is not None:
        tl.store(leaving_blocks + here, new_hidden, mask=inside)
    point = tl.load(points + n * all_blocks + start + block, mask=inside, other=0)
    there = (point * batch + sample) * width + element
    tl.store(hidden + there, new_hidden, mask=inside)
    tl.store(memory + there, new_memory, mask=inside)


@triton.jit
def _arriving(  # type: ignore[no-untyped-def]
    following, leaving_0, leaving_1, at_points, at_blocks, inside, point, here, element, n, sample, batch, all_blocks,
    next_start, double: tl.constexpr, d: tl.constexpr, width: tl.constexpr,
):  # fmt: skip
    """The gradients of the states that leave the blocks, see `Arriving`; those of the grid's sides are contiguous."""
    wide = tl.float64 if double else tl.float32
    grad = 0.0
    stays = point < all_blocks
    if following is not None:
        there = ((point - next_start) * batch + sample) * width + element
        grad += tl.load(following + there, mask=inside & stays, other=0).to(wide)
    side = ((point - all_blocks) * batch + sample) * d + element - n * d
    if leaving_0 is not None:
        grad += tl.load(leaving_0 + side, mask=inside & (point >= all_blocks) & (n == 0), other=0).to(wide)
    if leaving_1 is not None:
        grad += tl.load(leaving_1 + side, mask=inside & (point >= all_blocks) & (n == 1), other=0).to(wide)
    if at_points is not None:
        grad += tl.load(at_points + (point * batch + sample) * width + element, mask=inside, other=0).to(wide)
    if at_blocks is not None:
        grad += tl.load(at_blocks + here, mask=inside, other=0).to(wide)
    return grad


@triton.jit(do_not_specialize=_VARYING)
def front_backward(  # type: ignore[no-untyped-def]
    gates,
    memory,
    mask,
    real,
    next_hidden,
    leaving_hidden_0,
    leaving_hidden_1,
    at_points,
    at_blocks,
    next_memory,
    leaving_memory_0,
    leaving_memory_1,
    entering_hidden,
    entering_memory,
    points,
    start,
    rows,
    batch,
    all_blocks,
    next_start,
    d: tl.constexpr,
    width: tl.constexpr,
    double: tl.constexpr,
    o_tanhm: tl.constexpr,
    size: tl.constexpr,
):
    """Gates become the gradients of the products; `entering_memory` takes the gradient of the entering memories.

    `entering_hidden`, given with `real`, takes the part that passes through padding, to which the product is added.
    """
    inside, row, element, n, block, sample = _lanes(rows, batch, d, width, size)
    here = (start * batch + row).to(tl.int64) * width + element
    point = tl.load(points + n * all_blocks + start + block, mask=inside, other=0)
    wide = tl.float64 if double else tl.float32
    m = tl.load(memory + here, mask=inside).to(wide)
    gh = _arriving(
        next_hidden, leaving_hidden_0, leaving_hidden_1, at_points, at_blocks, inside, point, here, element, n,
        sample, batch, all_blocks, next_start, double, d, width,
    )  # fmt: skip
    gm = _arriving(
        next_memory, leaving_memory_0, leaving_memory_1, None, None, inside, point, here, element, n,
        sample, batch, all_blocks, next_start, double, d, width,
    )  # fmt: skip
    gate = row.to(tl.int64) * (4 * width) + element
    u = tl.load(gates + gate, mask=inside).to(wide)
    f = tl.load(gates + gate + width, mask=inside).to(wide)
    o = tl.load(gates + gate + 2 * width, mask=inside).to(wide)
    c = tl.load(gates + gate + 3 * width, mask=inside).to(wide)
    through = gh * tl.load(mask + here, mask=inside) if mask is not None else gh
    new_memory = u * c + f * m
    grad = gm
    if o_tanhm:
        squashed = _squash(new_memory)
        grad_o = through * squashed
        grad += through * o * (1 - squashed * squashed)
    else:
        squashed = _squash(o * new_memory)
        grad_z = through * (1 - squashed * squashed)
        grad_o = grad_z * new_memory
        grad += grad_z * o
    grad_u = grad * c * u * (1 - u)
    grad_f = grad * m * f * (1 - f)
    grad_o = grad_o * o * (1 - o)
    grad_c = grad * u * (1 - c * c)
    grad_entering = grad * f
    if real is not None:
        is_real = tl.load(real + start * batch + row, mask=inside, other=0) != 0
        grad_u, grad_f = tl.where(is_real, grad_u, 0.0), tl.where(is_real, grad_f, 0.0)
        grad_o, grad_c = tl.where(is_real, grad_o, 0.0), tl.where(is_real, grad_c, 0.0)
        grad_entering = tl.where(is_real, grad_entering, gm)
        tl.store(entering_hidden + row.to(tl.int64) * width + element, tl.where(is_real, 0.0, gh), mask=inside)
    tl.store(entering_memory + row.to(tl.int64) * width + element, grad_entering, mask=inside)
    tl.store(gates + gate, grad_u, mask=inside)
    tl.store(gates + gate + width, grad_f, mask=inside)
    tl.store(gates + gate + 2 * width, grad_o, mask=inside)
    tl.store(gates + gate + 3 * width, grad_c, mask=inside)


@triton.jit
def trial(out):  # type: ignore[no-untyped-def]
    """Set the first element to 1: whether anything can be compiled and launched at all."""
    tl.store(out, 1)
