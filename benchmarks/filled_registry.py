"""A registry whose index is filled directly: rows of its people, and enrolments received as the service does it."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import track
from sqlalchemy import insert

from service.bootstrap import App
from service.enrolment.domain.enrolments import Consent, EnrolCommand, SentCapture
from service.enrolment.usecases.receive import receive_enrolment
from service.kit.actor import system_actor
from service.kit.ids import new_uuid
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.people import Demographics, Name, PersonStatus
from service.registry.storage.people import person

ACTOR = system_actor("benchmark", "benchmark")
NOW = datetime(2026, 1, 15, tzinfo=UTC)
WHO = Demographics((Name("Latn", "Made Up"),))
ROWS = 10_000
CONSOLE = Console(stderr=True)


def add_people(app: App, count: int) -> None:
    """Rows of people 1 to `count` in an empty database, without templates, for an index that has these keys already.

    Whoever enrols afterwards gets a higher key.
    """
    for start in track(range(0, count, ROWS), "people", console=CONSOLE):
        rows = [_person(number) for number in range(start, min(start + ROWS, count))]
        with app.store.database.begin() as connection:
            connection.execute(insert(person), rows)


def _person(number: int) -> dict[str, Any]:
    return {
        "id": new_uuid(),
        "status": PersonStatus.ACTIVE,
        "number": str(number),
        "sealed": None,
        "created_at": NOW,
    }


def receive(app: App, captures: Sequence[SentCapture]) -> UUID:
    """Do what a post does once its body is read; the worker then finds the enrolment. Raises CapturesRefused.

    Each enrolment is the head of a household of its own, and names a device of its own.
    """
    name = new_uuid()
    household = HouseholdClaim(str(new_uuid()), Role.HEAD)
    return receive_enrolment(
        EnrolCommand(name, "benchmark", str(name), NOW, Consent(True), WHO, household),
        captures,
        actor=ACTOR,
        storage=app.store.storage,
        extractor=app.extractor,
        blobs=app.store.blobs,
        clock=app.store.clock,
        most_waiting=sys.maxsize,
    )
