"""The element-wise work of fronts on a GPU: one launch forward and one backward, where torch takes dozens.

The code, `triton_kernels.py`, is compiled by Triton, which PyTorch's CUDA builds for Linux bring along.
"""

from __future__ import annotations

import importlib
import logging
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from ..block import OutputForm
from .fronts import Arriving, Fronts, GridStates, compiling_forbidden
from .gates import activate
from .products import Products
from .scan import Front

_SIZE = 512
"""Elements per program."""

_logger = logging.getLogger(__name__)


@lru_cache(maxsize=8)
def kernels(device: torch.device) -> ModuleType | None:
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


class TritonFronts(Fronts):
    """`Fronts` in Triton.

    Args:
        code: the module of the kernels.
        states: the grid's states.
    """

    few_launches = True

    def __init__(self, code: ModuleType, states: GridStates) -> None:
        self._code, self._states = code, states
        self._points = states.layout.outputs.contiguous()
        self._entering = states.entering_blocks()
        self._mask = None if states.mask is None else states.mask.contiguous()
        self._real = None if states.real is None else states.real.contiguous().view(torch.uint8)
        self._constants = (states.d, states.width, states.memory.dtype == torch.float64)
        self._device = _current(states.hidden.device)

    def activate(self, gates: Tensor) -> None:
        """See `Fronts.activate`. Only recomputed gates need it, so torch does it."""
        activate(gates, gates)

    def forward(
        self, front: Front, gates: Tensor, products: Products | None, add: bool, output_form: OutputForm
    ) -> None:
        """See `Fronts.forward`."""
        states, beside, bias = self._states, None, None
        rows = front.blocks * states.batch
        if products is not None:
            beside = products.forward_into(front, self._entering.hidden[states.span(front)], gates, add)
            bias = products.bias_to_add
        with self._device:
            self._code.front_forward[self._programs(rows)](
                gates,
                beside,
                bias,
                states.hidden,
                states.memory,
                self._mask,
                self._real,
                states.leaving_blocks,
                self._points,
                front.start,
                rows,
                states.batch,
                states.layout.blocks,
                *self._constants,
                add and beside is not None,
                output_form == "o_tanhm",
                _SIZE,
            )

    def backward(
        self,
        front: Front,
        gates: Tensor,
        arriving: tuple[Arriving, Arriving],
        products: Products,
        into: tuple[Tensor, Tensor] | None,
        output_form: OutputForm,
    ) -> tuple[Tensor, Tensor]:
        """See `Fronts.backward`."""
        hidden, memory = arriving
        states, padded = self._states, self._real is not None
        rows = front.blocks * states.batch
        if into is None:
            into = states.hidden.new_empty(rows, states.width), states.memory.new_empty(rows, states.width)
        with self._device:
            self._code.front_backward[self._programs(rows)](
                gates,
                states.memory,
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
                states.batch,
                states.layout.blocks,
                hidden.next_start,
                *self._constants,
                output_form == "o_tanhm",
                _SIZE,
            )
        # What passes through padding is there already.
        products.backward_into(front, gates, into[0], add=padded)
        return into

    def _programs(self, rows: int) -> tuple[int]:
        return (-(-rows * self._states.width // _SIZE),)


def _of_two(leaving: tuple[Tensor | None, ...]) -> tuple[Tensor | None, Tensor | None]:
    """The entries of both dimensions, of which there may be one."""
    return leaving[0], leaving[1] if len(leaving) > 1 else None


def triton_fronts(states: GridStates) -> TritonFronts | None:
    """The work of a grid on a GPU (see `TritonFronts`); None if torch has to do it."""
    code = kernels(states.hidden.device)
    return None if code is None else TritonFronts(code, states)
