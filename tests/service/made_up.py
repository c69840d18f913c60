"""A registry filled with made-up people, past the counter: templates straight into the database."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from matcher import Extractor, Template
from matcher.fuse import modality
from service.enrolment.domain.enrolments import CaptureRecord, Consent, Enrolment, EnrolmentStatus
from service.enrolment.ports import TEMPLATES
from service.enrolment.steps.captures import to_record
from service.kit.actor import Actor
from service.kit.blobs import BlobRecord
from service.kit.ids import new_uuid
from service.registry.domain.people import Demographics, Name, Person, PersonStatus
from service.storage.unit import SqlStorage, SqlUnitOfWork

NOW = datetime(2026, 1, 15, tzinfo=UTC)
AMINA = Demographics((Name("Latn", "Amina"),))
TESTER = Actor("token:a desk", "admin", None, "test", "00000000-0000-0000-0000-000000000000")


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


def sent(**changes: object) -> Enrolment:
    """An enrolment as it was received; `changes` replace its fields."""
    whole = Enrolment(new_uuid(), "1:" + "0" * 64, TESTER.id, "a", "b", NOW, NOW, Consent(True), AMINA, ())
    for name, value in changes.items():
        setattr(whole, name, value)
    return whole


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
