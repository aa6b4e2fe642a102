"""One model for many clients: requests that wait are translated together, by one thread."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from data_prep.errors import DataError

if TYPE_CHECKING:
    from reencoder.hub import Reencoder, Translation

Answer = dict[str, Any]


class QueueFullError(Exception):
    """As many requests as the queue accepts are waiting or being translated."""


class _AbandonedError(Exception):
    """Nobody waits for the search any more."""


@dataclass(frozen=True)
class Partial:
    """What a request's translation looks like so far.

    Attributes:
        text: the best hypothesis after a step of the search.
    """

    text: str


@dataclass(eq=False)
class _Job:
    """A request in the queue.

    Attributes:
        text: the source.
        nbest: number of translations.
        to_answer: makes the answer of the translations, in the thread of the model.
        watched: the client wants to see the translation as it grows.
        loop: the loop of the client.
        events: what the client is told: `Partial`, and in the end an answer or an error.
        abandoned: the client has gone.
    """

    text: str
    nbest: int
    to_answer: Callable[[Sequence[Translation]], Answer]
    watched: bool
    loop: asyncio.AbstractEventLoop
    events: asyncio.Queue[Partial | Answer | Exception] = field(default_factory=asyncio.Queue)
    abandoned: bool = False

    def tell(self, event: Partial | Answer | Exception) -> None:
        """Tell the client, from the thread of the model."""
        self.loop.call_soon_threadsafe(self.events.put_nowait, event)


class TranslationQueue:
    """Translates for clients of one event loop.

    One search runs at a time, because torch uses all threads for it. It takes all requests that wait and ask for the
    same number of translations, since these are translated together as fast as a few.

    Args:
        model: the model.
        limit: maximum number of requests that wait or are being translated.
        together: maximum number of requests that are translated together. Default: 32
    """

    def __init__(self, model: Reencoder, limit: int, together: int = 32) -> None:
        self._model = model
        self._limit = limit
        self._together = together
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._lock = Lock()
        self._waiting: deque[_Job] = deque()
        self._present: set[_Job] = set()
        self._running: set[_Job] = set()

    @property
    def accepted(self) -> int:
        """Number of requests that wait or are being translated; the latter count even if their clients have gone."""
        with self._lock:
            return len(self._present | self._running)

    @property
    def running(self) -> int:
        """Number of requests that are being translated."""
        with self._lock:
            return len(self._running)

    async def translate(
        self, text: str, nbest: int, to_answer: Callable[[Sequence[Translation]], Answer], watched: bool = False
    ) -> AsyncGenerator[Partial | Answer, None]:
        """Yield what is found so far, if it is watched, and in the end the answer.

        Args:
            text: raw Chinese.
            nbest: number of translations.
            to_answer: makes the answer of the translations, in the thread of the model.
            watched: yield `Partial` texts, too. Default: False

        Raises:
            QueueFullError: too many requests wait.
            DataError: the text is too long for the model.
        """
        accepted = self.accepted
        if accepted >= self._limit:
            raise QueueFullError(f"{accepted} requests are waiting; try again later")
        job = _Job(text, nbest, to_answer, watched, asyncio.get_running_loop())
        try:
            with self._lock:
                self._waiting.append(job)
                self._present.add(job)
            self._thread.submit(self._work)  # finds nothing to do if an earlier one has taken the job, too
            while True:
                event = await job.events.get()
                if isinstance(event, Exception):
                    raise event
                yield event
                if not isinstance(event, Partial):
                    return
        finally:
            job.abandoned = True
            with self._lock:
                self._present.discard(job)

    def _work(self) -> None:
        """Translate the request that has waited longest, and others with it."""
        with self._lock:
            waiting = [job for job in self._waiting if not job.abandoned]
            jobs = [job for job in waiting if job.nbest == waiting[0].nbest][: self._together]
            self._waiting = deque(job for job in waiting if job not in jobs)
            self._running.update(jobs)
        try:
            if jobs:
                self._translate(jobs)
        finally:
            with self._lock:
                self._running.clear()

    def _finish(self, job: _Job, event: Answer | Exception) -> None:
        """Tell the client how its request ended, which from then on counts no more."""
        with self._lock:
            self._running.discard(job)
        job.tell(event)

    def _is_open(self, job: _Job) -> bool:
        """True if the client waits for an answer and has not been told how its request ended."""
        with self._lock:
            return job in self._running and not job.abandoned

    def _translate(self, jobs: Sequence[_Job]) -> None:
        def refuse(index: int, error: DataError) -> None:
            self._finish(jobs[index], error)

        def show(index: int, text: str) -> None:
            if all(job.abandoned for job in jobs):
                raise _AbandonedError
            if jobs[index].watched:
                jobs[index].tell(Partial(text))

        try:
            texts = [job.text for job in jobs]
            # Also if nobody watches: a search whose clients have all gone would make the others wait for it.
            found = self._model.candidates(texts, jobs[0].nbest, on_too_long=refuse, on_step=show)
            for job, translations in zip(jobs, found, strict=True):
                if self._is_open(job):
                    self._finish(job, job.to_answer(translations))
        except _AbandonedError:
            pass
        except Exception as error:
            if len(jobs) == 1:
                logging.getLogger(__name__).exception("a translation failed")
                self._finish(jobs[0], error)
                return
            for job in jobs:  # the text of one must not harm the others
                if self._is_open(job):
                    self._translate([job])
