"""Does every accepted enrolment have one outcome after `kill -9`?

Enrolments are posted two at a time. The service is killed once some of them were answered with 202, and started again;
then what was not accepted is posted again. It runs on a fresh registry in a temporary folder, with public captures that
are fetched by package name.
"""

import json
import sqlite3
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.command_line import parser
from scripts.fetch_captures import capture_path
from scripts.running import Running, enrolment_files

SHOTS = ("obama.jpg", "p1_1.png"), ("biden.jpg", "p2_1.png"), ("obama2.jpg", "p1_2.png")


@dataclass(frozen=True)
class Survival:
    """accepted: posts answered with 202 before or after the kill. with_outcome: those enrolled or in review in the end.

    twice: people in the registry beyond one per enrolment.
    """

    posts: int
    killed_after: int
    accepted_before_kill: int
    accepted: int
    with_outcome: int
    people: int
    twice: int
    restart_seconds: float


def survive(home: Path, posts: int, kill_after: int) -> Survival:
    """Post `posts` enrolments two at a time, kill -9 once `kill_after` were accepted, start again, post what failed."""
    service = Running(home)
    service.start()
    client = service.client("enroller")
    enough, accepted = threading.Event(), []
    names = [str(uuid.uuid4()) for _ in range(posts)]

    def post(index: int) -> None:
        if _post(client, names[index], index) == 202:
            accepted.append(index)
        if len(accepted) >= kill_after:
            enough.set()

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(post, index) for index in range(posts)]
        enough.wait()
        service.kill()
    for job in jobs:
        job.result()
    before = set(accepted)
    restart = service.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(post, [index for index in range(posts) if index not in before]))
        outcomes = [_outcome(client, names[index]) for index in sorted(set(accepted))]
        return _judge(posts, kill_after, before, outcomes, home=home, restart=restart)
    finally:
        client.close()
        service.stop()


def _post(client: httpx.Client, name: str, index: int) -> int:
    face, finger = (capture_path(shot) for shot in SHOTS[index % len(SHOTS)])
    files = enrolment_files(f"person {index}", {"face": face, "right_index": finger}, enrolment_id=name)
    try:
        return client.post("/v1/enrolments", files=files).status_code
    except httpx.TransportError:
        return 0


def _outcome(client: httpx.Client, name: str) -> dict[str, Any]:
    until = time.monotonic() + 300
    while True:
        found: dict[str, Any] = client.get(f"/v1/enrolments/{name}", params={"wait": 60}).json()
        if found["status"] not in ("received", "processing") or time.monotonic() > until:
            return found


def _judge(
    posts: int, kill_after: int, before: set[int], outcomes: list[dict[str, Any]], *, home: Path, restart: float
) -> Survival:
    """Count people in the database itself: an enrolment that was registered twice would show there."""
    with sqlite3.connect(home / "jisr.db") as database:
        people, persons_used = database.execute(
            "SELECT (SELECT count(*) FROM person), (SELECT count(DISTINCT person_key) FROM enrolment)"
        ).fetchone()
    with_outcome = sum(one["status"] in ("enrolled", "in_review") for one in outcomes)
    return Survival(posts, kill_after, len(before), len(outcomes), with_outcome, people, people - persons_used, restart)


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.survival --posts 50")
    cli.add_argument("--posts", type=int, default=50, help="enrolments to post")
    cli.add_argument("--kill-after", type=int, default=20, help="202 answers before the kill")
    args = cli.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = survive(Path(folder), args.posts, args.kill_after)
    print(f"{result.accepted_before_kill} of {result.posts} were accepted when the service was killed")
    print(f"{result.with_outcome} of {result.accepted} accepted enrolments have an outcome, {result.twice} have two")
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
