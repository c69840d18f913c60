"""One transaction's share of an erasure: after its commit, nothing personal can be read any more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service.adjudication.domain.cases import Case, CaseStatus, Decision, Origin
from service.adjudication.domain.marks import open_a_case
from service.adjudication.steps.finalise import finalise
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.enrolment.domain.enrolments import Enrolment
from service.enrolment.ports import ERASED, TEMPLATES
from service.kit.actor import Actor
from service.privacy.domain.erasures import Destroyed, ErasedFile, ErasedPerson, Erasure, Order
from service.privacy.ports import PrivacyUnit, Scope
from service.registry.domain.changes import ChangeKind
from service.registry.domain.people import Person
from service.registry.steps.heads import review_heads
from service.registry.steps.record import begin, new_change
from service.registry.steps.residence import leave

CLOSED = "a person of this case was erased"


def forget(uow: PrivacyUnit, scope: Scope, now: datetime, actor: Actor) -> Destroyed:
    """Destroy what the registry holds of some people and enrolments, but for tombstones and the decisions' skeletons.

    Rows are overwritten or deleted, keys destroyed. Left are the files that the answer names, which nothing opens.
    """
    known, enrolled = uow.people.by_keys(scope.people), uow.enrolments.by_keys(scope.enrolments)
    people, enrolments = [known[key] for key in scope.people], [enrolled[key] for key in scope.enrolments]
    cases, findings = uow.holdings.cases(scope), uow.holdings.findings([one.id for one in people])
    changes = uow.holdings.changes(scope.people)
    owners = owners_of(people, enrolments, cases, findings, uow.holdings.tasks(scope))
    owners += [f"fact/{one}" for one in uow.holdings.fact_ids(scope)]
    cards = uow.holdings.cards(scope.people)
    owners += [f"card/{one.id}" for one in cards]
    owners += [f"consent/{one}" for one in uow.holdings.consent_ids(scope)]
    owners += [f"registry_change/{one.id}" for one in changes]
    files = [ErasedFile(one.name, one.sha256) for one in uow.holdings.blobs([one.id for one in enrolments])]
    keys = uow.keys.ids_of(owners)
    _move_out(uow, people, now, actor)
    counts = {**uow.holdings.forget(scope), "findings": len(findings)}
    uow.holdings.forget_findings(findings)
    uow.erasures.want_rewriting(now)
    uow.keys.destroy(owners)  # before the tombstones, whose empty fields may be sealed anew
    for one in people:
        one.erase()
    for enrolment in enrolments:
        enrolment.erase()
    for case in cases:
        _erase_words(case, scope)
    for card in cards:  # that it counts no more has to be known for ever
        card.revoke(actor.id, now)
        card.name = card.payload = card.person_key = None
    for change in changes:
        change.words = change.document = change.order_hash = None
    uow.flush()
    uow.changes.note(TEMPLATES, *scope.people)
    uow.changes.note(ERASED, *scope.people)
    return Destroyed(
        people=[ErasedPerson(one.id, one.number) for one in people],
        enrolments=[one.id for one in enrolments],
        cases=[one.id for one in cases],
        files=files,
        keys=keys,
        counts=counts,
    )


def record(
    uow: PrivacyUnit, erasure_id: UUID, destroyed: Destroyed, order: Order, *, actor: Actor, at: datetime
) -> Erasure:
    """Keep what an erasure destroyed, and note it."""
    first = destroyed.people[0] if destroyed.people else None
    one = Erasure(
        id=erasure_id,
        person_id=None if first is None else first.id,
        number=None if first is None else first.number,
        at=at,
        by=actor.id,
        role=actor.role,
        ground=order.ground,
        reference=order.reference,
        sequence=uow.changes.last(),
        destroyed=destroyed,
    )
    uow.erasures.add(one)
    target = Target("enrolment", str(destroyed.enrolments[0])) if first is None else Target("person", str(first.id))
    details = {
        "erasure": erasure_id,
        "reference": order.reference,
        "enrolments": destroyed.enrolments,
        "files": len(destroyed.files),
        "keys": destroyed.keys,
        "counts": dict(destroyed.counts),
    }
    people = [each.id for each in destroyed.people]
    uow.audit.note(actor, Action.PERSON_ERASE, target, people=people, details=details, reason=order.ground)
    return one


def owners_of(
    people: Sequence[Person],
    enrolments: Sequence[Enrolment],
    cases: Sequence[Case],
    findings: Sequence[UUID],
    tasks: Sequence[UUID],
) -> list[str]:
    """Of the data keys. An operator's words about a case may name everyone in it, so they go with the first erased.

    So do those about a task of a household, which may name any of its members.
    """
    return [
        *(f"person/{one.id}" for one in people),
        *(f"enrolment/{one.id}" for one in enrolments),
        *(f"review_case/{one.id}" for one in cases),
        *(f"finding/{one}" for one in findings),
        *(f"task/{one}" for one in tasks),
    ]


def leave_open_cases(uow: PrivacyUnit, scope: Scope, by: str, now: datetime, number_length: int) -> Sequence[UUID]:
    """Take people out of open cases, where an erasure was decided before these opened; the IDs of those this closes.

    A case of theirs can be decided by no one any more. Another's goes on with who is left in it; where it is left with
    nothing to decide, its subject is a person of their own, and settled.
    """
    closed: list[UUID] = []
    for case in uow.holdings.open_cases(scope):
        if _is_subject(case, scope):
            case.decide(Decision.INSUFFICIENT, CLOSED, by, now)
        else:
            uow.holdings.drop_candidates(case.key, scope.people)
            if uow.cases.candidates(case.key) or open_a_case(case.marks):
                continue
            case.decide(Decision.DISTINCT, CLOSED, by, now)
            if case.origin is Origin.ENROLMENT:
                finalise(uow, [uow.people.survivor_of(uow.people.by_key(case.person_key))], now, number_length)
        closed.append(case.id)
    return closed


def _is_subject(case: Case, scope: Scope) -> bool:
    return case.person_key in scope.people or case.enrolment_key in scope.enrolments


def _move_out(uow: PrivacyUnit, people: Sequence[Person], now: datetime, actor: Actor) -> None:
    for one in people:
        change = new_change(ChangeKind.ERASED, now.date(), now, actor)
        begin(uow, [change])
        left = leave(uow, one, change)
        if left is not None:
            review_heads(uow, [left.household_key], by=actor.id, now=now)


def _erase_words(case: Case, scope: Scope) -> None:
    """Who decided what and when stays."""
    case.reason = None
    if _is_subject(case, scope):
        case.marks = ()
    assert case.status is CaseStatus.DECIDED
