"""The service and its worker that `benchmarks.contention` measures, together or apart, told what to do line by line.

Its index holds made-up people; their rows are in the database, their templates are not, since nothing reads them again.
Enrolments come with captures that are templates already, so that concluding is measured and not extraction.
"""

import json
import math
import os
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import uvicorn
from rich.console import Console
from rich.progress import track

from benchmarks.filled_registry import add_people, receive
from benchmarks.made_up_people import BLOCK, MadeUpPeople
from matcher import (
    Capture,
    CaptureError,
    CaptureWarning,
    Comparator,
    Extractor,
    Position,
    SearchIndex,
    Template,
    template_from_bytes,
    template_to_bytes,
)
from matcher.calibrate import read_calibrations
from matcher.networks import MODELS
from service.bootstrap import App, Recognition, open_store, wire
from service.deduplication.usecases.conclude import RESERVE
from service.enrolment.domain.enrolments import SentCapture
from service.kit.logs import set_up
from service.settings import Settings
from service.web import server_config
from service.worker import NICENESS

NEW_PEOPLE = 4_000_000
"""People who can come, more than any run concludes."""
REPEATED = 0.02
"""Share of enrolments that are of a person who is enrolled already."""
PACKED = b"JT"
"""What a packed template begins with."""
CONSOLE = Console(stderr=True)


class StoredTemplates(Extractor):
    """The real extractor, to which a packed template is a capture already extracted; others it extracts only once."""

    def __init__(self, models: Path, threads: int) -> None:
        super().__init__(models, threads)
        self._extracted: dict[Capture, Template | CaptureError] = {}

    def check(self, position: Position, content: bytes, dpi: float | None = None) -> tuple[CaptureWarning, ...]:
        return () if content.startswith(PACKED) else super().check(position, content, dpi)

    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        pictures = {one for one in captures if not one.content.startswith(PACKED)} - self._extracted.keys()
        self._extracted |= dict(zip(pictures, super().extract(list(pictures)), strict=True))
        return [self._extracted.get(one) or template_from_bytes(one.content) for one in captures]


class Contended:
    """A service over made-up people, and enrolments for it without end."""

    def __init__(self, settings: Settings, people: int, fingers: int, seed: int) -> None:
        extractor = StoredTemplates(settings.models, settings.threads)
        calibrations = read_calibrations(MODELS / "calibration.json", extractor.models)
        self.people = people
        self._made_up = MadeUpPeople(people + NEW_PEOPLE, fingers, seed, calibrations)
        index = SearchIndex(extractor.format, settings.models, settings.threads)
        self.app = wire(open_store(settings), Recognition(extractor, Comparator(extractor.format), index))
        self._fill(index)
        self._captures = self._draw()

    def _fill(self, index: SearchIndex) -> None:
        gallery = index._gallery
        count = -(-self.people // BLOCK)
        for block in track(islice(self._made_up.blocks(), count), "enrol", total=count, console=CONSOLE):
            records = self._made_up.records(block)[: self.people - block.first]
            gallery.add_records(replace(records, keys=records.keys + 1))  # a database's keys begin with 1
        while gallery.rebuilding:
            time.sleep(0.1)
        gallery.rebuild()
        add_people(self.app, self.people)

    def _draw(self) -> Iterator[list[Template]]:
        """The captures of one enrolment after another: of people not enrolled, and now and then of one who is."""
        first_new = -(-self.people // BLOCK) * BLOCK
        for number, block in enumerate(self._made_up.blocks(first_new)):
            enrolled = self._made_up.block(BLOCK * (number % max(self.people // BLOCK, 1)))
            for row in range(len(block.prints)):
                again = row % round(1 / REPEATED) == 0
                of = enrolled if again else block
                at = row % min(self.people, BLOCK) if again else row
                yield self._made_up.mate(of, at, self._made_up.positions)

    def probes(self, count: int) -> list[list[Template]]:
        return list(islice(self._captures, count))

    def receive(self, count: int) -> None:
        """Put enrolments where the worker finds them."""
        for templates in self.probes(count):
            receive(self.app, [SentCapture(one.position.value, template_to_bytes(one)) for one in templates])

    def conclude(self, seconds: float = math.inf) -> float:
        """Seconds to bring all that waits to its outcome, as the worker does; or to stop after so many."""
        began = time.perf_counter()
        while time.perf_counter() - began < seconds and self.app.worker.process():
            pass
        return time.perf_counter() - began

    def search(self, count: int) -> float:
        """Seconds that searching alone takes for as many, in the same batches."""
        batch, limit = self.app.limits.batch, self.app.policy.candidates + RESERVE
        probes = self.probes(count)
        began = time.perf_counter()
        for start in range(0, count, batch):
            self.app.replica.index.search_many(probes[start : start + batch], limit)
        return time.perf_counter() - began


def serve(app: App, port: int) -> None:
    """Answer HTTP in a thread of this process; returns once it does."""
    server = uvicorn.Server(server_config(app, "127.0.0.1", port))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)


def main() -> None:
    cli = ArgumentParser(description=__doc__)
    cli.add_argument("--people", type=int, required=True)
    cli.add_argument("--fingers", type=int, required=True)
    cli.add_argument("--port", type=int, help="to answer on; a worker alone otherwise")
    cli.add_argument("--home", type=Path, required=True)
    cli.add_argument("--database", required=True)
    cli.add_argument("--seed", type=int, default=1)
    args = cli.parse_args()
    set_up("ERROR")
    settings = Settings(home=args.home, database_url=args.database, snapshot_every=10**9)
    service = Contended(settings, args.people, args.fingers, args.seed)
    service.app.comparator.warm_up()
    if args.port is None:
        os.nice(NICENESS)
    else:
        serve(service.app, args.port)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name, *numbers = json.loads(line)
        print(json.dumps(getattr(service, name)(*numbers)), flush=True)


if __name__ == "__main__":
    main()
