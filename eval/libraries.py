"""What libraries write to the terminal."""

from __future__ import annotations

import logging


def quiet_libraries() -> None:
    """Keep fairseq and matplotlib from reporting their steps; warnings still appear.

    Call it before fairseq is imported into one of our processes: the import itself reports, and makes the root logger
    print whatever any library reports from then on, such as every font that matplotlib considers.
    """
    for name in ("fairseq", "matplotlib"):
        logging.getLogger(name).setLevel(logging.WARNING)
