"""How a case comes to be."""

from collections.abc import Sequence
from datetime import datetime

from service.domain.cases import Case, CaseCandidate
from service.domain.decision import Policy, Suspect
from service.domain.identifiers import new_uuid
from service.ports import UnitOfWork


def open_case(
    uow: UnitOfWork,
    person_key: int,
    shown: Sequence[Suspect],
    policy: Policy,
    people: int,
    now: datetime,
    enrolment_key: int | None = None,
) -> None:
    """Open a case of a newcomer and those they resemble, strongest first. people: how many were searched."""
    strongest = policy.band(shown[0].log10_lr)
    case = Case(new_uuid(), enrolment_key, person_key, strongest, policy.review_at, policy.duplicate_at, people, now)
    uow.cases.add(case)
    uow.flush()
    for rank, one in enumerate(shown, start=1):
        uow.cases.add_candidate(
            CaseCandidate(case.key, one.person_key, rank, one.log10_lr, policy.band(one.log10_lr), one.evidence)
        )
