"""Documents that are made by commands are up to date."""

from __future__ import annotations

from recipes.tables import main


def test_results_are_those_of_the_result_files() -> None:
    assert main(["--check"]) == 0
