"""How a case comes to be."""

from collections.abc import Sequence
from datetime import datetime

from service.adjudication.domain.cases import Case, CaseCandidate
from service.adjudication.domain.evidence import Band, Candidate, Thresholds
from service.adjudication.domain.marks import Mark
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
    marks: Sequence[Mark] = (),
) -> Case:
    """Open a case of a subject and those they resemble, strongest first. gallery_size: how many were searched.

    Without anyone they resemble, marks open it, or that captures do not resemble their owner: in the band `review`.
    """
    band = thresholds.band(shown[0].rarity) if shown else Band.REVIEW
    case = Case(
        id=new_uuid(),
        enrolment_key=enrolment_key,
        person_key=person_key,
        band=Band.REVIEW if band is Band.UNIQUE else band,
        review_at=thresholds.review_at,
        duplicate_at=thresholds.duplicate_at,
        gallery_size=gallery_size,
        opened_at=now,
        marks=tuple(marks),
    )
    uow.cases.add(case)
    uow.flush()
    uow.cases.add_candidates(
        [
            CaseCandidate(
                case_key=case.key,
                person_key=one.person_key,
                rank=rank,
                log10_lr=one.log10_lr,
                rarity=one.rarity,
                hypothesis=one.hypothesis,
                band=thresholds.band(one.rarity),
                evidence=one.evidence,
                demographics=one.demographics,
            )
            for rank, one in enumerate(shown, start=1)
        ]
    )
    return case
