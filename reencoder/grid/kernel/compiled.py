"""The element-wise work of fronts in compiled code: one pass over memory instead of one per operation.

The code, `compiled.c`, is compiled by the C compiler of the machine when it is first needed, which takes a second, and
kept in the user's cache. Without a compiler, and for types other than float32 on a CPU, torch does the same work.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from ..block import OutputForm
from .fronts import COMPILE, Arriving, Fronts, GridStates, compiling_forbidden
from .products import Products
from .scan import Front

SOURCE = Path(__file__).with_suffix(".c")

# No option that lets the compiler assume that there are no NaNs: a diverging training must show them. They follow those
# of CC, and so have the last word.
_EXACT = "-fno-fast-math"
_FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fPIC", "-fopenmp")
_WIDE = "-mprefer-vector-width=512"
_POINTER, _INTEGER, _NUMBER = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int

_logger = logging.getLogger(__name__)


class _Arriving(ctypes.Structure):
    _fields_ = (
        ("next", _POINTER),
        ("leaving", _POINTER * 2),
        ("at_points", _POINTER),
        ("at_blocks", _POINTER),
        ("next_start", _INTEGER),
        ("all_blocks", _INTEGER),
        ("strides", (_INTEGER * 3) * 2),
    )


_SIGNATURES = {
    "activate_gates": [_POINTER, _POINTER, _INTEGER, _INTEGER, _NUMBER],
    "front_forward": [*[_POINTER] * 2, _NUMBER, *[_POINTER] * 9, *[_INTEGER] * 5, _NUMBER, _NUMBER],
    "front_backward": [
        *[_POINTER] * 4,
        *[ctypes.POINTER(_Arriving)] * 2,
        *[_POINTER] * 2,
        *[_INTEGER] * 5,
        *[_NUMBER] * 2,
    ],
    "front_passed": [*[_POINTER] * 2, ctypes.POINTER(_Arriving), _POINTER, *[_INTEGER] * 5],
}


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "reencoder"


def _processor() -> str:
    """What `-march=native` depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return "".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def _compile(folder: Path) -> Path:
    """Return the path of the compiled library in `folder`, compiled if it is not there.

    Raises:
        OSError: there is no compiler, or the folder cannot be written.
        subprocess.CalledProcessError: the compiler refuses.
    """
    compiler = shlex.split(os.environ.get("CC", ""))  # such as "ccache gcc"
    if not compiler:
        found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if found is None:
            raise OSError("there is no C compiler")
        compiler = [found]
    flags = [_EXACT, *_FLAGS, *([_WIDE] if platform.machine() in ("x86_64", "AMD64") else [])]
    parts = (SOURCE.read_text(encoding="utf-8"), *compiler, *flags, _run([*compiler, "--version"]), _processor())
    path = folder / f"grid-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}.so"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            made = Path(work) / "grid.o", Path(work) / "grid.so"
            # Linked without -fopenmp: the library then shares the threads of torch's OpenMP.
            for command in (
                [*compiler, *flags, "-c", str(SOURCE), "-o", str(made[0])],
                [*compiler, _EXACT, "-shared", str(made[0]), "-o", str(made[1])],
            ):
                _run(command)
            with made[1].open("rb") as file:
                os.fsync(file.fileno())  # a library that is cut off ends every process that loads it
            made[1].replace(path)
    return path


def _run(command: Sequence[str]) -> str:
    """Run a compiler and return what it prints.

    Raises:
        OSError: there is no such program.
        subprocess.CalledProcessError: it fails.
    """
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=True).stdout


