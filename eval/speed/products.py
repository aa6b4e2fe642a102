"""The limit of the grid's speed: the least time in which this machine computes the matrix products that it needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from .measure import Work, alternating

Map = tuple[int, int, int]
"""A linear map: rows, inputs, outputs."""

REARRANGING = ("_reorder_linear_weight",)
"""Operations that only prepare a product. They count as time in products."""


class Role(NamedTuple):
    """One of the three products of a linear map.

    Attributes:
        kind: "forward", "inputs" (gradient of the inputs) or "weight" (gradient of the weight).
        inputs: number of inputs of the map.
        outputs: number of its outputs.
    """

    kind: str
    inputs: int
    outputs: int


class Sizes(NamedTuple):
    """The sizes of a product of (rows, inner) by (inner, columns), and how many there are."""

    rows: int
    inner: int
    columns: int
    products: int = 1

    @property
    def multiplications(self) -> int:
        return self.rows * self.inner * self.columns * self.products


def _product_sizes(function: Any, arguments: Sequence[Any]) -> Sizes | None:
    """The sizes of the product that an operation computes; None for any other operation."""
    name = function.name().partition("::")[2].partition(".")[0].rstrip("_")
    first = {"mm": 0, "addmm": 1, "bmm": 0, "baddbmm": 1, "_linear_pointwise": 0, "linear": 0}.get(name)
    if first is None:
        return None
    a, b = arguments[first], arguments[first + 1]
    if name in ("_linear_pointwise", "linear"):
        return Sizes(a.numel() // a.size(-1), a.size(-1), b.size(0))
    return Sizes(a.size(-2), a.size(-1), b.size(-1), a.size(0) if a.dim() == 3 else 1)


@dataclass
class Call:
    """A call of an operation, which can be repeated.

    Attributes:
        again: repeats it with the same arguments.
        sizes: of its product; None if it only rearranges a matrix.
    """

    again: Callable[[], object]
    sizes: Sizes | None


@dataclass
class Calls:
    """The product calls of one run of a computation, in order.

    Attributes:
        all: the calls.
    """

    all: list[Call] = field(default_factory=list)

    def work(self) -> Work:
        """Return their repetition as work."""
        return _in_turn([call.again for call in self.all])

    def of(self, role: Role, rows: int) -> Work | None:
        """Return the repetition of the calls that compute a role, or None if they do not amount to `rows` rows."""
        found = [call for call in self.all if call.sizes is not None and role == _role(call.sizes, role)]
        done = sum(call.sizes.multiplications for call in found if call.sizes is not None)
        if done < rows * role.inputs * role.outputs:
            return None
        return _in_turn([call.again for call in found])


def _role(sizes: Sizes, wanted: Role) -> Role | None:
    """`wanted` if a product of these sizes is one of that role."""
    kind, inputs, outputs = wanted
    fits = {
        "forward": (sizes.inner, sizes.columns) == (inputs, outputs),
        "inputs": (sizes.inner, sizes.columns) == (outputs, inputs),
        "weight": (sizes.rows, sizes.columns) in {(inputs, outputs), (outputs, inputs)},
    }[kind]
    return wanted if fits else None


def _in_turn(pieces: Sequence[Callable[[], object]]) -> Work:
    def run() -> None:
        for piece in pieces:
            piece()

    return run


class _Recorder(TorchDispatchMode):
    """Records the calls of matrix products, with their arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = Calls()

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        options = options or {}
        result = function(*arguments, **options)
        sizes = _product_sizes(function, arguments)
        if sizes is not None or function.name().partition("::")[2].partition(".")[0] in REARRANGING:
            self.calls.all.append(Call(lambda: function(*arguments, **options), sizes))
        return result


def record(work: Work) -> Calls:
    """Run `work` once and return its product calls. They keep their arguments in memory."""
    with _Recorder() as recorder:
        work()
    return recorder.calls


def _packed(inputs: Tensor, weight: Tensor) -> Work | None:
    """`inputs @ weight.t()` by a matrix that oneDNN packed before; None if this torch cannot."""
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None)
        multiply = torch.ops.mkldnn._linear_pointwise
        multiply(inputs, packed, None, "none", [], "")
    except (AttributeError, RuntimeError):
        return None
    return lambda: multiply(inputs, packed, None, "none", [], "")


