"""A web page and a JSON endpoint for a trained model. Needs the extra `serve`; imported by its command alone."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, field_validator

from data_prep.errors import DataError

from .heatmap import to_svg
from .translation import align_best

if TYPE_CHECKING:
    from .translation import Reencoder

PAGE = Path(__file__).with_name("serve.html")


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


class Request(BaseModel):
    """What a client asks for."""

    text: str
    nbest: int = 1
    alignment: bool = False

    @field_validator("text", mode="before")
    @classmethod
    def _without_surrogates(cls, value: Any) -> Any:
        """Replace lone surrogates, which JSON can express but an answer in UTF-8 cannot repeat."""
        return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def create_app(model: Reencoder, limits: Limits) -> FastAPI:
    """Return the application: the page at ``/``, ``/api/translate``, and ``/health``.

    One request is translated at a time, because torch uses all threads for it; the others wait for their turn.
    """
    app = FastAPI(title="Reencoder", docs_url=None, redoc_url=None)  # their pages load scripts from elsewhere
    # One thread: even if a request is cancelled, the next one starts only when its translation has ended.
    thread = ThreadPoolExecutor(max_workers=1)
    accepted = 0

    @app.get("/", response_class=HTMLResponse)
    def page() -> str:
        return PAGE.read_text(encoding="utf-8").replace("{characters}", str(limits.characters))

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "waiting": accepted, "max_waiting": limits.waiting}

    @app.post("/api/translate")
    async def translate(request: Request) -> dict[str, Any]:
        nonlocal accepted
        if len(request.text) > limits.characters:
            raise HTTPException(413, f"{len(request.text)} characters; at most {limits.characters} are accepted")
        if not 1 <= request.nbest <= limits.nbest:
            raise HTTPException(400, f"nbest {request.nbest}: expected 1 to {limits.nbest}")
        if accepted >= limits.waiting:
            raise HTTPException(503, f"{accepted} requests are waiting; try again later", {"Retry-After": "1"})
        accepted += 1
        try:
            found = await asyncio.get_running_loop().run_in_executor(thread, _translate, model, request)
        except DataError as error:
            raise HTTPException(413, str(error)) from error
        finally:
            accepted -= 1
        return {"source": request.text, **found}

    return app


def _translate(model: Reencoder, request: Request) -> dict[str, Any]:
    (found,) = model.candidates([request.text], request.nbest)
    answer: dict[str, Any] = {"translations": [{"text": best.text, "score": best.score} for best in found]}
    if request.alignment:
        alignment = align_best(model, request.text, found)
        # The words are escaped in the picture, which the page inserts as it is.
        answer["alignment"] = None if alignment is None else {**alignment.to_json(), "svg": to_svg(alignment)}
    return answer
