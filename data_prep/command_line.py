"""What all command lines share: errors in one line on standard error, and the exit status."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from .errors import DataError


class Parser(argparse.ArgumentParser):
    """Reports a wrong option like any other error: one line, exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def split_extra(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first ``--``, and what stands after it and is passed on to another program."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return list(arguments[:at]), list(arguments[at + 1 :])


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM interrupt the block like Ctrl-C, so that what is half written is removed; only in the main thread."""

    def interrupt(*_: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not interrupt the removal
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(work: Callable[[], object], interrupted: str = "interrupted") -> int:
    """Do the work of a command line and report what goes wrong in one line.

    Args:
        work: what to do.
        interrupted: what to report after an interrupt (Ctrl-C).

    Returns:
        The exit status: 0 on success, 1 if the reader of the output closed the pipe, 2 for bad input or options, 130 if
        interrupted.
    """
    try:
        work()
    except DataError as error:
        return _report(str(error))
    except BrokenPipeError:
        # The reader of the output has exited (`| head`). This is no error, but Python would report one when it flushes
        # standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _report(f"{error.filename or 'input or output'}: {error.strerror or error}")
    except KeyboardInterrupt:
        _report(interrupted)
        return 130
    return 0


def _report(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2