def _ways(rows: int, role: Role) -> dict[str, Work]:
    """The ways to compute one role as one large product into allocated memory, by name."""
    kind, inputs, outputs = role
    if kind == "weight":
        x, y = torch.randn(rows, inputs), torch.randn(rows, outputs)
        result, turned = torch.empty(outputs, inputs), torch.empty(inputs, outputs)
        x_by_column, y_by_column = x.t().contiguous().t(), y.t().contiguous().t()
        return {
            "mm": lambda: torch.mm(y.t(), x, out=result),
            "mm, first by column": lambda: torch.mm(y_by_column.t(), x, out=result),
            "mm, second by column": lambda: torch.mm(y.t(), x_by_column, out=result),
            "mm, transposed result": lambda: torch.mm(x.t(), y, out=turned),
            "mm, transposed result, first by column": lambda: torch.mm(x_by_column.t(), y, out=turned),
        }
    inner, columns = (inputs, outputs) if kind == "forward" else (outputs, inputs)
    a, weight, out = torch.randn(rows, inner), torch.randn(columns, inner), torch.empty(rows, columns)
    by_column = weight.t().contiguous()
    ways: dict[str, Work] = {
        "mm": lambda: torch.mm(a, weight.t(), out=out),
        "mm, second by column": lambda: torch.mm(a, by_column, out=out),
    }
    packed = _packed(a, weight)
    return ways if packed is None else {**ways, "packed": packed}


def roles(maps: Iterable[Map]) -> dict[Role, int]:
    """The products of forward and backward pass and the rows of each; maps of the same sizes are taken together."""
    rows: dict[Role, int] = defaultdict(int)
    for count, inputs, outputs in maps:
        for kind in ("forward", "inputs", "weight"):
            rows[Role(kind, inputs, outputs)] += count
    return dict(rows)


class Limit(NamedTuple):
    """The least time of the products, beside the computation that needs them; in seconds.

    Attributes:
        products: sum over the products (`Role`) of the least time of any way to compute it.
        replayed: time of all product calls of the computation, repeated without the rest of it.
        taken: time of the computation.
        ways: for each product the way that was fastest.
    """

    products: float
    replayed: float
    taken: float
    ways: dict[str, str]

    @property
    def ratio(self) -> float:
        """Least time of the products / time of the computation; above 1 only by noise."""
        return self.products / self.taken

    @property
    def time_in_products(self) -> float:
        """Time of the computation's own product calls / its time."""
        return self.replayed / self.taken


def limit(work: Work, maps: Sequence[Map], repeats: int) -> Limit:
    """Measure a computation and, in turn with it, all ways to compute the products that it needs.

    For each product these are one large `torch.mm` with either layout of the operands, the product by a matrix that
    oneDNN packed before, and a repetition of the calls with which the computation itself computes that product, where
    they can be told by their sizes. Since the repetition leaves out everything else, the limit cannot be passed except
    by noise.

    Args:
        work: the computation.
        maps: the linear maps that it needs, forward and backward.
        repeats: number of measured runs of each.

    Returns:
        See `Limit`.
    """
    work()
    calls = record(work)
    candidates: list[tuple[Role, str, Work]] = []
    for role, rows in roles(maps).items():
        candidates += [(role, name, way) for name, way in _ways(rows, role).items()]
        own = calls.of(role, rows)
        if own is not None:
            candidates.append((role, "replay", own))
    with torch.no_grad():
        replay = calls.work()
        taken, replayed, *times = alternating(
            [_with_gradients(work), replay, *(way for _, _, way in candidates)], repeats
        )
    best: dict[Role, tuple[float, str]] = {}
    for (role, name, _), seconds in zip(candidates, times, strict=True):
        best[role] = min(best.get(role, (seconds, name)), (seconds, name))
    return Limit(
        sum(seconds for seconds, _ in best.values()),
        replayed,
        taken,
        {f"{role.kind} {role.inputs} -> {role.outputs}": name for role, (_, name) in best.items()},
    )


def _with_gradients(work: Work) -> Work:
    return lambda: torch.enable_grad()(work)()
