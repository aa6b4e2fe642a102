"""A server with a substitute for a model, listening on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from eval.commands.serve import bind
from eval.serve import Limits, create_app


@contextmanager
def serving(model: Any, limits: Limits) -> Iterator[str]:
    """Serve until the block ends; yields the address."""
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(create_app(model, limits), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    listener.listen(128)  # clients that come before the server is up wait
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
