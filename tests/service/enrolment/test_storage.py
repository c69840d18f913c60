"""Enrolments, captures and templates in the database, of both kinds."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from service.enrolment.domain.enrolments import (
    CaptureWarning,
    Consent,
    EnrolmentStatus,
    ExceptionReason,
    Liveness,
    PositionException,
    SlapRecord,
)
from service.enrolment.ports import TemplateRecord
from service.kit.ids import new_uuid
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.people import Person, PersonStatus
from service.storage.unit import SqlStorage
from tests.service.made_up import AMINA, NOW, sent, stored_capture

THEN = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=3)))


def test_what_goes_in_comes_out(storage: SqlStorage) -> None:
    one = sent(
        captured_at=THEN,
        consent=Consent(True, THEN, "form 12"),
        exceptions=(PositionException("left_thumb", ExceptionReason.AMPUTATED),),
        claim=HouseholdClaim(str(new_uuid()), Role.HEAD),
    )
    with storage.write() as uow:
        uow.enrolments.add(one)
        uow.flush()
        record = stored_capture(uow, one)
        record.dpi, record.reasons, record.liveness = 500.0, ["too_dark"], Liveness(0.9, "a vendor")
        record.warnings = [CaptureWarning("padding_ignored", "9 zero bytes")]
        uow.enrolments.add_slap(SlapRecord(one.key, "plain_thumbs", record.blob, 500.0))
        uow.commit()
    with storage.read() as uow:
        found = uow.enrolments.by_id(one.id)
        assert found is not None
        assert (found.captured_at, found.captured_at.utcoffset()) == (THEN, timedelta(0))
        assert (found.consent, found.exceptions, found.claim) == (one.consent, one.exceptions, one.claim)
        (capture,) = uow.enrolments.captures(found.key)
        assert (capture.dpi, capture.reasons, capture.liveness) == (500.0, ["too_dark"], Liveness(0.9, "a vendor"))
        assert capture.warnings == [CaptureWarning("padding_ignored", "9 zero bytes")]
        assert uow.blobs.of_names([capture.blob or ""])[capture.blob or ""].owner == f"enrolment/{one.id}"


def test_what_waits_comes_in_the_order_it_was_received(storage: SqlStorage) -> None:
    some = [sent() for _ in range(4)]
    with storage.write() as uow:
        for one in some:
            uow.enrolments.add(one)
            uow.flush()
        some[1].finish(EnrolmentStatus.ENROLLED, NOW)
        some[2].status = EnrolmentStatus.PROCESSING
        uow.commit()
    with storage.read() as uow:
        assert [one.id for one in uow.enrolments.received(10)] == [some[0].id, some[3].id]
        assert [one.id for one in uow.enrolments.received(1)] == [some[0].id]
        assert [one.id for one in uow.enrolments.begun(10)] == [some[2].id]
        assert (uow.enrolments.count_waiting(), uow.enrolments.oldest_waiting()) == (3, NOW)
        assert uow.enrolments.count_by_status()[EnrolmentStatus.RECEIVED] == 2


def test_templates_are_those_of_people_who_are_searched(storage: SqlStorage) -> None:
    with storage.write() as uow:
        one = sent()
        uow.enrolments.add(one)
        people = [Person(new_uuid(), AMINA, NOW, status) for status in PersonStatus]
        for person in people:
            uow.people.add(person)
        uow.flush()
        record = stored_capture(uow, one)
        pending, active, merged, withdrawn, _ = (person.key for person in people)
        kept = TemplateRecord(record.key, "face", "m1", b"x")
        for key in (active, merged, withdrawn):
            uow.templates.add({key: [kept]})
        assert uow.templates.searched(0) == {pending: [], active: [kept]}
        assert uow.templates.searched(active) == {}
        assert uow.templates.searched_among([withdrawn, active]) == {active: [kept]}
        assert [capture for _, capture in uow.templates.outdated("m2", "m1")] == [record.key] * 3
        assert uow.templates.outdated("m1", "m9") == []
        (first, _), *_ = uow.templates.outdated("m2", "m1")
        uow.templates.replace(first, replace(kept, model="m2", content=b"y"))
        assert uow.templates.of_people([active])[active] == [replace(kept, model="m2", content=b"y")]
        uow.templates.move(merged, active)
        assert len(uow.templates.of_people([active])[active]) == 2
        uow.templates.drop_of_enrolment(one.key)
        assert uow.templates.of_people([active, withdrawn]) == {}


def test_a_gallery_far_behind_can_catch_up(storage: SqlStorage) -> None:
    """More people than a database lets one query name."""
    with storage.read() as uow:
        assert uow.templates.searched_among(list(range(70_000))) == {}
