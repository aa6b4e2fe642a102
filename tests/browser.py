"""A headless Chromium that tests type into and look at, through its remote debugging pipe."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from base64 import b64decode
from pathlib import Path
from types import TracebackType
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PATIENCE = 120
"""How long, in seconds, a browser may take, on a busy machine too."""


_OPTIONS = ("--no-first-run", "--remote-debugging-pipe", "about:blank")


class Browser:
    """One page in a browser of its own.

    Args:
        profile: folder for what the browser writes.

    Attributes:
        complaints: what the console reported: errors, warnings and exceptions that nobody caught.
    """

    def __init__(self, profile: Path) -> None:
        commands, self._to = _pipe()
        self._from, answers = _pipe()

        def place() -> None:
            os.dup2(commands, 3)
            os.dup2(answers, 4)

        self._process = subprocess.Popen(
            [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", *_OPTIONS],
            pass_fds=(3, 4),
            preexec_fn=place,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._rest = b""
        self._number = 0
        self._session = ""
        self.complaints: list[str] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.do(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the DevTools protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            self._notice(answer)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, address: str) -> None:
        """Open an address in the page."""
        self.do("Page.navigate", url="about:blank")  # an address that differs behind # only would not be loaded
        self.do("Page.navigate", url=address)
        self.wait("document.readyState == 'complete' && location.href != 'about:blank'", True)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self.do("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def wait(self, expression: str, value: object) -> None:
        """Wait until an expression has a value."""
        end = time.monotonic() + PATIENCE
        while (found := self.evaluate(expression)) != value:
            assert time.monotonic() < end, f"{expression} is {found!r}, expected {value!r}"
            time.sleep(0.02)

    def type(self, text: str) -> None:
        """Type into the element that has the focus."""
        self.do("Input.insertText", text=text)

    def screenshot(self, path: Path) -> None:
        """Write a picture of the page as PNG."""
        path.write_bytes(b64decode(self.do("Page.captureScreenshot")["data"]))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._from, 1 << 16)
            assert data, "the browser has ended"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        document: dict[str, Any] = json.loads(message)
        return document

    def _notice(self, event: dict[str, Any]) -> None:
        details = event.get("params", {})
        if event.get("method") == "Log.entryAdded":
            self.complaints.append(details["entry"]["text"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(details["exceptionDetails"]["text"])
        elif event.get("method") == "Runtime.consoleAPICalled" and details["type"] in ("error", "warning"):
            self.complaints.append(str(details["args"]))


def _pipe() -> tuple[int, int]:
    """Return the ends of a pipe, with numbers above those that the browser expects."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]