def _load() -> ctypes.CDLL:
    path = _compile(_cache())
    try:
        library = ctypes.CDLL(str(path))
    except OSError:  # damaged, or linked with what is no longer there
        path.unlink(missing_ok=True)  # another process may have done so
        library = ctypes.CDLL(str(_compile(_cache())))
    for name, arguments in _SIGNATURES.items():
        getattr(library, name).argtypes = arguments
        getattr(library, name).restype = None
    return library


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The compiled code; None if there is none. Compiled or loaded once per process.

    Raises:
        ValueError: `REENCODER_COMPILE` is 1, but the code cannot be compiled or loaded.
    """
    wish = os.environ.get(COMPILE)
    if compiling_forbidden() or (sys.platform != "linux" and wish != "1"):
        return None
    try:
        return _load()
    # A value error: CC cannot be split into words.
    except (OSError, subprocess.CalledProcessError, RuntimeError, AttributeError, ValueError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
        reason = (said.strip() or str(error).strip() or type(error).__name__).splitlines()[0]
        if wish == "1":
            raise ValueError(f"{COMPILE}=1: the grid's code cannot be compiled: {reason}") from None
        _logger.info("the grid's element-wise work is done by torch, which is slower: %s", reason)
        return None


def _address(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


class CompiledFronts(Fronts):
    """`Fronts` in C.

    Args:
        code: the library.
        states: the grid's states; the tensors are contiguous, and those of numbers float32, on a CPU.
    """

    few_launches = False

    def __init__(self, code: ctypes.CDLL, states: GridStates) -> None:
        self._code, self._states = code, states
        self._points = states.layout.outputs.contiguous()
        self._entering = states.entering_blocks().hidden
        self._blocks = states.layout.blocks
        self._threads = torch.get_num_threads()

    def _at(self, tensor: Tensor | None, front: Front) -> int | None:
        """Address of the front's rows."""
        if tensor is None:
            return None
        width = tensor.size(-1) * tensor.element_size()
        return tensor.data_ptr() + front.start * self._states.batch * width

    def _sizes(self, front: Front) -> tuple[int, ...]:
        """The front's points and sizes, as all functions of a front take them."""
        states = self._states
        return (
            self._points.data_ptr() + 8 * front.start,
            self._blocks,
            front.blocks,
            states.batch,
            len(front.moves),
            states.d,
        )

    def activate(self, gates: Tensor) -> None:
        """See `Fronts.activate`."""
        self._code.activate_gates(gates.data_ptr(), gates.data_ptr(), len(gates), gates.size(1) // 4, self._threads)

    def forward(
        self, front: Front, gates: Tensor, products: Products | None, add: bool, output_form: OutputForm
    ) -> None:
        """See `Fronts.forward`."""
        states, beside, bias = self._states, None, None
        if products is not None:
            beside = products.forward_into(front, self._entering[states.span(front)], gates, add)
            bias = products.bias_to_add
        self._code.front_forward(
            gates.data_ptr(),
            _address(beside),
            add,
            _address(bias),
            self._at(states.hidden, front),
            self._at(states.memory, front),
            self._at(states.mask, front),
            self._at(states.real, front),
            self._at(states.leaving_blocks, front),
            states.hidden.data_ptr(),
            states.memory.data_ptr(),
            *self._sizes(front),
            output_form == "o_tanhm",
            self._threads,
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
        """See `Fronts.backward`. New tensors for each front stay in the cache: `into` is not used."""
        hidden, memory = (self._arriving(part, front) for part in arriving)
        entering_memory = gates.new_empty(len(gates), gates.size(1) // 4)
        self._code.front_backward(
            gates.data_ptr(),
            self._at(self._states.memory, front),
            self._at(self._states.mask, front),
            self._at(self._states.real, front),
            ctypes.byref(hidden),
            ctypes.byref(memory),
            entering_memory.data_ptr(),
            *self._sizes(front),
            output_form == "o_tanhm",
            self._threads,
        )
        entering = products.backward(front, gates)
        if self._states.real is not None:
            self._code.front_passed(
                entering.data_ptr(), self._at(self._states.real, front), ctypes.byref(hidden), *self._sizes(front)
            )
        return entering, entering_memory

    def _arriving(self, given: Arriving, front: Front) -> _Arriving:
        strides = [(0, 0, 0) if part is None else part.stride() for part in given.leaving]
        return _Arriving(
            _address(given.next),
            (_POINTER * 2)(*map(_address, given.leaving)),
            _address(given.at_points),
            self._at(given.at_blocks, front),
            given.next_start,
            self._blocks,
            ((_INTEGER * 3) * 2)(*((_INTEGER * 3)(*part) for part in strides)),
        )


def compiled_fronts(states: GridStates) -> CompiledFronts | None:
    """The compiled work for a grid (see `CompiledFronts`); None if torch has to do it."""
    given = [states.hidden, states.memory, *([] if states.mask is None else [states.mask])]
    if any(part.device.type != "cpu" or part.dtype != torch.float32 or not part.is_contiguous() for part in given):
        return None
    if states.real is not None and not states.real.is_contiguous():
        return None
    # asked each time, so that a program can compare both ways
    code = None if compiling_forbidden() else library()
    return None if code is None else CompiledFronts(code, states)
