"""The server: what it answers, what it refuses, and that many clients at once lose nothing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from data_prep.errors import DataError

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from eval.serve import Limits, create_app  # noqa: E402
from reencoder.hub import Translation  # noqa: E402

HEADERS = {"Content-Type": "application/json"}


class Echo:
    """In place of a model; it must not be called by two threads at the same time."""

    def __init__(self) -> None:
        self.busy = threading.Lock()

    def candidates(self, texts: Sequence[str], n: int) -> list[list[Translation]]:
        assert self.busy.acquire(blocking=False), "two requests at the same time"
        try:
            if "太长" in texts[0]:
                raise DataError("sentence 1: 99 tokens, but the model reads at most 40")
            return [[Translation(f"{text} {k}", -float(k), text) for k in range(n)] if text else [] for text in texts]
        finally:
            self.busy.release()


def ask(requests: Sequence[Any], limits: Limits) -> list[Any]:
    """The responses to requests that are sent at the same time; None asks for `/health`."""
    model: Any = Echo()

    async def send() -> list[Any]:
        transport = httpx.ASGITransport(app=create_app(model, limits))
        async with httpx.AsyncClient(transport=transport, base_url="http://server", headers=HEADERS) as client:
            return await asyncio.gather(
                *(
                    client.get("/health")
                    if request is None
                    else client.post("/api/translate", content=json.dumps(request))
                    for request in requests
                )
            )

    return asyncio.run(send())


def test_answers_are_the_candidates() -> None:
    found, blank, health = ask([{"text": "你好", "nbest": 2}, {"text": ""}, None], Limits())
    (odd,) = ask([{"text": "你\ud800"}], Limits())
    assert odd.status_code == 200 and odd.json()["source"] == "你?", "a lone surrogate stops nothing"
    translations = [{"text": "你好 0", "score": 0.0}, {"text": "你好 1", "score": -1.0}]
    assert found.json() == {"source": "你好", "translations": translations}
    assert blank.json() == {"source": "", "translations": []}
    assert health.json()["status"] == "ok"


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        ({"text": "你" * 11}, 413, "11 characters; at most 10 are accepted"),
        ({"text": "你", "nbest": 11}, 400, "nbest 11: expected 1 to 10"),
        ({"text": "太长"}, 413, "the model reads at most 40"),
        ({"words": "你"}, 422, "Field required"),
    ],
)
def test_refusals_say_why(request_: dict[str, Any], status: int, message: str) -> None:
    (response,) = ask([request_], Limits(characters=10))
    assert response.status_code == status and message in response.text


def test_fifty_clients_at_once_get_their_own_answers() -> None:
    responses = ask([{"text": f"第{k}"} for k in range(50)], Limits())
    assert [response.json()["translations"][0]["text"] for response in responses] == [f"第{k} 0" for k in range(50)]


def test_more_clients_than_may_wait_are_refused() -> None:
    responses = ask([{"text": f"第{k}"} for k in range(8)], Limits(waiting=3))
    codes = [response.status_code for response in responses]
    assert sorted(set(codes)) == [200, 503] and codes.count(200) >= 3
    refused = next(response for response in responses if response.status_code == 503)
    assert refused.headers["Retry-After"] == "1" and "try again later" in refused.text


def test_the_page_loads_nothing_from_elsewhere() -> None:
    model: Any = Echo()

    async def get() -> str:
        transport = httpx.ASGITransport(app=create_app(model, Limits(characters=77)))
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            return str((await client.get("/")).text)

    page = asyncio.run(get())
    assert 'maxlength="77"' in page and "//" not in page
