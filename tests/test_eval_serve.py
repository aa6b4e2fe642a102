"""The server: what it answers, what it refuses, and that many clients at once lose nothing."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any

import pytest

from data_prep.errors import DataError

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from eval.commands.serve import bind  # noqa: E402
from eval.serve import Limits, create_app  # noqa: E402
from eval.translation_queue import Partial, TranslationQueue  # noqa: E402
from reencoder.hub import TooLongError, Translation  # noqa: E402
from tests.serving import serving  # noqa: E402

HEADERS = {"Content-Type": "application/json"}


class Echo:
    """In place of a model; it must not be called by two threads at the same time."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.searches: list[list[str]] = []

    def candidates(
        self,
        texts: Sequence[str],
        n: int,
        on_too_long: Callable[[int, TooLongError], None],
        on_step: Callable[[int, str], None] | None,
    ) -> list[list[Translation]]:
        assert self.busy.acquire(blocking=False), "two searches at the same time"
        try:
            self.searches.append(list(texts))
            for index, text in enumerate(texts):
                if "太长" in text:
                    on_too_long(index, TooLongError("99 tokens, but the model reads at most 40"))
                if "坏" in text:
                    raise RuntimeError("broken")
                if on_step is not None:
                    for end in range(1, len(text)):
                        on_step(index, text[:end])
            return [[Translation(f"{text} {k}", -float(k), text) for k in range(n)] if text else [] for text in texts]
        finally:
            self.busy.release()


