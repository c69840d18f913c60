"""Cases: people who may be one, or captures that are suspect by themselves, for an operator to decide."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.adjudication.domain.evidence import Band, FieldEvidence, Hypothesis, PositionEvidence
from service.adjudication.domain.marks import Mark
from service.adjudication.errors import CaseClosed, OwnEnrolment


class CaseStatus(StrEnum):
    OPEN = "open"
    DECIDED = "decided"


class Origin(StrEnum):
    """What raised a case.

    enrolment: its subject resembled people enrolled, or a mark opened it. gallery: a search of all records against all
    others.
    """

    ENROLMENT = "enrolment"
    GALLERY = "gallery"


class Decision(StrEnum):
    """What an operator decides.

    same_person: the subject and the survivor are one. distinct: the subject is a person not enrolled before.
    data_error: the captures are not the subject's. insufficient: capture again.

    In a case of the gallery only same_person changes anything: everyone in it is registered already, and the other
    decisions take nothing from them.
    """

    SAME_PERSON = "same_person"
    DISTINCT = "distinct"
    DATA_ERROR = "data_error"
    INSUFFICIENT = "insufficient"


@dataclass(eq=False)
class CaseCandidate:
    """An enrolled person whom the subject resembles, with the evidence as it was when the case opened."""

    case_key: int
    person_key: int
    rank: int
    log10_lr: float
    rarity: float
    hypothesis: Hypothesis
    band: Band
    evidence: Mapping[str, PositionEvidence]
    demographics: Mapping[str, FieldEvidence] | None = None
    key: int = field(init=False)


@dataclass(eq=False)
class Case:
    """One subject against everyone they resemble; against no one, where marks alone opened it.

    survivor_key: who remains, of a same_person decision.
    enrolment_key: None where a search of the whole gallery raised it; the subject is then who was enrolled later.
    marks: what is suspect about the enrolment itself. decided_by: the actor's ID.
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
    decision: Decision | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    survivor_key: int | None = None
    marks: tuple[Mark, ...] = ()
    key: int = field(init=False)

    @property
    def origin(self) -> Origin:
        return Origin.GALLERY if self.enrolment_key is None else Origin.ENROLMENT

    def require_impartial(self, by: str, senders: Collection[str]) -> None:
        """senders: the IDs of those who enrolled the subject or a candidate. Raises OwnEnrolment for one of them."""
        if by in senders:
            raise OwnEnrolment(f"{by} enrolled a person of case {self.id}; somebody else decides it")

    def decide(self, decision: Decision, reason: str, by: str, at: datetime) -> None:
        """Close the case, not before it was opened, though the clock was set back. Raises CaseClosed."""
        if self.status is not CaseStatus.OPEN:
            raise CaseClosed(f"case {self.id} was decided on {self.decided_at:%Y-%m-%d %H:%M} as {self.decision}")
        self.status, self.decision, self.reason = CaseStatus.DECIDED, decision, reason
        self.decided_by, self.decided_at = by, max(at, self.opened_at)
