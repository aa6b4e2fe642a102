"""Where models compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text.errors import DataError

if TYPE_CHECKING:
    import torch


def choose_device(name: str | None = None) -> torch.device:
    """Return a device that computes.

    Args:
        name: name of a device, such as "cpu" or "cuda". Default: a GPU if there is one

    Raises:
        DataError: there is no such device.
    """
    import torch

    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.zeros(1, device=device).item()  # the device "meta" has no values
    except (AssertionError, ImportError, RuntimeError) as error:  # torch explains at length
        raise DataError(f"--device {name}: {str(error).strip().splitlines()[0]}") from error
    return device
