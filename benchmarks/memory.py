"""Memory of a running service under many large captures at once, and whether it still answers meanwhile.

Starts a service on a fresh registry and sends it each kind of request, all in parallel:

  picture    a flat colour picture of 6323 x 6323 pixels in 155 kB, judged as a face
  portrait   a JPEG portrait of 12 Mpx, judged
  platen     one print that fills the largest platen, 90 x 90 mm, judged
  slap       four fingers at once, searched
  enrolment  a portrait of 12 Mpx and a slap, enrolled

The service's resident memory is sampled all the while, and /healthz is asked ten times per second. Portrait and prints
are real ones of scripts/fetch_captures.py, made larger or set side by side.
"""

import json
import os
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from PIL import Image as Pillow
from rich.console import Console
from rich.table import Table

from benchmarks.command_line import parser
from scripts.fetch_captures import capture_path
from scripts.running import Running, enrolment_files, running

GIB = 1 << 30
SIDE = 6323
PORTRAIT = 3000, 4000
PLATEN = 1770
REST = 5.0
"""Seconds without requests before memory is read again."""
Files = dict[str, tuple[str, bytes]]


@dataclass
class Watched:
    """What was seen of a service. rss: bytes. healthz: seconds. answers: number of each status."""

    rss: list[int] = field(default_factory=list)
    healthz: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


def picture() -> bytes:
    return written(Pillow.new("RGB", (SIDE, SIDE), (180, 140, 120)), "PNG")


def portrait() -> bytes:
    with Pillow.open(capture_path("obama.jpg")) as small:
        return written(small.convert("RGB").resize(PORTRAIT, Pillow.Resampling.BICUBIC), "JPEG", quality=92)


def prints(across: int, down: int) -> Pillow.Image:
    """So many copies of a print side by side, at 500 dpi."""
    with Pillow.open(capture_path("p1_1.png")) as opened:
        one = opened.convert("L")
    width, height = one.size
    sheet = Pillow.new("L", (across * (width + 40), down * (height + 40)), 255)
    for row in range(down):
        for column in range(across):
            sheet.paste(one, (20 + column * (width + 40), 20 + row * (height + 40)))
    return sheet


def platen() -> bytes:
    return written(prints(7, 7).crop((0, 0, PLATEN, PLATEN)), "PNG", dpi=(500, 500))


def slap() -> bytes:
    return written(prints(4, 1), "PNG", dpi=(500, 500))


def written(image: Pillow.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def kinds(folder: Path) -> dict[str, tuple[str, Callable[[int], Files]]]:
    """Of each kind the address, and what request n sends."""
    shot, hand = portrait(), slap()
    paths = {"face": folder / "face.jpg", "plain_right_four": folder / "slap.png"}
    for path, content in zip(paths.values(), (shot, hand), strict=True):
        path.write_bytes(content)
    flat, whole = picture(), platen()
    return {
        "picture": ("/v1/quality", lambda n: {"face": ("face.png", flat)}),
        "portrait": ("/v1/quality", lambda n: {"face": ("face.jpg", shot)}),
        "platen": ("/v1/quality", lambda n: {"right_index": ("finger.png", whole)}),
        "slap": ("/v1/identify", lambda n: {"plain_right_four": ("slap.png", hand)}),
        "enrolment": ("/v1/enrolments?wait=60", lambda n: enrolment_files(f"person {n}", paths)),
    }


def resident(service: Running) -> int:
    """Bytes of memory that the service's process holds."""
    pages = Path(f"/proc/{service.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def watching(service: Running) -> Iterator[Watched]:
    """Sample memory and /healthz for as long as the block."""
    seen, done = Watched(), threading.Event()

    def sample() -> None:
        while not done.wait(0.02):
            seen.rss.append(resident(service))

    def ask() -> None:
        while not done.wait(0.1):
            began = time.monotonic()
            httpx.get(f"{service.url}/healthz", timeout=60).raise_for_status()
            seen.healthz.append(time.monotonic() - began)

    with ThreadPoolExecutor(2) as pool:
        watchers = [pool.submit(sample), pool.submit(ask)]
        try:
            yield seen
        finally:
            done.set()
        for watcher in watchers:
            watcher.result()


def measured(service: Running, path: str, made: Callable[[int], Files], parallel: int, requests: int) -> Watched:
    """Send all requests of one kind, so many at a time."""
    with service.client("enroller") as client, watching(service) as seen:
        client.timeout = httpx.Timeout(300)

        def send(number: int) -> int:
            return client.post(path, files=made(number)).status_code

        began = time.monotonic()
        with ThreadPoolExecutor(parallel) as pool:
            seen.answers.update(pool.map(send, range(requests)))
        seen.seconds = time.monotonic() - began
        time.sleep(REST)
    return seen


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.memory --parallel 40")
    cli.add_argument("--parallel", type=int, default=40, help="requests at the same time")
    cli.add_argument("--requests", type=int, default=40, help="requests of each kind")
    cli.add_argument("--kinds", nargs="+", help="only these kinds")
    args = cli.parse_args()
    results: dict[str, dict[str, Any]] = {}
    table = Table("kind", "answers", "seconds", "GiB before", "peak", "after", "/healthz max s", "median ms")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as service:
        for name, (path, made) in kinds(Path(folder)).items():
            if args.kinds and name not in args.kinds:
                continue
            before = resident(service)
            seen = measured(service, path, made, args.parallel, args.requests)
            results[name] = {
                "answers": {str(status): count for status, count in sorted(seen.answers.items())},
                "seconds": round(seen.seconds, 1),
                "before_gib": round(before / GIB, 3),
                "peak_gib": round(max(seen.rss) / GIB, 3),
                "after_gib": round(seen.rss[-1] / GIB, 3),
                "healthz_max_seconds": round(max(seen.healthz), 3),
                "healthz_median_ms": round(1000 * statistics.median(seen.healthz), 1),
            }
            table.add_row(name, *(str(value) for value in results[name].values()))
    Console().print(table)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
