"""Lines in groups: what arrives together is translated together, and nobody waits for more."""

from __future__ import annotations

import io
import os
from pathlib import Path

from eval.lines import groups, groups_of


def test_a_pipe_is_answered_as_soon_as_nothing_more_arrives() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as file:
        found = groups(file, 3)
        os.write(writing, b"a\nb\n\nd\ne")
        assert next(found) == [b"a\n", b"b\n", b"\n"]
        assert next(found) == [b"d\n"]
        os.write(writing, b"f\n")
        assert next(found) == [b"ef\n"]
        os.write(writing, b"g")
        os.close(writing)
        assert list(found) == [[b"g"]]


def test_groups_of_a_file_are_full(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"".join(b"%d\n" % k for k in range(50_000)))
    with path.open("rb") as file:
        assert [len(group) for group in groups(file, 7000)] == [7000] * 7 + [1000]
    with path.open("rb") as file:
        assert b"".join(line for group in groups(file, 999) for line in group) == path.read_bytes()
    assert list(groups(io.BytesIO(b"a\nb\nc"), 2)) == [[b"a\n", b"b\n"], [b"c"]]


def test_none_ends_a_group() -> None:
    assert list(groups_of([None, 1, None, None, 2, 3, 4, None, 5], 2)) == [[1], [2, 3], [4], [5]]
    assert list(groups_of([], 2)) == []
