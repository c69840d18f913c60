"""Debian's Chromium, spoken to over the pipe of its DevTools protocol, so that nothing but it has to be installed."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium")
QUIET = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
]  # fmt: skip
SECONDS = 30
AS_3_AND_4 = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
for wanted, one in enumerate(pipes, start=3):
    os.dup2(one, wanted)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The descriptors at which Chromium looks for its pipe."""


@dataclass
class Page:
    """One tab. numbers: of commands. events: that came while an answer was waited for."""

    sending: int
    receiving: int
    session: str = ""
    number: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    buffer: bytes = b""

    def call(self, method: str, **parameters: Any) -> Any:
        self.number += 1
        sent = {"id": self.number, "method": method, "params": parameters}
        os.write(
            self.sending, json.dumps(sent | ({"sessionId": self.session} if self.session else {})).encode() + b"\0"
        )
        while (found := self._next()).get("id") != self.number:
            self.events.append(found)
        assert "error" not in found, found
        return found["result"]

    def open(self, url: str) -> None:
        """Returns once the page is loaded, also after being sent elsewhere."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        until = time.monotonic() + SECONDS
        while not any(one.get("method") == "Page.loadEventFired" for one in self.events):
            assert time.monotonic() < until, f"{url} was not loaded"
            self.events.append(self._next())

    def run(self, script: str) -> Any:
        """What a script gives, once its promise is kept."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            some = os.read(self.receiving, 65_536)
            assert some, "the browser has ended"
            self.buffer += some
        one, _, self.buffer = self.buffer.partition(b"\0")
        found = json.loads(one)
        assert isinstance(found, dict)
        return found


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """A browser with a profile of its own, for as long as the block."""
    assert BROWSER is not None
    (theirs, sending), (receiving, back) = os.pipe(), os.pipe()
    command = [BROWSER, *QUIET, f"--user-data-dir={profile}", "about:blank"]
    redirected = [sys.executable, "-c", AS_3_AND_4, str(theirs), str(back), *command]
    process = subprocess.Popen(redirected, pass_fds=(theirs, back), stderr=subprocess.DEVNULL)
    os.close(theirs)
    os.close(back)
    page = Page(sending, receiving)
    try:
        target = page.call("Target.createTarget", url="about:blank")["targetId"]
        page.session = page.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page.call("Page.enable")
        yield page
    finally:
        process.terminate()
        process.wait(SECONDS)
        os.close(sending)
        os.close(receiving)
