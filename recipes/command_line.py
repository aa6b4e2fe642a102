"""Running a recipe so that its trainings end with it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from data_prep import command_line


def run(work: Callable[[], object]) -> int:
    """Do the work of a recipe. SIGTERM interrupts it like Ctrl-C, so that it can terminate its trainings.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    return command_line.run(work, interrupted="interrupted; run the same command again to resume")
