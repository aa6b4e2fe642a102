"""``python -m eval serve``."""

from __future__ import annotations

import argparse
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from data_prep.errors import DataError

from .model_options import add_checkpoints, load

HELP = "serve a model: a web page and JSON endpoints"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Serve a model: a page to type Chinese into at /; JSON at /api/translate (POST an object with text, nbest and "
        "alignment), and at /api/stream line by line, with what the search has found so far; and /health. Requests "
        "that wait are translated together. Needs the extra 'serve'."
    )
    add_checkpoints(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8000, metavar="N", help="port to listen on, 0 for any (default: %(default)s)"
    )
    parser.add_argument(
        "--max-characters", type=int, default=500, metavar="N", help="longest text that is accepted (%(default)s)"
    )
    parser.add_argument(
        "--max-waiting", type=int, default=64, metavar="N", help="requests at the same time (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an option or the checkpoint is wrong, the port is taken, or the extra is not installed.
    """
    try:
        import uvicorn

        from ..serve import Limits, create_app
    except ModuleNotFoundError as error:
        raise DataError(f"{error.name} is not installed; install the extra: pip install -e '.[serve]'") from error
    limits = Limits(args.max_characters, waiting=args.max_waiting)
    with bind(args.host, args.port) as listener:  # before the model is loaded, which takes longer
        app = create_app(load(args), limits)
        host = f"[{args.host}]" if ":" in args.host else args.host
        listener.listen(128)  # clients that see the address before the server is up wait
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)
        print(f"http://{host}:{listener.getsockname()[1]} (end: Ctrl-C)", flush=True)
        server = uvicorn.Server(config)
        with _hangup_ends(server), suppress(KeyboardInterrupt):  # the way to end it
            server.run(sockets=[listener])


@contextmanager
def _hangup_ends(server: Any) -> Iterator[None]:
    """Let SIGHUP end a server as it ends for Ctrl-C and SIGTERM, unless it is ignored.

    These two uvicorn handles itself. An exception, as other commands raise for a signal, would come up in the middle of
    a request and be taken for a failure of it.
    """
    number = getattr(signal, "SIGHUP", None)  # Windows has none
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(number)
    if before != signal.SIG_IGN:
        signal.signal(number, server.handle_exit)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(number, before)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address.

    Raises:
        DataError: the address does not exist, or is taken.
    """
    if not 0 <= port < 65536:
        raise DataError(f"--port {port}: must be 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:  # a name with an empty part cannot be encoded
        raise DataError(f"--host {host}: {getattr(error, 'strerror', None) or 'no such address'}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise DataError(f"--host {host} --port {port}: {error.strerror}; choose another") from error
    return listener
