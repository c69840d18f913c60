"""Processor seconds that sealing costs a start without a snapshot: all templates are read from the database and opened.

The same rows are read by turns opened and as they lie there, so that what else the machine does falls on both. The keys
that a process keeps opened are forgotten before each turn: a start has none. Sealing five captures is timed too.
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import track
from sqlalchemy import Engine, select

from benchmarks.command_line import parser
from benchmarks.filled_registry import NOW, WHO
from service.enrolment.domain.enrolments import CaptureRecord, Consent, Enrolment, EnrolmentStatus
from service.enrolment.ports import TemplateRecord
from service.enrolment.storage import template
from service.kit.blobs import BlobRecord, sealed_blob
from service.kit.ids import new_uuid
from service.kit.keys import HeldKeys
from service.kit.sealing import KeyClass, new_key
from service.kit.sql.database import open_database
from service.registry.domain.people import Person, PersonStatus
from service.storage.unit import SqlStorage, SqlUnitOfWork, prepare

POSITIONS = ("face", "right_thumb", "right_index", "left_thumb", "left_index")
TEMPLATE_BYTES = 1_400
"""About what a finger of 40 minutiae has."""
PICTURE_BYTES = 60_000
A_TIME = 500
KEYS = HeldKeys([bytes(range(32))])
CONSOLE = Console(stderr=True)


def fill(storage: SqlStorage, people: int) -> None:
    """People of one enrolment each, with a template per position."""
    for _ in track(range(people // A_TIME), "people", console=CONSOLE):
        with storage.write() as uow:
            one_batch(uow)
            uow.commit()


def one_batch(uow: SqlUnitOfWork) -> None:
    enrolled = [_enrolment() for _ in range(A_TIME)]
    who = [Person(new_uuid(), WHO, NOW, PersonStatus.ACTIVE) for _ in range(A_TIME)]
    for one, person in zip(enrolled, who, strict=True):
        uow.enrolments.add(one)
        uow.people.add(person)
        for position in POSITIONS:
            uow.blobs.add(BlobRecord(f"{one.id}/{position}", "0" * 64, 1, f"enrolment/{one.id}", NOW))
    uow.flush()
    captures = {
        person.key: [CaptureRecord(one.key, position, f"{one.id}/{position}") for position in POSITIONS]
        for one, person in zip(enrolled, who, strict=True)
    }
    for record in (record for some in captures.values() for record in some):
        uow.enrolments.add_capture(record)
    uow.flush()
    uow.templates.add({person_key: [_template(one) for one in some] for person_key, some in captures.items()})


def _enrolment() -> Enrolment:
    one = Enrolment(new_uuid(), "1:" + "0" * 64, "benchmark", "a", "b", NOW, NOW, Consent(True), WHO, ())
    one.status = EnrolmentStatus.ENROLLED
    return one


def _template(one: CaptureRecord) -> TemplateRecord:
    return TemplateRecord(one.key, one.position, "model", os.urandom(TEMPLATE_BYTES))


def read_opened(engine: Engine) -> int:
    """As a start does, in a process that has opened no keys yet; how many templates."""
    storage, after, count = prepare(engine, KEYS), 0, 0
    with storage.read() as uow:
        while people := uow.templates.searched(after):
            after, count = max(people), count + sum(map(len, people.values()))
    return count


def read_as_they_lie(engine: Engine) -> int:
    after, count = 0, 0
    with engine.connect() as connection:
        rows = select(template).order_by(template.c.key).limit(A_TIME * 2 * len(POSITIONS))
        while page := connection.execute(rows.where(template.c.key > after)).all():
            after, count = page[-1].key, count + len(page)
    return count


def seconds(work: Callable[[], object]) -> float:
    """Of this process on the cores, which other work on the machine does not lengthen as it does a clock's."""
    began = time.process_time()
    work()
    return time.process_time() - began


def seal_captures() -> None:
    key = new_key(f"enrolment/{new_uuid()}", KeyClass.CAPTURE)
    for position in POSITIONS:
        sealed_blob(key, "folder", position, bytes(PICTURE_BYTES))


def measure(engine: Engine, people: int, rounds: int) -> dict[str, float]:
    fill(prepare(engine, KEYS), people)
    opened, lying = [], []
    for _ in track(range(rounds), "reading", console=CONSOLE):
        opened.append(seconds(lambda: read_opened(engine)))
        lying.append(seconds(lambda: read_as_they_lie(engine)))
    sealing = statistics.median(seconds(seal_captures) for _ in range(200))
    return {
        "templates": read_as_they_lie(engine),
        "opened_seconds": round(statistics.median(opened), 2),
        "as_they_lie_seconds": round(statistics.median(lying), 2),
        "microseconds_per_template": round(
            1e6 * (statistics.median(opened) - statistics.median(lying)) / (people * len(POSITIONS)), 1
        ),
        "milliseconds_to_seal_five_captures": round(1000 * sealing, 2),
    }


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.opening --people 20000")
    cli.add_argument("--people", type=int, default=20_000, help=f"how many, in steps of {A_TIME}")
    cli.add_argument("--rounds", type=int, default=3, help="how often both are read")
    cli.add_argument("--database-url", help="an empty database; SQLite in a temporary folder unless given")
    args = cli.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(args.database_url or f"sqlite:///{Path(folder) / 'jisr.db'}")
        result = measure(engine, args.people, args.rounds)
        engine.dispose()
    for name, value in result.items():
        print(f"{name.replace('_', ' ')}: {value}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