class Waiting(Echo):
    """Searches only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def candidates(self, texts: Sequence[str], *arguments: Any, **functions: Any) -> Any:
        assert self.go_on.wait(60)
        return super().candidates(texts, *arguments, **functions)


def ask(requests: Sequence[Any], limits: Limits, path: str = "/api/translate", model: Echo | None = None) -> list[Any]:
    """The responses to requests that are sent at the same time; None asks for `/health`."""
    substitute: Any = model or Echo()
    app = create_app(substitute, limits)

    async def send() -> list[Any]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://server", headers=HEADERS) as client:
            return await asyncio.gather(
                *(
                    client.get("/health") if request is None else client.post(path, content=json.dumps(request))
                    for request in requests
                )
            )

    return asyncio.run(send())


def test_answers_are_the_candidates() -> None:
    found, blank, health = ask([{"text": "你好", "nbest": 2}, {"text": ""}, None], Limits())
    (odd,) = ask([{"text": "你\ud800"}], Limits())
    assert odd.status_code == 200 and odd.json()["source"] == "你\ufffd", "a lone surrogate stops nothing"
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


@pytest.mark.parametrize("path", ["/api/translate", "/api/stream"])
def test_fifty_clients_at_once_get_their_own_answers(path: str) -> None:
    model = Echo()
    responses = ask([{"text": f"第{k}", "nbest": 1 + (k % 7 == 0)} for k in range(50)], Limits(), path, model)
    for k, response in enumerate(responses):
        answer = json.loads(response.text.splitlines()[-1])
        assert [best["text"] for best in answer["translations"]] == [f"第{k} {n}" for n in range(1 + (k % 7 == 0))]
    assert sorted(text for search in model.searches for text in search) == sorted(f"第{k}" for k in range(50))


def test_what_waits_is_translated_together() -> None:
    """Some want two translations, which are searched apart: with one more hypothesis the best may be another."""
    model: Any = Waiting()
    queue = TranslationQueue(model, 50)

    async def ask_one(k: int) -> list[Any]:
        found = queue.translate(f"第{k}", 1 + (k % 7 == 0), lambda found: {"number": len(found)})
        return [event async for event in found]

    async def ask_all() -> list[Any]:
        asked = asyncio.gather(*(ask_one(k) for k in range(50)))
        while queue.accepted < 50:
            await asyncio.sleep(0.001)
        model.go_on.set()
        return await asked

    assert asyncio.run(ask_all()) == [[{"number": 1 + (k % 7 == 0)}] for k in range(50)]
    # One that began before all waited, at most two for the 42 of one kind and one for the 8 of the other.
    assert len(model.searches) <= 4
    assert all(len({int(text[1:]) % 7 == 0 for text in search}) == 1 for search in model.searches)


def test_what_is_answered_is_not_translated_again() -> None:
    """Where the answer of one of several requests fails, those before it have theirs."""
    model: Any = Waiting()
    queue = TranslationQueue(model, 9)

    async def ask_one(k: int) -> Any:
        def answer(_found: Sequence[Translation]) -> dict[str, Any]:
            if k == 2:
                raise RuntimeError("no picture")
            return {"number": k}

        return [event async for event in queue.translate(f"第{k}", 1, answer)]

    async def ask_all() -> list[Any]:
        first = asyncio.ensure_future(ask_one(9))  # keeps the model busy until the others wait
        while queue.running < 1:
            await asyncio.sleep(0.001)
        asked = asyncio.gather(*(ask_one(k) for k in range(4)), return_exceptions=True)
        while queue.accepted < 5:
            await asyncio.sleep(0.001)
        model.go_on.set()
        await first
        return await asked

    *answers, failed, last = asyncio.run(ask_all())
    assert [*answers, last] == [[{"number": k}] for k in (0, 1, 3)] and isinstance(failed, RuntimeError)
    assert model.searches == [["第9"], ["第0", "第1", "第2", "第3"], ["第2"], ["第3"]]


def test_the_growing_translation_is_a_stream_of_lines() -> None:
    found, too_long, broken = ask([{"text": "你好啊"}, {"text": "太长"}, {"text": "坏"}], Limits(), "/api/stream")
    assert found.headers["Content-Type"] == "application/x-ndjson"
    *partial, answer = map(json.loads, found.text.splitlines())
    assert partial == [{"partial": "你"}, {"partial": "你好"}]
    assert answer == {"source": "你好啊", "translations": [{"text": "你好啊 0", "score": 0.0}]}
    assert too_long.status_code == 413 and "the model reads at most 40" in too_long.json()["detail"]
    assert broken.status_code == 500


def test_what_goes_wrong_later_is_the_last_line() -> None:
    class Breaks(Echo):
        def candidates(self, texts: Sequence[str], n: int, on_too_long: Any, on_step: Any) -> Any:
            on_step(0, "I")
            raise RuntimeError("broken")

    (response,) = ask([{"text": "你好"}], Limits(), "/api/stream", Breaks())
    assert [json.loads(line) for line in response.text.splitlines()] == [
        {"partial": "I"},
        {"error": "the translation failed"},
    ]


def test_a_text_that_breaks_the_model_harms_no_other() -> None:
    texts = ["你好", "坏", "我", "太长", "他"]
    responses = ask([{"text": text} for text in texts], Limits())
    assert [response.status_code for response in responses] == [200, 500, 200, 413, 200]


@pytest.mark.parametrize("watched", [True, False])
def test_a_search_that_nobody_waits_for_is_given_up(watched: bool) -> None:
    class Endless(Echo):
        given_up = False
        steps = 0

        def candidates(self, texts: Sequence[str], n: int, on_too_long: Any, on_step: Any) -> Any:
            if texts == ["没完"]:
                try:
                    while True:
                        on_step(0, "I")
                        self.steps += 1
                        time.sleep(0.001)
                except Exception:
                    self.given_up = True
                    raise
            return super().candidates(texts, n, on_too_long, on_step)

    model: Any = Endless()
    queue = TranslationQueue(model, 2)

    async def leave() -> list[Any]:
        async with aclosing(queue.translate("没完", 1, lambda found: {}, watched)) as events:
            first = asyncio.ensure_future(anext(events))
            if watched:
                assert await first == Partial("I")
            while not model.steps:
                await asyncio.sleep(0.001)
            assert (queue.accepted, queue.running) == (1, 1)
            first.cancel()
            with suppress(asyncio.CancelledError):
                await first
        return [event async for event in queue.translate("你好", 1, lambda found: {"best": found[0].text})]

    assert asyncio.run(leave()) == [{"best": "你好 0"}]
    assert model.given_up and queue.accepted == 0


def test_more_clients_than_may_wait_are_refused() -> None:
    model: Any = Waiting()

    async def send() -> tuple[Any, list[Any]]:
        transport = httpx.ASGITransport(app=create_app(model, Limits(waiting=3)))
        async with httpx.AsyncClient(transport=transport, base_url="http://server", headers=HEADERS) as client:
            posts = (client.post("/api/translate", content=json.dumps({"text": f"第{k}"})) for k in range(3))
            accepted = asyncio.gather(*posts)
            while (await client.get("/health")).json()["waiting"] < 3:
                await asyncio.sleep(0.001)
            refused = await client.post("/api/translate", content=json.dumps({"text": "第4"}))
            model.go_on.set()
            return refused, await accepted

    refused, accepted = asyncio.run(send())
    assert refused.status_code == 503 and [response.status_code for response in accepted] == [200] * 3
    assert refused.headers["Retry-After"] == "1" and "try again later" in refused.text


def test_large_requests_are_refused_unread() -> None:
    model: Any = Echo()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"{"

    async def post() -> list[Any]:
        transport = httpx.ASGITransport(app=create_app(model, Limits(characters=10)))
        async with httpx.AsyncClient(transport=transport, base_url="http://server", headers=HEADERS) as client:
            bodies: list[Any] = [b" " * 2000, chunks(), json.dumps({"text": "\U0001f991" * 10}).encode()]
            answers = [await client.post("/api/translate", content=body) for body in bodies]
            both = {"Content-Length": "2", "Transfer-Encoding": "chunked"}  # of which servers believe the latter
            return [*answers, await client.post("/api/translate", content=chunks(), headers=both)]

    large, unknown, longest, both = asyncio.run(post())
    assert both.status_code == 411 and "Transfer-Encoding is not accepted" in both.text
    assert large.status_code == 413 and "2000 bytes; at most 1120 are accepted" in large.text
    assert unknown.status_code == 411 and longest.status_code == 200


def test_the_page_loads_nothing_from_elsewhere() -> None:
    model: Any = Echo()

    async def get() -> str:
        transport = httpx.ASGITransport(app=create_app(model, Limits(characters=77)))
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            return str((await client.get("/")).text)

    page = asyncio.run(get())
    assert "At most 77 characters" in page and "//" not in page


@pytest.mark.parametrize("path", ["/", "/health"])
def test_head_is_answered_like_get_without_the_body(path: str) -> None:
    with serving(Echo(), Limits()) as address:
        whole, head = httpx.get(address + path), httpx.head(address + path)
        assert httpx.head(f"{address}/api/translate").status_code == 405
    assert head.status_code == whole.status_code == 200 and head.content == b"" != whole.content
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == whole.headers[name]


def test_a_port_that_is_taken_is_refused() -> None:
    with bind("127.0.0.1", 0) as listener:
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(DataError, match=f"--host 127.0.0.1 --port {port}: Address already in use"):
            bind("127.0.0.1", port)
    with pytest.raises(DataError, match="--port 65536: must be 0 to 65535"):
        bind("127.0.0.1", 65536)
    with pytest.raises(DataError, match=r"--host 192\.0\.2\.1 --port 0: "):
        bind("192.0.2.1", 0)  # reserved for documentation
    with bind("localhost", 0) as listener:
        assert listener.family in (socket.AF_INET, socket.AF_INET6)


def test_a_request_without_its_client_is_given_up() -> None:
    model = Waiting()
    with serving(model, Limits()) as address:
        try:
            for path in ("/api/translate", "/api/stream"):
                with pytest.raises(httpx.ReadTimeout):
                    httpx.post(f"{address}{path}", json={"text": "你好"}, timeout=0.5)
            # the first is being translated, whoever waits for it
            for remain in ({"waiting": 1, "running": 1}, {"waiting": 0, "running": 0}):
                expected = {"status": "ok", "max_waiting": Limits.waiting, **remain}
                end = time.monotonic() + 20
                while httpx.get(f"{address}/health").json() != expected and time.monotonic() < end:
                    time.sleep(0.1)
                assert httpx.get(f"{address}/health").json() == expected
                model.go_on.set()
        finally:
            model.go_on.set()


def test_requests_that_are_not_understood_are_refused() -> None:
    with serving(Echo(), Limits()) as address:
        unknown = httpx.post(f"{address}/api/translate", json={"text": "你", "n_best": 2})
        form = httpx.post(f"{address}/api/translate", content='{"text": "你"}')
    assert unknown.status_code == 422 and unknown.json()["detail"][0]["loc"] == ["body", "n_best"]
    assert form.status_code == 422
    assert form.json()["detail"][0]["msg"] == "expected a JSON object, with the header Content-Type: application/json"


def test_numbers_that_json_does_not_have_are_refused() -> None:
    with serving(Echo(), Limits()) as address:
        response = httpx.post(f"{address}/api/translate", content='{"text": "你", "nbest": NaN}', headers=HEADERS)
    assert response.status_code == 422 and response.json()["detail"][0]["loc"] == ["body", "nbest"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "SIGINT"])
def test_signals_end_the_server(name: str) -> None:
    """Also while it answers, and without a traceback."""
    program = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it\n"
        "from eval.__main__ import main; from eval.commands import serve; from tests.test_eval_serve import Echo\n"
        "serve.load = lambda args: Echo()\n"
        "raise SystemExit(main(['serve', 'checkpoint', '--port', '0']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        address = server.stdout.readline().split()[0]
        asking = threading.Thread(target=_ask_until_refused, args=(address,))
        asking.start()
        time.sleep(0.5)
        server.send_signal(getattr(signal, name))
        try:
            assert server.wait(20) == 0
        finally:
            server.kill()
            asking.join()
        assert "Traceback" not in server.stderr.read()


def _ask_until_refused(address: str) -> None:
    with suppress(httpx.HTTPError):
        while True:
            httpx.post(f"{address}/api/translate", json={"text": "你好"}, timeout=30)
