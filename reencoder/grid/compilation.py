"""Functions that `torch.compile` leaves as they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import torch

Function = TypeVar("Function", bound=Callable[..., Any])


def not_compiled(function: Function) -> Function:
    """Keep `torch.compile` out of a function.

    Same as `torch.compiler.disable`, which however imports the compiler where it is applied: a second or two whenever
    the plugin is loaded, though few programs compile.

    Args:
        function: the function.

    Returns:
        A function that does the same.
    """

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return torch.compiler.disable(function)(*args, **kwargs)
        return function(*args, **kwargs)

    return wrapped  # type: ignore[return-value]
