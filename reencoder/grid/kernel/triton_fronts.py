"""The element-wise work of fronts on a GPU: one launch forward and one backward, where torch takes dozens.

The code, `triton_kernels.py`, is compiled by Triton, which PyTorch's CUDA builds for Linux bring along.
"""

from __future__ import annotations

import importlib
import logging
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ..block import OutputForm
from .fronts import Arriving, compiling_forbidden
from .gates import activate
from .products import Products
from .scan import Front, GridLayout

_SIZE = 512
"""Elements per program."""

_logger = logging.getLogger(__name__)


@lru_cache(maxsize=8)
def kernels(device: torch.device) -> Any:
    """The module of the kernels; None if they cannot run on a device. Tried once per process and device.

    Triton may be missing or not support the device, and it needs a C compiler for the code that launches.
    """
    if compiling_forbidden():
        return None
    try:
        code = importlib.import_module(".triton_kernels", __package__)
        out = torch.zeros(1, device=device)
        with _current(device):
            code.trial[(1,)](out)
        if out.item() != 1.0:
            raise RuntimeError("a trial gave a wrong result")
    except Exception as error:  # whatever Triton, the compiler or the driver raise: torch can do the work
        reason = str(error).strip().splitlines() or [type(error).__name__]
        _logger.warning("the grid's element-wise work on %s is done by torch, in many launches: %s", device, reason[0])
        return None
    return code


def _current(device: torch.device) -> AbstractContextManager[Any]:
    """Makes a device the current one, on which Triton launches wherever the tensors are."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


class TritonFronts:
    """`Fronts` in Triton.

    Args:
        code: the module of the kernels.
        layout: the grid's layout.
        hidden: hidden vectors at the points, shape (points, batch, K * d), contiguous.
        memory: memories at the points, same shape, contiguous.
        mask: dropout factors, shape (blocks * batch, K * d), or None.
        real: False where a block is padding, shape (blocks * batch, 1), or None.
        left: takes the hidden vectors that leave all blocks, shape (blocks, batch, K * d), contiguous, or None.
    """

    on_gpu = True

    def __init__(
        self,
        code: Any,
        layout: GridLayout,
        hidden: Tensor,
        memory: Tensor,
        mask: Tensor | None,
        real: Tensor | None,
        left: Tensor | None = None,
    ) -> None:
        self._code, self._layout, self._points = code, layout, layout.outputs.contiguous()
        self._hidden, self._memory, self._left = hidden, memory, left
        self._mask = None if mask is None else mask.contiguous()
        self._real = None if real is None else real.contiguous().view(torch.uint8)
        self._batch, self._width = hidden.shape[1:]
        d = self._width // len(layout.extents)
        self._constants = (d, self._width, memory.dtype == torch.float64)
        self._device = _current(hidden.device)

    def activate(self, gates: Tensor) -> None:
        """See `Fronts.activate`. Only recomputed gates need it, so torch does it."""
        activate(gates, gates)

    def forward(
        self, front: Front, gates: Tensor, products: Tensor | None, add: bool, bias: Tensor | None, form: OutputForm
    ) -> None:
        """See `Fronts.forward`."""
        rows = front.blocks * self._batch
        with self._device:
            self._code.front_forward[self._programs(rows)](
                gates,
                products,
                bias,
                self._hidden,
                self._memory,
                self._mask,
                self._real,
                self._left,
                self._points,
                front.start,
                rows,
                self._batch,
                self._layout.blocks,
                *self._constants,
                add and products is not None,
                form == "o_tanhm",
                _SIZE,
            )

    def backward(
        self,
        front: Front,
        gates: Tensor,
        arriving: tuple[Arriving, Arriving],
        products: Products,
        into: tuple[Tensor, Tensor] | None,
        form: OutputForm,
    ) -> tuple[Tensor, Tensor]:
        """See `Fronts.backward`."""
        hidden, memory = arriving
        rows, padded = front.blocks * self._batch, self._real is not None
        if into is None:
            into = self._hidden.new_empty(rows, self._width), self._memory.new_empty(rows, self._width)
        with self._device:
            self._code.front_backward[self._programs(rows)](
                gates,
                self._memory,
                self._mask,
                self._real,
                hidden.next,
                *_of_two(hidden.leaving),
                hidden.at_points,
                hidden.at_blocks,
                memory.next,
                *_of_two(memory.leaving),
                into[0] if padded else None,
                into[1],
                self._points,
                front.start,
                rows,
                self._batch,
                self._layout.blocks,
                hidden.next_start,
                *self._constants,
                form == "o_tanhm",
                _SIZE,
            )
        # What passes through padding is there already.
        products.backward_into(front, gates, into[0], add=padded)
        return into

    def _programs(self, rows: int) -> tuple[int]:
        return (-(-rows * self._width // _SIZE),)


def _of_two(leaving: tuple[Tensor | None, ...]) -> tuple[Tensor | None, Tensor | None]:
    """The entries of both dimensions, of which there may be one."""
    return leaving[0], leaving[1] if len(leaving) > 1 else None


def triton_fronts(
    layout: GridLayout,
    hidden: Tensor,
    memory: Tensor,
    mask: Tensor | None,
    real: Tensor | None,
    left: Tensor | None = None,
) -> TritonFronts | None:
    """The work of a grid on a GPU (see `TritonFronts`); None if torch has to do it."""
    code = kernels(hidden.device)
    return None if code is None else TritonFronts(code, layout, hidden, memory, mask, real, left)
