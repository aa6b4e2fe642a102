"""Documents that are made by commands are up to date."""

from __future__ import annotations

import re
from pathlib import Path

from recipes.tables import main

ROOT = Path(__file__).resolve().parent.parent


def test_results_are_those_of_the_result_files() -> None:
    assert main(["--check"]) == 0


def test_lines_quoted_beside_the_paper_are_in_the_code() -> None:
    source, quoted = "", 0
    for line in (ROOT / "docs" / "grid.md").read_text(encoding="utf-8").splitlines():
        named = re.findall(r"`(reencoder/[a-z0-9_/]+\.py)`", line)
        if named:
            source = (ROOT / named[0]).read_text(encoding="utf-8")
        elif line.startswith("| ") and (code := re.fullmatch(r"\|.*\| `([^`]+)` \|", line)):
            assert code[1] in [found.strip() for found in source.splitlines()], f"{code[1]} is no line of the file"
            quoted += 1
    assert quoted > 15
