"""Fifty clients of a server on loopback, and what is said about their latencies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'serve' is not installed")

from eval.serve import Limits
from eval.speed.serving import Reply, ask, main, quantile, summary
from reencoder.hub import Translation
from tests.serving import serving


class Echo:
    """In place of a model."""

    def candidates(self, texts: Sequence[str], n: int, **functions: Any) -> list[list[Translation]]:
        return [[Translation(text.upper(), -1.0, text)] for text in texts]


def test_fifty_clients_lose_nothing() -> None:
    texts = [f"a{k}" for k in range(230)]
    with serving(Echo(), Limits(waiting=50)) as address:
        replies = ask(address, texts, 50)
    assert [reply.text for reply in replies] == texts
    assert [reply.translations for reply in replies] == [[{"text": text.upper(), "score": -1.0}] for text in texts]
    found = summary(replies, 2.0)
    assert (found["requests"], found["lost"], found["reasons"], found["requests_per_second"]) == (230, 0, [], 115)


def test_what_is_refused_or_not_answered_is_lost() -> None:
    with serving(Echo(), Limits(characters=2)) as address:
        replies = ask(address, ["a", "aaa", "b"], 2)
    assert [(reply.translations is None, reply.reason) for reply in replies] == [
        (False, ""),
        (True, "status 413"),
        (False, ""),
    ]
    (gone,) = ask(address, ["a"], 1)
    assert gone.reason == "ConnectionRefusedError"


def test_the_summary() -> None:
    replies = [Reply("", seconds, []) for seconds in (0.25, 0.5, 1, 2)] + [Reply("", 9, None, "status 503")]
    found = summary(replies, 4)
    assert found["p50_ms"] == 500 and found["p95_ms"] == found["max_ms"] == 2000
    assert found["lost"] == 1 and found["reasons"] == ["status 503"] and found["requests_per_second"] == 1
    assert summary(replies[4:], 4)["p95_ms"] is None
    assert [quantile([1, 2, 3, 4], share) for share in (0, 0.25, 0.26, 0.75, 1)] == [1, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("\n \n", [], "contains no text"),
        ("你好", ["--clients", "0"], "--clients 0: must be at least 1"),
        ("你好", [], "the server did not start; its message is above"),
    ],
)
def test_errors(text: str, options: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zh.txt").write_text(text, encoding="utf-8")
    assert main([str(tmp_path / "nowhere"), "--input", str(tmp_path / "zh.txt"), *options]) == 2
    printed = capfd.readouterr().err
    assert message in printed
    if "did not start" in message:
        assert "nowhere: no such checkpoint" in printed
