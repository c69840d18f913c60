"""A registry filled with made-up people, past the counter: templates straight into the database."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from PIL import Image
from sqlalchemy import Engine, select

from matcher import Extractor, Template
from matcher.fuse import modality
from service.bootstrap import App
from service.enrolment.domain.enrolments import (
    CaptureRecord,
    Consent,
    EnrolCommand,
    Enrolment,
    EnrolmentStatus,
    SentCapture,
)
from service.enrolment.ports import TEMPLATES
from service.enrolment.steps.captures import to_record
from service.enrolment.usecases.receive import receive_enrolment
from service.kit.actor import Actor
from service.kit.blobs import BlobRecord
from service.kit.ids import new_uuid
from service.kit.keys import HeldKeys, keys_in
from service.registry.domain.changes import ChangeKind
from service.registry.domain.households import Household, Membership, Role
from service.registry.domain.people import Demographics, Name, Person, PersonStatus
from service.registry.steps.record import begin, new_change
from service.storage.unit import METADATA, SqlStorage, SqlUnitOfWork, prepare
from tests.captures import capture
from tests.matcher.finger.test_slaps import slap

TEST_KEY = base64.b64encode(bytes(range(32))).decode()
"""The key-encryption key of tests that make none."""
NOW = datetime(2026, 1, 15, tzinfo=UTC)
TODAY = NOW.date()
AMINA = Demographics((Name("Latn", "Amina"),))
COUNTER = Actor("token:a counter", "enroller", None, "test", "00000000-0000-0000-0000-000000000001")
TESTER = Actor("token:a desk", "adjudicator", None, "test", "00000000-0000-0000-0000-000000000000")


def of_extractor(extractor: Extractor, templates: Iterable[Template]) -> list[Template]:
    """Made-up templates as the extractor's own networks could have made them; the cosines stay as they are."""
    return [
        replace(
            one,
            model=extractor.model_of(one.position),
            vector=np.pad(one.vector, (0, extractor.dimensions[modality(one.position)] - len(one.vector))),
        )
        for one in templates
    ]


def storage_of(engine: Engine) -> SqlStorage:
    """Transactions on a database, migrated where needed, under the tests' key."""
    return prepare(engine, HeldKeys(keys_in(TEST_KEY, "the tests")))


def sent(**changes: object) -> Enrolment:
    """An enrolment as it was received; `changes` replace its fields."""
    whole = Enrolment(new_uuid(), "1:" + "0" * 64, COUNTER.id, "a", "b", NOW, NOW, Consent(True), AMINA, ())
    for name, value in changes.items():
        setattr(whole, name, value)
    return whole


def lives(uow: SqlUnitOfWork, home: Household, person_key: int, role: Role, since: date = TODAY) -> Membership:
    """A stay in a household that is in the database, by a change of its own."""
    change = new_change(ChangeKind.ENROLLED, since, NOW, TESTER)
    begin(uow, [change])
    stay = Membership(
        household_key=home.key, person_key=person_key, role=role, valid_from=since, recorded_by=change.key
    )
    uow.history.write(stay)
    uow.flush()
    return stay


def stored_capture(uow: SqlUnitOfWork, enrolment: Enrolment, position: str = "face") -> CaptureRecord:
    """A capture of an enrolment that is in the database; its bytes are nowhere."""
    name = f"{enrolment.id}/{position}"
    uow.blobs.add(BlobRecord(name, "0" * 64, 1, f"enrolment/{enrolment.id}", NOW))
    uow.flush()
    record = CaptureRecord(enrolment.key, position, name)
    uow.enrolments.add_capture(record)
    uow.flush()
    return record


def enrolled(storage: SqlStorage, people: Iterable[Sequence[Template]], first: int = 1000) -> list[int]:
    """Add people, numbered from `first` on; their keys."""
    keys = []
    with storage.write() as uow:
        uow.changes.lock()
        enrolment = sent(status=EnrolmentStatus.ENROLLED)
        uow.enrolments.add(enrolment)
        uow.flush()
        record = stored_capture(uow, enrolment)
        for number, templates in enumerate(people, start=first):
            one = Person(new_uuid(), AMINA, NOW, PersonStatus.ACTIVE, str(number))
            uow.people.add(one)
            uow.flush()
            uow.templates.add({one.key: [to_record(template, record.key) for template in templates]})
            uow.changes.note(TEMPLATES, one.key)
            keys.append(one.key)
        uow.commit()
    return keys


def command(**changes: Any) -> EnrolCommand:
    """What a counter asks; `changes` replace its fields."""
    return replace(EnrolCommand(new_uuid(), "djibouti-1", "counter-3", NOW, Consent(True), AMINA), **changes)


def sent_captures(shots: Mapping[str, bytes | str]) -> list[SentCapture]:
    """By position, each bytes or the name of a capture of the tests'."""
    return [SentCapture(part, capture(one) if isinstance(one, str) else one) for part, one in shots.items()]


def received(app: App, shots: Mapping[str, bytes | str], **changes: Any) -> UUID:
    """Send an enrolment past HTTP; a worker has still to process it."""
    return receive_enrolment(
        command(**changes),
        sent_captures(shots),
        actor=COUNTER,
        storage=app.store.storage,
        extractor=app.extractor,
        blobs=app.store.blobs,
        clock=app.store.clock,
        most_waiting=app.store.settings.most_waiting,
    )


def slap_png(seeds: list[int]) -> bytes:
    """A slap of made-up fingers, from left to right."""
    out = io.BytesIO()
    Image.fromarray(slap(seeds).pixels).save(out, "PNG", dpi=(500, 500))
    return out.getvalue()


def all_rows(database: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Everything a registry holds, by table: what must not have changed. Not the audit, for it notes reading."""
    with database.connect() as connection:
        tables = [one for one in METADATA.sorted_tables if not one.name.startswith("audit_")]
        return {one.name: sorted(map(tuple, connection.execute(select(one))), key=repr) for one in tables}
