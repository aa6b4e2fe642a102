"""Work on lines in several processes. The results do not depend on the number of processes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, TypeVar

from tqdm import tqdm

from .errors import DataError

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 1000
"""Lines per piece of work. What is drawn at random is drawn per chunk, so it is a part of the results."""

FEWEST_LINES = 20_000
"""Below this number of lines starting processes takes longer than the work."""

_BYTES_PER_LINE = 100
"""Rough size of a line of a file of sentence pairs."""

_WAITING = 4
"""Chunks per process that are handed out at a time: enough to keep it busy, few enough to stop soon."""


class Workers:
    """Several processes, which start with the first work that is worth it; a context manager.

    Args:
        count: number of processes; 1 to work in this one.

    Raises:
        DataError: `count` is not positive.
    """

    def __init__(self, count: int = 1) -> None:
        if count < 1:
            raise DataError(f"--workers {count}: must be at least 1")
        self.count = count
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._executor is not None:
            # What is under way ends within a chunk; all processes are gone when this returns.
            self._executor.shutdown(wait=True, cancel_futures=True)

    def start_for(self, size: int) -> None:
        """Start the processes if there will be enough work. Call it before the input is read.

        Where processes are forked, each keeps all memory that its parent has at that moment, even what the parent frees
        or changes later.

        Args:
            size: size of the input in bytes.
        """
        if self.count > 1 and size >= FEWEST_LINES * _BYTES_PER_LINE:
            self._start().submit(os.getpid)

    def map(self, work: Callable[[list[T]], list[R]], items: Iterable[T], total: int, description: str) -> Iterator[R]:
        """Yield one result per item, in order, and show how many have been processed.

        Args:
            work: called with the items of a chunk; returns their results. It can be pickled.
            items: the items.
            total: their number.
            description: what to show beside the progress.

        Raises:
            DataError: the work raised it, or a process ended without a result.
        """
        return self.map_numbered(partial(_without_number, work), items, total, description)

    def map_numbered(
        self, work: Callable[[int, list[T]], list[R]], items: Iterable[T], total: int, description: str
    ) -> Iterator[R]:
        """As `map`, but `work` is called with the number of the chunk, counted from 0, and its items."""
        with tqdm(desc=description, total=total, unit=" lines", unit_scale=True, mininterval=0.5) as bar:
            chunks = enumerate(_chunks(items))
            if self.count == 1 or total < FEWEST_LINES:
                done: Iterable[list[R]] = (work(number, chunk) for number, chunk in chunks)
            else:
                done = self._distributed(work, chunks)
            for results in done:
                yield from results
                bar.update(len(results))

    def _distributed(
        self, work: Callable[[int, list[T]], list[R]], chunks: Iterator[tuple[int, list[T]]]
    ) -> Iterator[list[R]]:
        executor = self._start()
        waiting: deque[Future[list[R]]] = deque()
        try:
            for number, chunk in chunks:
                waiting.append(executor.submit(work, number, chunk))
                if len(waiting) == _WAITING * self.count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise DataError(f"--workers {self.count}: a process was killed; if memory ran out, use fewer") from error
        finally:
            for future in waiting:
                future.cancel()

    def _start(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.count, initializer=_initialise, mp_context=multiprocessing.get_context()
            )
        return self._executor


def _without_number(work: Callable[[list[T]], list[R]], _number: int, chunk: list[T]) -> list[R]:
    return work(chunk)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _initialise() -> None:
    """Prepare a process for work."""
    gc.freeze()  # a collection would copy all memory that this process shares with its parent
    # An interrupt at the terminal and its end reach all processes; the parent ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):  # Windows has none
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent has ended without telling it, for example by SIGKILL."""
    parent: Any = multiprocessing.parent_process()
    wait([parent.sentinel])
    os._exit(1)
