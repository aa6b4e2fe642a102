"""What all command lines share: errors in one line on standard error, and the exit status."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from .errors import DataError

_INTERRUPTS = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]  # Windows has no SIGHUP


class Parser(argparse.ArgumentParser):
    """Reports a wrong option like any other error: one line, exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def positive(text: str) -> int:
    """The `type` of an option: an integer of at least 1."""
    return _integer(text, 1)


def non_negative(text: str) -> int:
    """The `type` of an option: an integer of at least 0."""
    return _integer(text, 0)


def share(text: str) -> float:
    """The `type` of an option: a number between 0 and 1."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, found '{text}'") from None
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, not {text}")
    return number


def _integer(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an integer, found '{text}'") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"must be at least {least}, not {text}")
    return number


def split_extra(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first ``--``, and what stands after it and is passed on to another program."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return list(arguments[:at]), list(arguments[at + 1 :])


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt the block like Ctrl-C, so that what is half written is removed.

    Only in the main thread, the only one that receives signals. A signal that is ignored, as nohup does with SIGHUP,
    stays ignored.
    """
    before: dict[signal.Signals, Callable[[int, FrameType | None], Any] | int] = {}
    if threading.current_thread() is threading.main_thread():
        for number in _INTERRUPTS:
            handler = signal.getsignal(number)
            if handler is not None and handler != signal.SIG_IGN:
                before[number] = handler

    def interrupt(*_: object) -> NoReturn:
        for number in before:
            # A second one must not interrupt the removal. SIG_IGN would be inherited by programs that start meanwhile.
            signal.signal(number, lambda *_: None)
        raise KeyboardInterrupt

    try:
        for number in before:
            signal.signal(number, interrupt)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Closed(io.TextIOBase):
    """Takes the place of a standard stream that is closed, for which Python has None."""

    def __init__(self, name: str) -> None:
        self._said = f"{name} is closed"

    @property
    def buffer(self) -> NoReturn:
        raise DataError(self._said)

    def write(self, _text: str) -> NoReturn:
        raise DataError(self._said)

    def readline(self, *_: Any) -> NoReturn:
        raise DataError(self._said)


def _replace_closed_streams() -> None:
    # Whoever closes standard error wants no messages.
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # type: ignore[unreachable]  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = _Closed("standard output")  # type: ignore[unreachable]
    if sys.stdin is None:
        sys.stdin = _Closed("standard input")  # type: ignore[unreachable]


def run(work: Callable[[], object], interrupted: str = "interrupted") -> int:
    """Do the work of a command line and report what goes wrong in one line.

    Args:
        work: what to do. SIGTERM and SIGHUP interrupt it like Ctrl-C.
        interrupted: what to report after an interrupt.

    Returns:
        The exit status: 0 on success, 1 if the reader of the output closed the pipe, 2 for bad input or options, 130 if
        interrupted.
    """
    _replace_closed_streams()
    try:
        with signals_interrupt():
            work()
    except DataError as error:
        return _report(str(error))
    except BrokenPipeError:
        # The reader of the output has exited (`| head`). This is not an error, but Python would report one when it
        # flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _report(f"{error.filename or 'input or output'}: {error.strerror or error}")
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal may be gone
            _report(interrupted)
        return 130
    return 0


def _report(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2
