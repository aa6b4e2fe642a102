"""Measure how long clients of `python -m eval serve` wait when many ask at once.

    python -m eval.speed.serving CKPT --input zh.txt [--clients 50] [--requests 200] [--json FILE] [-- serve options]

Starts the server on loopback. Each client sends its next request when the last one is answered. Latencies are those of
the requests as the clients see them; the first request of each client, which finds the server idle or meets all others,
counts like the rest.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from data_prep.command_line import Parser, run, split_extra
from data_prep.errors import DataError
from data_prep.files import read_lines, write_json

from ..program import environment
from ..provenance import Stopwatch, provenance, recorded_command

TIMEOUT = 600
"""Seconds after which a client takes a request for lost."""


@dataclass(frozen=True)
class Reply:
    """What a client got.

    Attributes:
        text: what it asked for.
        seconds: how long it waited.
        translations: the answer; None if there was none.
        reason: why there was none.
    """

    text: str
    seconds: float
    translations: list[dict[str, Any]] | None
    reason: str = ""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m eval.speed.serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", metavar="CKPT[:CKPT...]", help="see python -m eval serve")
    parser.add_argument("--input", type=Path, required=True, metavar="FILE", help="raw Chinese, one text per line")
    parser.add_argument("--clients", type=int, default=50, metavar="N", help="clients at once (default: %(default)s)")
    parser.add_argument(
        "--requests",
        type=int,
        default=200,
        metavar="N",
        help="requests of all clients together; the lines of the file are repeated (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to a file")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print the results as JSON.

    Args:
        argv: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    given = sys.argv[1:] if argv is None else argv
    arguments, extra = split_extra(given)
    options = build_parser().parse_args(arguments)
    return run(lambda: _measure_and_report(options, extra, recorded_command("eval.speed.serving", given)))


def _measure_and_report(options: argparse.Namespace, extra: Sequence[str], command: list[str]) -> None:
    for option in ("clients", "requests"):
        if getattr(options, option) < 1:
            raise DataError(f"--{option} {getattr(options, option)}: must be at least 1")
    from .processor import processor  # loads torch

    lines = [line for line in read_lines(options.input) if line.strip()]
    if not lines:
        raise DataError(f"--input {options.input}: contains no text")
    texts = [lines[k % len(lines)] for k in range(options.requests)]
    stopwatch = Stopwatch()
    serve = [options.checkpoint, "--max-waiting", str(max(options.clients, 64)), *extra]
    with server(serve) as address:
        started = time.perf_counter()
        replies = ask(address, texts, options.clients)
        seconds = time.perf_counter() - started
    result = {
        "clients": options.clients,
        **summary(replies, seconds),
        "processor": processor(),
        "provenance": provenance(command, stopwatch),
    }
    if options.json is not None:
        write_json(options.json, result)
    print(json.dumps(result, indent=2))


def summary(replies: Sequence[Reply], seconds: float) -> dict[str, Any]:
    """Return what was lost, and the distribution of the latencies of the rest in milliseconds.

    Args:
        replies: what the clients got.
        seconds: how long all of it took.
    """
    answered = sorted(1000 * reply.seconds for reply in replies if reply.translations is not None)
    return {
        "requests": len(replies),
        "lost": len(replies) - len(answered),
        "reasons": sorted({reply.reason for reply in replies if reply.translations is None}),
        "p50_ms": quantile(answered, 0.5),
        "p95_ms": quantile(answered, 0.95),
        "max_ms": quantile(answered, 1),
        "requests_per_second": len(answered) / seconds,
    }


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest of some ascending values that at least this share does not exceed; None if there are none."""
    if not ordered:
        return None
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


@contextmanager
def server(arguments: Sequence[str]) -> Iterator[str]:
    """Run `python -m eval serve` on a free port, and yield its address once it has loaded the model.

    Args:
        arguments: its arguments, without the port.

    Raises:
        DataError: it ends before that.
    """
    command = [sys.executable, "-m", "eval", "serve", *arguments, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), text=True)
    try:
        assert process.stdout is not None
        found = re.match(r"(http://\S+)", process.stdout.readline())
        if found is None:
            raise DataError("the server did not start; its message is above")
        yield found[1]
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def ask(address: str, texts: Sequence[str], clients: int) -> list[Reply]:
    """Send requests from several clients at once, each with a connection that it keeps.

    Args:
        address: of the server.
        texts: what to translate; client k sends the texts k, k + clients, ...
        clients: number of clients.

    Returns:
        The replies, in the order of the texts.
    """
    host = urlsplit(address).netloc
    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(lambda first: _client(host, texts[first::clients]), range(clients)))
    return [found[k % clients][k // clients] for k in range(len(texts))]


def _client(host: str, texts: Sequence[str]) -> list[Reply]:
    connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
    replies = []
    for text in texts:
        started = time.perf_counter()
        translations, reason = None, ""
        try:
            body = json.dumps({"text": text})
            connection.request("POST", "/api/translate", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            if response.status == 200:
                translations = json.loads(answer)["translations"]
            else:
                reason = f"status {response.status}"
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            connection.close()
            reason = type(error).__name__
        replies.append(Reply(text, time.perf_counter() - started, translations, reason))
    connection.close()
    return replies


if __name__ == "__main__":
    sys.exit(main())
