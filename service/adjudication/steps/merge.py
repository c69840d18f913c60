"""Two people become one, or captures are taken back."""

from datetime import datetime

from service.adjudication.domain.cases import Case
from service.adjudication.ports import AdjudicationUnit
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.enrolment.ports import TEMPLATES
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.residence import hand_over, leave, note_missing_head


def merge(uow: AdjudicationUnit, loser: Person, survivor: Person, now: datetime) -> None:
    """The loser becomes an alias; their captures become further references of the survivor."""
    hand_over(uow, loser, survivor, now)
    loser.merge_into(survivor)
    uow.templates.move(loser.key, survivor.key)
    uow.changes.note(TEMPLATES, loser.key)
    uow.changes.note(TEMPLATES, survivor.key)


def take_back(uow: AdjudicationUnit, case: Case, subject: Person, now: datetime) -> None:
    """The captures are not to be used: they leave the gallery, and with them a subject who is no one else yet."""
    assert case.enrolment_key is not None
    enrolment = uow.enrolments.by_key(case.enrolment_key)
    enrolment.finish(EnrolmentStatus.UNUSABLE, now, case.decision)
    uow.templates.drop_of_enrolment(enrolment.key)
    alone = subject.key == case.person_key and not uow.people.aliases_of(subject.key)
    if alone and subject.status is PersonStatus.PENDING:
        subject.withdraw()
        left = leave(uow, subject, now)
        if left is not None:
            note_missing_head(uow, left, now)
    uow.changes.note(TEMPLATES, subject.key)
