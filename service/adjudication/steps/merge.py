"""Two people become one, or captures are taken back."""

from datetime import datetime

from service.adjudication.domain.cases import Case
from service.adjudication.ports import AdjudicationUnit
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.enrolment.ports import TEMPLATES
from service.kit.actor import Actor
from service.registry.domain.changes import ChangeKind
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.heads import review_heads
from service.registry.steps.merged_tasks import follow_merge
from service.registry.steps.record import begin, new_change
from service.registry.steps.residence import hand_over, leave


def merge(uow: AdjudicationUnit, loser: Person, survivor: Person, now: datetime, actor: Actor) -> None:
    """The loser becomes an alias; their captures become further references of the survivor."""
    change = new_change(ChangeKind.PEOPLE_MERGED, now.date(), now, actor)
    begin(uow, [change])
    uow.history.touch((change.key, None, one.key) for one in (loser, survivor))
    homes = uow.households.current_of_many([loser.key, survivor.key])
    hand_over(uow, loser, survivor, change)
    follow_merge(uow, loser, survivor, homes, by=actor.id, now=now)
    loser.merge_into(survivor)
    uow.templates.move(loser.key, survivor.key)
    uow.changes.note(TEMPLATES, loser.key)
    uow.changes.note(TEMPLATES, survivor.key)


def take_back(uow: AdjudicationUnit, case: Case, subject: Person, now: datetime, actor: Actor) -> None:
    """The captures are not to be used: they leave the gallery, and with them a subject who is no one else yet."""
    assert case.enrolment_key is not None
    enrolment = uow.enrolments.by_key(case.enrolment_key)
    enrolment.finish(EnrolmentStatus.UNUSABLE, now, case.decision)
    uow.templates.drop_of_enrolment(enrolment.key)
    alone = subject.key == case.person_key and not uow.people.aliases_of(subject.key)
    if alone and subject.status is PersonStatus.PENDING:
        subject.withdraw()
        change = new_change(ChangeKind.CAPTURES_TAKEN_BACK, now.date(), now, actor)
        begin(uow, [change])
        left = leave(uow, subject, change)
        if left is not None:
            review_heads(uow, [left.household_key], by=actor.id, now=now)
    uow.changes.note(TEMPLATES, subject.key)
