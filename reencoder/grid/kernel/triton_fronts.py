"""The element-wise work of fronts on a GPU: one launch for each forward and one backward, where torch takes dozens.

A small grid on a GPU costs what its launches cost. The code, `triton_kernels.py`, is compiled by Triton, which the CUDA
builds of PyTorch bring along; without it torch does the same work.
"""

from __future__ import annotations

import importlib
import logging
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from .compiled import Arriving, forbidden
from .scan import Front, GridLayout

_SIZE = 512
"""Elements per program."""

_logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def kernels() -> Any:
    """The module of the kernels; None without Triton, or if `REENCODER_COMPILE` is 0. Imported once per process."""
    if forbidden():
        return None
    try:
        return importlib.import_module(".triton_kernels", __package__)
    except ImportError as error:
        _logger.info("the grid's element-wise work is done by torch, which is slower on a GPU: %s", error)
        return None


class TritonFronts:
    """The element-wise work of the fronts of one grid; its tensors are contiguous.

    Args:
        code: the module of the kernels.
        layout: the grid's layout.
        hidden: hidden vectors at the points, shape (points, batch, K * d).
        memory: memories at the points, same shape.
        mask: dropout factors, shape (blocks * batch, K * d), or None.
        real: False where a block is padding, shape (blocks * batch, 1), or None.
        left: takes the hidden vectors that leave all blocks, shape (blocks, batch, K * d), or None.
    """

    def __init__(
        self,
        code: Any,
        layout: GridLayout,
        hidden: Tensor,
        memory: Tensor,
        mask: Tensor | None,
        real: Tensor | None,
        left: Tensor | None,
    ) -> None:
        self._code, self._layout = code, layout
        self._hidden, self._memory, self._mask, self._left = hidden, memory, mask, left
        self._real = None if real is None else real.view(torch.uint8)
        self._batch, self._width = hidden.shape[1:]
        # Triton launches on the current device, whichever the tensors are on.
        self._device: AbstractContextManager[Any] = (
            torch.cuda.device(hidden.device) if hidden.is_cuda else nullcontext()
        )
        self._constants = (self._width // len(layout.extents), self._width)

    def forward(
        self, front: Front, gates: Tensor, products: Tensor | None, add: bool, bias: Tensor | None, o_tanhm: bool
    ) -> None:
        """See `CompiledFronts.forward`."""
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
                self._layout.outputs,
                front.start,
                rows,
                self._batch,
                self._layout.blocks,
                *self._constants,
                add and products is not None,
                o_tanhm,
                _SIZE,
            )

    def backward(
        self,
        front: Front,
        gates: Tensor,
        hidden: Arriving,
        memory: Arriving,
        entering: tuple[Tensor, Tensor],
        o_tanhm: bool,
    ) -> bool:
        """Replace the gates of a front by the gradients of its products.

        Args:
            front: the front.
            gates: its gates, shape (blocks * batch, 4 * K * d).
            hidden: gradients of the leaving hidden vectors.
            memory: gradients of the leaving memories.
            entering: take the gradients of the entering hidden vectors and memories, shape (blocks * batch, K * d);
                of the hidden vectors only the part that passes through padding.
            o_tanhm: the output form.

        Returns:
            Whether there is padding: if not, nothing has been written to the gradients of the hidden vectors.
        """
        rows = front.blocks * self._batch
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
                None if self._real is None else entering[0],
                entering[1],
                self._layout.outputs,
                front.start,
                rows,
                self._batch,
                self._layout.blocks,
                hidden.next_start,
                *self._constants,
                o_tanhm,
                _SIZE,
            )
        return self._real is not None

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
    if not hidden.is_cuda:
        return None
    code = kernels()
    if code is None:
        return None
    mask = None if mask is None else mask.contiguous()
    real = None if real is None else real.contiguous()
    return TritonFronts(code, layout, hidden, memory, mask, real, left)
