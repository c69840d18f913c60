"""Cases: two or more people who may be one, for a person to settle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain.decision import Band, PositionEvidence
from service.domain.errors import CaseClosed


class CaseStatus(StrEnum):
    OPEN = "open"
    DECIDED = "decided"


class Origin(StrEnum):
    """What raised a case.

    enrolment: a newcomer resembled people enrolled. gallery: a search of everybody against everybody else.
    """

    ENROLMENT = "enrolment"
    GALLERY = "gallery"


class Verdict(StrEnum):
    """What an operator says.

    same_person: the newcomer and the survivor are one. distinct: the newcomer is somebody new.
    data_error: the captures are not the newcomer's. insufficient: capture again.

    In a case of the gallery only same_person changes anything: everybody in it is registered already, and the others
    take nothing from them.
    """

    SAME_PERSON = "same_person"
    DISTINCT = "distinct"
    DATA_ERROR = "data_error"
    INSUFFICIENT = "insufficient"


@dataclass(eq=False)
class CaseCandidate:
    """Somebody enrolled whom the newcomer resembles, with the evidence as it was when the case opened."""

    case_key: int
    person_key: int
    rank: int
    log10_lr: float
    band: Band
    evidence: Mapping[str, PositionEvidence]
    key: int = field(init=False)


@dataclass(eq=False)
class Case:
    """One newcomer against everybody they resemble. survivor_key: who remains, of a same_person decision.

    enrolment_key: None where a search of the whole gallery raised it; the newcomer is then who was enrolled later.
    """

    id: UUID
    enrolment_key: int | None
    person_key: int
    band: Band
    review_at: float
    duplicate_at: float
    gallery_size: int
    opened_at: datetime
    status: CaseStatus = CaseStatus.OPEN
    verdict: Verdict | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    survivor_key: int | None = None
    key: int = field(init=False)

    @property
    def origin(self) -> Origin:
        return Origin.GALLERY if self.enrolment_key is None else Origin.ENROLMENT

    def decide(self, verdict: Verdict, reason: str, by: str, at: datetime) -> None:
        """Close the case. Raises CaseClosed if somebody already has."""
        if self.status is not CaseStatus.OPEN:
            raise CaseClosed(f"case {self.id} was decided on {self.decided_at:%Y-%m-%d %H:%M} as {self.verdict}")
        self.status, self.verdict, self.reason = CaseStatus.DECIDED, verdict, reason
        self.decided_by, self.decided_at = by, at
