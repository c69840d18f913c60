"""A service in a process of its own, for benchmarks and for tests from request to outcome."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

JISR = [sys.executable, "-c", "from service.cli import app; app()"]


class Running:
    """One `jisr serve` on a free port, its data under `home`; its log in `home/log`."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{free_port()}"
        self.environment = {**os.environ, "JISR_HOME": str(home), **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start, wait until it is ready, and return the seconds that took."""
        began = time.monotonic()
        with (self.home / "log").open("ab") as log:
            command = [*JISR, "serve", "--port", self.url.rsplit(":", 1)[1]]
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        while not self._ready():
            if self._process.poll() is not None:
                raise RuntimeError(f"the service stopped at start: {(self.home / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        return time.monotonic() - began

    @property
    def pid(self) -> int:
        """Of the process that is running."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, as an operator would."""
        self._end(signal.SIGTERM)

    def client(self, role: str) -> httpx.Client:
        """A client with a fresh token of this role."""
        headers = {"Authorization": f"Bearer {token(role, self.environment)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120)

    def _ready(self) -> bool:
        own_worker = self.environment.get("JISR_EMBEDDED_WORKER", "true") == "true"
        try:
            return httpx.get(f"{self.url}/{'readyz' if own_worker else 'healthz'}", timeout=5).is_success
        except httpx.TransportError:
            return False

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(by)
            self._process.wait(60)
            self._process = None


@contextmanager
def running(home: Path, **settings: str) -> Iterator[Running]:
    """A service that runs for as long as the block."""
    home.mkdir(parents=True, exist_ok=True)
    service = Running(home, **settings)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def token(role: str, environment: Mapping[str, str]) -> str:
    """A fresh token for the registry that these settings lead to."""
    command = [*JISR, "token", "create", f"{role} {time.time_ns()}", "--role", role]
    made = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return made.stdout.strip()


def enrolment_files(
    name: str, captures: Mapping[str, Path], dpi: Mapping[str, float] | None = None, enrolment_id: str | None = None
) -> dict[str, tuple[str, bytes]]:
    """The parts of a complete enrolment. captures, dpi: by position."""
    part = {
        "id": enrolment_id or str(uuid.uuid4()),
        "site": "benchmark",
        "device": "benchmark",
        "captured_at": "2025-01-15T00:00:00Z",
        "consent": {"given": True},
        "person": {"names": [{"full": name}]},
        "captures": {position: {"dpi": value} for position, value in (dpi or {}).items()},
    }
    files = {position: (path.name, path.read_bytes()) for position, path in captures.items()}
    return files | {"enrolment": ("enrolment.json", json.dumps(part).encode())}


def free_port() -> int:
    """A port of this machine that no one listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
