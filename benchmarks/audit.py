"""What does the audit cost those who read and those who enrol?

Two services run on one registry, one of which notes nothing. Readers who ask for one person after another without a
pause, and then clients who post a portrait and a print, go to the one and to the other by turns. `get_p99_ratio` is
the median over the rounds of the ratio of the 99th percentiles in a round, with the audit to without; so a machine that
is slower for a while is slower for both. `post_p99_ratio` is of all posts, for a round has few. `noise` states how far
apart the percentiles of the rounds without the audit are, as the ratio of the third quartile to the first.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from rich.console import Console

from benchmarks.command_line import parser
from benchmarks.contention import database_of
from scripts.fetch_captures import capture_path
from scripts.running import enrolment_files, free_port, token

CONSOLE = Console(stderr=True)
WAYS = ("without", "with")
Times = dict[str, list[list[float]]]
"""In seconds, by way and round."""


@contextmanager
def started(args: Any, home: Path, database: str, way: str) -> Iterator[tuple[int, list[str]]]:
    """The port of a service, and the numbers of its people."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.audited_service", f"--people={args.people}", f"--port={port}"]
    command += [f"--home={home}", f"--database={database}", *(["--without"] if way == "without" else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the service ended; its last words are above")
            yield port, json.loads(line)
        finally:
            process.kill()


class Clients:
    """Who ask one service. Each way of asking returns the seconds that every answer took."""

    def __init__(self, port: int, numbers: Sequence[str], bearer: str) -> None:
        self._port, self._numbers = port, numbers
        self._headers = {"Authorization": f"Bearer {bearer}"}

    def read(self, readers: int, seconds: float) -> list[float]:
        until = time.perf_counter() + seconds

        def one(times: list[float], seed: int) -> None:
            drawn, connection = random.Random(seed), HTTPConnection("127.0.0.1", self._port, timeout=60)
            while time.perf_counter() < until:
                path = f"/v1/persons/{drawn.choice(self._numbers)}"
                times.append(self._get(connection, path))
            connection.close()

        return _at_once(one, readers)

    def post(self, posters: int, posts: int) -> list[float]:
        shots = {"face": capture_path("obama.jpg"), "right_index": capture_path("p1_1.png")}

        def one(times: list[float], seed: int) -> None:
            with httpx.Client(base_url=f"http://127.0.0.1:{self._port}", headers=self._headers, timeout=60) as client:
                times.extend(self._enrol(client, enrolment_files("a person", shots)) for _ in range(posts))

        return _at_once(one, posters)

    def _get(self, connection: HTTPConnection, path: str) -> float:
        began = time.perf_counter()
        connection.request("GET", path, headers=self._headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == httpx.codes.OK, answer.status
        return time.perf_counter() - began

    def _enrol(self, client: httpx.Client, files: dict[str, tuple[str, bytes]]) -> float:
        began = time.perf_counter()
        answer = client.post("/v1/enrolments", files=files)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return time.perf_counter() - began


def _at_once(one: Callable[[list[float], int], None], count: int) -> list[float]:
    times: list[list[float]] = [[] for _ in range(count)]
    threads = [threading.Thread(target=one, args=(some, seed)) for seed, some in enumerate(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [each for some in times for each in some]


def measure(args: Any, home: Path, database: str) -> dict[str, Any]:
    with (
        started(args, home, database, "without") as without,
        started(args, home, database, "with") as beside,
    ):
        bearer = token("enroller", {**os.environ, "JISR_HOME": str(home), "JISR_DATABASE_URL": database})
        clients = {way: Clients(*each, bearer) for way, each in zip(WAYS, (without, beside), strict=True)}
        for one in clients.values():  # what is compiled or loaded once
            one.read(args.readers, 1)
            one.post(args.posters, 2)
        gets: Times = {way: [] for way in WAYS}
        posts: Times = {way: [] for way in WAYS}
        for number in range(args.rounds):
            for way in WAYS if number % 2 == 0 else reversed(WAYS):
                gets[way].append(clients[way].read(args.readers, args.seconds))
                posts[way].append(clients[way].post(args.posters, args.posts))
            CONSOLE.print(f"round {number + 1} of {args.rounds}: {ratios(gets, posts)}")
    return ratios(gets, posts)


def ratios(gets: Times, posts: Times) -> dict[str, Any]:
    before, after = (np.array([np.percentile(some, 99) for some in gets[way]]) for way in WAYS)
    medians = [np.array([np.median(some) for some in gets[way]]) for way in WAYS]
    posted = [float(np.percentile(np.concatenate(posts[way]), 99)) for way in WAYS]
    usual = [float(np.median(np.concatenate(posts[way]))) for way in WAYS]
    low, high = np.percentile(before, [25, 75])
    return {
        "get_p99_ratio": round(float(np.median(after / before)), 2),
        "post_p99_ratio": round(posted[1] / posted[0], 2),
        "get_p50_ratio": round(float(np.median(medians[1] / medians[0])), 2),
        "post_p50_ratio": round(usual[1] / usual[0], 2),
        "get_p99_ms": [round(float(np.median(some)) * 1e3, 1) for some in (before, after)],
        "post_p99_ms": [round(one * 1e3, 1) for one in posted],
        "gets": [sum(map(len, gets[way])) for way in WAYS],
        "posts": [sum(map(len, posts[way])) for way in WAYS],
        "noise": round(float(high / low), 2),
    }


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.audit --readers 16 --postgres bundled")
    cli.add_argument("--readers", type=int, default=16, help="who read at the same time")
    cli.add_argument("--posters", type=int, default=2, help="who post at the same time")
    cli.add_argument("--people", type=int, default=2000, help="in the registry")
    cli.add_argument("--rounds", type=int, default=9, help="with and without, by turns")
    cli.add_argument("--seconds", type=float, default=4, help="of reading in each")
    cli.add_argument("--posts", type=int, default=10, help="of each who posts, in each")
    cli.add_argument("--postgres", help="URL of an empty database, or `bundled`; SQLite otherwise")
    cli.add_argument("--work", type=Path, help="where it is kept meanwhile; a temporary folder otherwise")
    cli.add_argument("--out", type=Path, help="also write the JSON there")
    args = cli.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=args.work) as folder,
        database_of(args.postgres or "", Path(folder)) as database,
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
