"""What becomes of captures that were added to a person, once the person is erased or periods are over."""

import json
from uuid import UUID

import pytest

from service.adjudication.domain.cases import Decision
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.privacy.domain.certificates import certificate_in
from service.privacy.domain.retention import Kept
from service.privacy.errors import CaseOpen, EnrolmentWaiting
from service.privacy.usecases.export import export_person
from service.registry.domain.households import Role
from service.registry.domain.people import Demographics, PersonStatus
from tests.service.made_up import all_rows, received
from tests.service.privacy.conftest import AGAIN, FIRST, OFFICER, SECOND, Registry
from tests.service.privacy.test_purge import assert_sound, files_of, purged


def add(registry: Registry, number: str, shots: dict[str, str]) -> UUID:
    done = received(registry.app, shots, adds_to=number, demographics=Demographics(names=()))
    registry.app.worker.process()
    return done


def status(registry: Registry, enrolment: UUID) -> tuple[EnrolmentStatus, PersonStatus | None]:
    """And that of whose captures they are."""
    with registry.app.store.storage.read() as uow:
        found = uow.enrolments.by_id(enrolment)
        assert found is not None
        return found.status, None if found.person_key is None else uow.people.by_key(found.person_key).status


def survivor(registry: Registry, number: str) -> UUID:
    with registry.app.store.storage.read() as uow:
        who = uow.people.by_number(number)
        assert who is not None
        return who.id


def test_both_generations_go_with_the_person(registry: Registry) -> None:
    first = registry.enrol(FIRST)
    number = registry.number(first)
    added = add(registry, number, AGAIN)
    assert status(registry, added) == (EnrolmentStatus.ENROLLED, PersonStatus.ACTIVE)
    told = export_person(number, actor=OFFICER, storage=registry.app.store.storage)
    assert (len(told["enrolments"]), len(told["templates"])) == (2, 4)
    signed = certificate_in(registry.erase(number))
    assert signed is not None
    stated = json.loads(signed.statement)
    assert (set(stated["enrolments"]), len(stated["files"])) == ({str(first), str(added)}, 4)
    assert files_of(registry, first) == files_of(registry, added) == 0
    assert status(registry, added) == (EnrolmentStatus.ERASED, PersonStatus.ERASED)
    assert_sound(registry)


def test_captures_that_were_taken_back_go_too_with_whoever_stood_for_them(registry: Registry) -> None:
    number = registry.number(registry.enrol(FIRST))
    added = add(registry, number, SECOND)
    with pytest.raises(CaseOpen):
        registry.begin(number)
    registry.decide(Decision.DATA_ERROR)
    assert status(registry, added) == (EnrolmentStatus.UNUSABLE, PersonStatus.WITHDRAWN)
    registry.erase(number)
    assert status(registry, added) == (EnrolmentStatus.ERASED, PersonStatus.ERASED)
    assert files_of(registry, added) == 0
    rows = all_rows(registry.app.store.database)
    assert (rows["template"], rows["capture"], rows["task_due"]) == ([], [], [])
    assert_sound(registry)


def test_captures_that_are_another_s_stay_the_other_s(registry: Registry) -> None:
    number, other = (
        registry.number(registry.enrol(FIRST)),
        registry.number(registry.enrol(SECOND, "Moussa", Role.SPOUSE)),
    )
    added = add(registry, number, SECOND)
    registry.decide(Decision.SAME_PERSON, survivor=survivor(registry, other))
    registry.erase(number)
    assert status(registry, added) == (EnrolmentStatus.ENROLLED, PersonStatus.MERGED)
    assert (registry.number(added), files_of(registry, added)) == (other, 2)
    registry.erase(other)
    assert status(registry, added)[0] is EnrolmentStatus.ERASED


def test_who_waits_for_captures_to_be_added_is_not_erased_before(registry: Registry) -> None:
    number = registry.number(registry.enrol(FIRST))
    received(registry.app, AGAIN, adds_to=number, demographics=Demographics(names=()))
    with pytest.raises(EnrolmentWaiting):
        registry.begin(number)


def test_periods_are_those_of_enrolments(registry: Registry) -> None:
    number = registry.number(registry.enrol(FIRST))
    added, refused = add(registry, number, AGAIN), add(registry, number, SECOND)
    registry.decide(Decision.DATA_ERROR)
    assert purged(registry, 181).items == {Kept.CAPTURES: 0, Kept.REFUSED: 1, Kept.FINDINGS: 0}
    assert status(registry, refused) == (EnrolmentStatus.ERASED, PersonStatus.ERASED)
    assert status(registry, added) == (EnrolmentStatus.ENROLLED, PersonStatus.ACTIVE)
    assert purged(registry, 1826).items == {Kept.CAPTURES: 2, Kept.REFUSED: 0, Kept.FINDINGS: 0}
    assert (files_of(registry, added), registry.number(added)) == (0, number)
