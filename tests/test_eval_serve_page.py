"""The page of the server in a real browser, which types, waits and reads."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'serve' is not installed")

from eval.serve import Limits
from reencoder.hub import TooLongError, Translation
from tests.browser import CHROMIUM, PATIENCE, Browser
from tests.serving import serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")

BEST = "document.getElementById('best').textContent"
GROWING = "document.getElementById('best').className"
ERROR = "document.getElementById('error').textContent"
SAID = f"{ERROR}.split('): ')[1]"
TYPED = "document.getElementById('text').value"


class Slow:
    """In place of a model; it finds one word, and the rest when it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def candidates(
        self,
        texts: Sequence[str],
        n: int,
        on_too_long: Callable[[int, TooLongError], None],
        on_step: Callable[[int, str], None] | None,
    ) -> list[list[Translation]]:
        if "太长" in texts[0]:
            on_too_long(0, TooLongError("99 tokens, but the model reads at most 40"))
            return [[]]
        assert on_step is not None
        on_step(0, "I")
        assert self.go_on.wait(PATIENCE)
        return [[Translation(f"I want <two> apples {k}.", -k / 2, "") for k in range(n)]]


@pytest.fixture
def model() -> Slow:
    return Slow()


@pytest.fixture
def address(model: Slow, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that listens on loopback."""
    monkeypatch.setattr("eval.serve.align_best", lambda *arguments: None)
    with serving(model, Limits(characters=20, waiting=1)) as address:
        yield f"{address}/"
        model.go_on.set()


def test_the_page(address: str, model: Slow, tmp_path: Path) -> None:
    with Browser(tmp_path / "profile") as browser:
        browser.open(address)
        browser.type("我想要两个苹果。")
        browser.wait(BEST, "I")
        assert browser.evaluate(GROWING) == "growing"
        model.go_on.set()
        browser.wait(BEST, "I want <two> apples 0.")
        assert browser.evaluate(GROWING) == "" and browser.evaluate(ERROR) == ""
        rows = browser.evaluate("[...document.querySelectorAll('#others tr')].map(row => row.innerText)")
        assert rows == [f"{-k / 2:.2f}\tI want <two> apples {k}." for k in range(5)]
        # refusals
        browser.type("字" * 20)
        browser.wait(SAID, "28 characters; at most 20 are accepted")
        assert browser.evaluate(BEST) == ""
        browser.open(address + "#太长")
        browser.wait(SAID, "99 tokens, but the model reads at most 40")
        assert browser.complaints and all("413" in complaint for complaint in browser.complaints)
        # a link with a broken escape
        browser.open(address + "#100%25%E4%BD%A0%zz")
        browser.wait(BEST, "I want <two> apples 0.")
        assert browser.evaluate(TYPED) == "100%25%E4%BD%A0%zz"


def test_what_the_page_makes_of_refusals(address: str, tmp_path: Path) -> None:
    wrong = {"loc": ["body", "text"], "msg": "Field required"}
    refusals: list[tuple[int, str, Any, str]] = [
        (422, "Unprocessable", {"detail": [wrong]}, ": text: Field required"),
        (429, "Too Many", {"detail": "slowly"}, ": slowly Trying again."),
        (502, "Bad Gateway", None, ""),
        (503, "", {"detail": [{}]}, " Trying again."),
    ]
    with Browser(tmp_path / "profile") as browser:
        browser.open(address)
        for status, text, body, message in refusals:
            answer = "<html>" if body is None else json.dumps(body)
            options = json.dumps({"status": status, "statusText": text, "headers": {"Retry-After": "900"}})
            browser.evaluate(f"window.fetch = async () => new Response({json.dumps(answer)}, {options}); translate()")
            browser.wait(ERROR, f"The server refuses ({status} {text}".rstrip() + ")" + message)
        browser.evaluate(
            "window.fetch = async () => (window.fetch = async () => new Response('{\"translations\": []}\\n'), "
            "new Response('{\"detail\": \"wait\"}', {status: 503, headers: {'Retry-After': '0.01'}})); translate()"
        )
        browser.wait("String(window.fetch).includes('wait')", False)
        browser.wait(ERROR, "")
        browser.evaluate('window.fetch = async () => new Response(\'{"partial": "I"}\\n\'); translate()')
        browser.wait(ERROR, "The server does not answer.")
        assert browser.complaints == []
