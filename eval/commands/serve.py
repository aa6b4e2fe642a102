"""``python -m eval serve``."""

from __future__ import annotations

import argparse

from data_prep.errors import DataError

from .model_options import add_checkpoints, load

HELP = "serve a model: a web page and a JSON endpoint"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Serve a model: a page to type Chinese into at /, JSON at /api/translate (POST an object with text, nbest and "
        "alignment), and /health. One request is translated at a time, others wait. Needs the extra 'serve'."
    )
    add_checkpoints(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--max-characters", type=int, default=500, metavar="N", help="longest text that is accepted (%(default)s)"
    )
    parser.add_argument(
        "--max-waiting", type=int, default=64, metavar="N", help="requests at the same time (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an option or the checkpoint is wrong, or the extra is not installed.
    """
    try:
        import uvicorn

        from ..serve import Limits, create_app
    except ModuleNotFoundError as error:
        raise DataError(f"{error.name} is not installed; install the extra: pip install -e '.[serve]'") from error
    limits = Limits(args.max_characters, waiting=args.max_waiting)
    if not 0 < args.port < 65536:
        raise DataError(f"--port {args.port}: must be 1 to 65535")
    app = create_app(load(args), limits)
    print(f"http://{args.host}:{args.port} (end: Ctrl-C)", flush=True)
    uvicorn.run(app, host=args.host, port=args.port, log_level="warning")
