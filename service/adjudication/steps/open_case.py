"""How a case comes to be."""

from collections.abc import Sequence
from datetime import datetime

from service.adjudication.domain.cases import Case, CaseCandidate
from service.adjudication.domain.evidence import Candidate, Thresholds
from service.adjudication.ports import AdjudicationUnit
from service.kit.ids import new_uuid


def open_case(
    uow: AdjudicationUnit,
    person_key: int,
    shown: Sequence[Candidate],
    *,
    thresholds: Thresholds,
    gallery_size: int,
    now: datetime,
    enrolment_key: int | None = None,
) -> Case:
    """Open a case of a subject and those they resemble, strongest first. gallery_size: how many were searched."""
    case = Case(
        id=new_uuid(),
        enrolment_key=enrolment_key,
        person_key=person_key,
        band=thresholds.band(shown[0].log10_lr),
        review_at=thresholds.review_at,
        duplicate_at=thresholds.duplicate_at,
        gallery_size=gallery_size,
        opened_at=now,
    )
    uow.cases.add(case)
    uow.flush()
    uow.cases.add_candidates(
        [
            CaseCandidate(case.key, one.person_key, rank, one.log10_lr, thresholds.band(one.log10_lr), one.evidence)
            for rank, one in enumerate(shown, start=1)
        ]
    )
    return case
