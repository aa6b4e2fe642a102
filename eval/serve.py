"""A web page and JSON endpoints for a trained model. Needs the extra `serve`; imported by its command alone."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.types import ASGIApp, Receive, Scope, Send

from data_prep.errors import DataError

from .heatmap import to_svg
from .translation import align_best
from .translation_queue import Partial, QueueFullError, TranslationQueue

if TYPE_CHECKING:
    from reencoder.hub import Reencoder, Translation

PAGE = Path(__file__).with_name("serve.html")

DISCONNECT_INTERVAL = 0.5
"""Seconds after which a request that waits is given up if its client has gone."""

_READING = ["GET", "HEAD"]
"""Methods of requests that change nothing; FastAPI does not add HEAD, which some monitors use, to GET by itself."""

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Limits:
    """What the server accepts.

    Attributes:
        characters: maximum length of a text.
        nbest: maximum number of translations of a text.
        waiting: maximum number of requests that wait or are translated at the same time; further ones are refused.

    Raises:
        DataError: names the option that is wrong.
    """

    characters: int = 500
    nbest: int = 10
    waiting: int = 64

    def __post_init__(self) -> None:
        for option, value in (("--max-characters", self.characters), ("--max-waiting", self.waiting)):
            if value < 1:
                raise DataError(f"{option} {value}: must be at least 1")

    @property
    def body(self) -> int:
        """Maximum size of a request in bytes: JSON may write a character as two escapes of six bytes."""
        return 12 * self.characters + 1000


class Asked(BaseModel):
    """What a client asks for."""

    model_config = ConfigDict(extra="forbid")

    text: str
    nbest: int = 1
    alignment: bool = False

    @field_validator("text", mode="before")
    @classmethod
    def _without_surrogates(cls, value: Any) -> Any:
        """Replace lone surrogates, which JSON can express but an answer in UTF-8 cannot repeat, by U+FFFD.

        No sentence contains either, so the translation is that of the hub and of ``eval translate``.
        """
        return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value


class LimitBody:
    """Refuses large requests before anything of them is read.

    Args:
        app: answers the others.
        limit: maximum size of a request in bytes.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = self._app
        if scope["type"] == "http" and scope["method"] == "POST":
            headers = dict(scope["headers"])
            size = headers.get(b"content-length", b"").decode("latin-1")
            if b"transfer-encoding" in headers:
                # Its chunks count, whatever Content-Length says beside it.
                answer = JSONResponse({"detail": "Transfer-Encoding is not accepted; send Content-Length"}, 411)
            elif not size.isdecimal():
                answer = JSONResponse({"detail": "the header Content-Length is missing"}, 411)
            elif int(size) > self._limit:
                answer = JSONResponse({"detail": f"{size} bytes; at most {self._limit} are accepted"}, 413)
        await answer(scope, receive, send)


def create_app(model: Reencoder, limits: Limits) -> FastAPI:
    """Return the application: the page at ``/``, ``/api/translate``, ``/api/stream``, and ``/health``."""
    app = FastAPI(title="Reencoder", docs_url=None, redoc_url=None)  # their pages load scripts from elsewhere
    app.add_middleware(LimitBody, limit=limits.body)
    queue = TranslationQueue(model, limits.waiting)

    @app.api_route("/", methods=_READING, response_class=HTMLResponse)
    def page() -> str:
        return PAGE.read_text(encoding="utf-8").replace("{characters}", str(limits.characters))

    @app.api_route("/health", methods=_READING)
    async def health() -> dict[str, Any]:
        counts = {"waiting": queue.accepted, "running": queue.running}
        return {"status": "ok", **counts, "max_waiting": limits.waiting}

    @app.exception_handler(RequestValidationError)
    async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
        # Without the values: JSON cannot express all that a request may contain, such as NaN.
        faults = [{name: fault[name] for name in ("loc", "msg", "type")} for fault in error.errors()]
        for fault in faults:
            if tuple(fault["loc"]) == ("body",):
                fault["msg"] = "expected a JSON object, with the header Content-Type: application/json"
        return JSONResponse({"detail": faults}, 422)

    @app.post("/api/translate")
    async def translate(asked: Asked, request: Request) -> dict[str, Any]:
        async with aclosing(_events(queue, model, asked, limits, watched=False)) as events:
            return await _first(events, request)

    @app.post("/api/stream")
    async def stream(asked: Asked, request: Request) -> StreamingResponse:
        events = _events(queue, model, asked, limits, watched=True)
        # A refusal has a status of its own, so nothing is sent before it is known.
        first = await _first(events, request)
        return StreamingResponse(_to_lines(first, events), media_type="application/x-ndjson")

    return app


async def _first(events: AsyncGenerator[dict[str, Any], None], request: Request) -> dict[str, Any]:
    """Return the first event of a request, or give the request up when its client has gone.

    Raises:
        HTTPException: the request is refused, or the client has gone.
    """
    event = asyncio.ensure_future(anext(events))
    try:
        while not (await asyncio.wait([event], timeout=DISCONNECT_INTERVAL))[0]:
            if await request.is_disconnected():
                raise HTTPException(499, "the client has gone")  # nobody reads it; the code is that of nginx
        return event.result()
    finally:
        if not event.done():
            event.cancel()
            with suppress(asyncio.CancelledError):
                await event
            await events.aclose()


async def _events(
    queue: TranslationQueue, model: Reencoder, asked: Asked, limits: Limits, watched: bool
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield JSON objects: ``partial`` texts if they are watched, then the answer.

    Raises:
        HTTPException: the request is refused.
    """
    if len(asked.text) > limits.characters:
        raise HTTPException(413, f"{len(asked.text)} characters; at most {limits.characters} are accepted")
    if not 1 <= asked.nbest <= limits.nbest:
        raise HTTPException(400, f"nbest {asked.nbest}: expected 1 to {limits.nbest}")

    def to_answer(found: Sequence[Translation]) -> dict[str, Any]:
        return answer_of(model, asked, found)

    try:
        async with aclosing(queue.translate(asked.text, asked.nbest, to_answer, watched)) as events:
            async for event in events:
                yield {"partial": event.text} if isinstance(event, Partial) else event
    except QueueFullError as error:
        raise HTTPException(503, str(error), {"Retry-After": "1"}) from error
    except DataError as error:
        raise HTTPException(413, str(error)) from error


async def _to_lines(first: dict[str, Any], events: AsyncGenerator[dict[str, Any], None]) -> AsyncIterator[str]:
    """Yield JSON objects as lines; what goes wrong after the first becomes a line with ``error``."""
    async with aclosing(events):
        yield _line(first)
        try:
            async for event in events:
                yield _line(event)
        except Exception as error:
            yield _line({"error": str(getattr(error, "detail", None) or "the translation failed")})


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False) + "\n"


def answer_of(model: Reencoder, asked: Asked, found: Sequence[Translation]) -> dict[str, Any]:
    """Return the answer to a request.

    Args:
        model: the model.
        asked: the request.
        found: the translations, the best first.
    """
    translations = [{"text": best.text, "score": best.score} for best in found]
    answer: dict[str, Any] = {"source": asked.text, "translations": translations}
    if asked.alignment:
        alignment = align_best(model, asked.text, found)
        # The words are escaped in the picture, which the page inserts as it is.
        answer["alignment"] = None if alignment is None else {**alignment.to_json(), "svg": to_svg(alignment)}
    return answer
