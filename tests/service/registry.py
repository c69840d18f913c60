"""A registry filled with made-up people, past the counter: templates straight into the database."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from matcher import Capture, Engine, Position, Template
from service.domain.enrolments import CaptureRecord, Consent, Enrolment, EnrolmentStatus
from service.domain.identifiers import new_uuid
from service.domain.people import Demographics, Name, Person, PersonStatus
from service.ports import Storage
from service.usecases.gallery import to_record
from tests.captures import capture

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def of_engine(engine: Engine, templates: Iterable[Template]) -> list[Template]:
    """Made-up templates as the engine's own networks could have made them; the cosines stay as they are."""
    sizes = {}
    for position, name in ((Position.FACE, "obama.jpg"), (Position.RIGHT_INDEX, "p1_1.png")):
        (real,) = engine.extract([Capture(position, capture(name))])
        assert isinstance(real, Template)
        sizes[position.is_finger] = len(real.vector)
    return [
        replace(
            one,
            model=engine.model_of(one.position),
            vector=np.pad(one.vector, (0, sizes[one.position.is_finger] - len(one.vector))),
        )
        for one in templates
    ]


def enrolled(storage: Storage, people: Iterable[Sequence[Template]], first: int = 1000) -> list[int]:
    """Add people, numbered from `first` on; their keys."""
    demographics = Demographics((Name("Latn", "Amina"),))
    keys = []
    with storage.write() as uow:
        uow.gallery.lock()
        enrolment = Enrolment(
            new_uuid(), "0" * 64, "a", "b", NOW, NOW, Consent(True), demographics, (), status=EnrolmentStatus.ENROLLED
        )
        uow.enrolments.add(enrolment)
        uow.flush()
        record = CaptureRecord(enrolment.key, "face", "a/b", "0" * 64, 1)
        uow.enrolments.add_capture(record)
        uow.flush()
        for number, templates in enumerate(people, start=first):
            one = Person(new_uuid(), demographics, NOW, PersonStatus.ACTIVE, str(number))
            uow.people.add(one)
            uow.flush()
            uow.people.add_templates(one.key, [to_record(template, record.key) for template in templates])
            uow.gallery.changed(one.key)
            keys.append(one.key)
        uow.commit()
    return keys
