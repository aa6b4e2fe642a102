"""What the plugin does to its surroundings on import."""

from __future__ import annotations

import platform

import pytest

from reencoder.compat import KEEP_MEMORY, keep_freed_memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has no mallopt")
def test_freed_memory_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEEP_MEMORY, raising=False)
    assert keep_freed_memory()


def test_keeping_memory_can_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEP_MEMORY, "0")
    assert not keep_freed_memory()
