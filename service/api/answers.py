"""The shapes of what clients get."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from matcher import ADVICE, Quality
from service.api.requests import LivenessSchema, NameSchema
from service.domain.cases import CaseStatus, Origin, Verdict
from service.domain.decision import Band, Policy, PositionEvidence
from service.domain.enrolments import (
    CaptureRecord,
    EnrolmentStatus,
    ExceptionReason,
)
from service.domain.households import Role
from service.domain.people import PersonStatus, Sex
from service.usecases.identify import Identification, Verification
from service.usecases.lookup import CaseView, EnrolmentView, HouseholdView, PersonView


class CaptureOut(BaseModel):
    position: str
    quality: int | None = Field(description="0 to 100; null while nobody looked yet, or where there is a problem")
    reasons: list[str] = Field(description="what the counter could mend, by code")
    problem: str | None = Field(description="why nothing could be extracted, by code")
    detail: str | None
    liveness: LivenessSchema | None = Field(description="the capture device's own evidence")

    @classmethod
    def of(cls, one: CaptureRecord) -> "CaptureOut":
        return cls.model_validate(one, from_attributes=True)


class ExceptionOut(BaseModel):
    position: str
    reason: ExceptionReason


class EnrolmentOut(BaseModel):
    """An enrolment and what became of it."""

    id: UUID
    status: EnrolmentStatus
    reason: str | None = Field(description="why it is unusable, by code")
    received_at: datetime
    finished_at: datetime | None
    captures: list[CaptureOut]
    exceptions: list[ExceptionOut]
    person_number: str | None = Field(description="once the person is settled; after a merge the survivor's")
    household_id: str | None = Field(description="the household's registry ID, once one of its members is settled")
    case: UUID | None = Field(description="the case, where the person resembles somebody enrolled")
    links: dict[str, str]

    @classmethod
    def of(cls, view: EnrolmentView) -> "EnrolmentOut":
        one, case = view.enrolment, view.case
        links = {"self": f"/v1/enrolments/{one.id}"}
        number = view.person.number if view.person else None
        household = view.household.registry_id if view.household else None
        if number:
            links["person"] = f"/v1/persons/{number}"
        if household:
            links["household"] = f"/v1/households/{household}"
        if case:
            links["case"] = f"/v1/cases/{case.id}"
        return cls(
            id=one.id,
            status=one.status,
            reason=one.reason,
            received_at=one.received_at,
            finished_at=one.finished_at,
            captures=[CaptureOut.of(capture) for capture in view.captures],
            exceptions=[ExceptionOut(position=each.position, reason=each.reason) for each in one.exceptions],
            person_number=number,
            household_id=household,
            case=case.id if case else None,
            links=links,
        )


class PersonOut(BaseModel):
    """A person as they stand today."""

    id: UUID
    number: str | None
    status: PersonStatus
    asked_for: str | None = Field(description="the number or ID that led here, where it is an alias after a merge")
    names: list[NameSchema]
    sex: Sex
    birth_date: date | None
    birth_year: int | None
    birth_estimated: bool
    household_id: str | None
    household_role: Role | None
    aliases: list[str] = Field(description="numbers of people who turned out to be this one")

    @classmethod
    def of(cls, view: PersonView) -> "PersonOut":
        person, who = view.person, view.person.demographics
        alias = None if view.asked is person else view.asked.number or str(view.asked.id)
        return cls(
            id=person.id,
            number=person.number,
            status=person.status,
            asked_for=alias,
            names=[NameSchema(script=one.script, full=one.full) for one in who.names],
            sex=who.sex,
            birth_date=who.birth_date,
            birth_year=who.birth_year,
            birth_estimated=who.birth_estimated,
            household_id=view.household.registry_id if view.household else None,
            household_role=view.membership.role if view.membership else None,
            aliases=[one.number for one in view.aliases if one.number],
        )


class MemberOut(BaseModel):
    number: str | None
    status: PersonStatus
    names: list[NameSchema]
    role: Role
    since: datetime


class HouseholdOut(BaseModel):
    """A household and who lives in it now."""

    id: str | None = Field(description="its registry ID, once a member is settled")
    client_id: UUID | None
    members: list[MemberOut]

    @classmethod
    def of(cls, view: HouseholdView) -> "HouseholdOut":
        members = [
            MemberOut(
                number=person.number,
                status=person.status,
                names=[NameSchema(script=one.script, full=one.full) for one in person.demographics.names],
                role=membership.role,
                since=membership.since,
            )
            for membership, person in view.members
        ]
        return cls(id=view.household.registry_id, client_id=view.household.client_id, members=members)


class EvidenceOut(BaseModel):
    score: float = Field(description="the modality's own, 0 to 1")
    log10_lr: float = Field(description="log10 of the likelihood ratio; 2 is a hundred times likelier if mated")
    found_at: str | None = Field(None, description="the enrolled finger it matched, where any finger was asked for")


def _evidence(evidence: Any) -> dict[str, EvidenceOut]:
    return {position: _one_evidence(one) for position, one in evidence.items()}


def _one_evidence(one: PositionEvidence) -> EvidenceOut:
    return EvidenceOut(score=round(one.score, 4), log10_lr=round(one.log10_lr, 3), found_at=one.found_at)


class ThresholdsOut(BaseModel):
    """log10 likelihood ratios from which on evidence falls into a band."""

    review: float
    duplicate: float

    @classmethod
    def of(cls, policy: Policy) -> "ThresholdsOut":
        return cls(review=round(policy.review_at, 3), duplicate=round(policy.duplicate_at, 3))


class IdentifiedOut(BaseModel):
    number: str | None = Field(description="null while the person is under review")
    status: PersonStatus
    band: Band
    log10_lr: float
    evidence: dict[str, EvidenceOut]


class IdentificationOut(BaseModel):
    """Who of everybody enrolled this may be, strongest first."""

    band: Band
    thresholds: ThresholdsOut
    gallery_size: int
    candidates: list[IdentifiedOut]

    @classmethod
    def of(cls, found: Identification) -> "IdentificationOut":
        candidates = [
            IdentifiedOut(
                number=one.person.number,
                status=one.person.status,
                band=one.band,
                log10_lr=round(one.suspect.log10_lr, 3),
                evidence=_evidence(one.suspect.evidence),
            )
            for one in found.found
        ]
        return cls(
            band=found.band,
            thresholds=ThresholdsOut.of(found.policy),
            gallery_size=found.gallery_size,
            candidates=candidates,
        )


class VerificationOut(BaseModel):
    """Whether these captures are this person's."""

    number: str | None = Field(description="of the person compared with; after a merge the survivor's")
    band: Band
    thresholds: ThresholdsOut
    log10_lr: float
    evidence: dict[str, EvidenceOut]

    @classmethod
    def of(cls, found: Verification) -> "VerificationOut":
        return cls(
            number=found.person.number,
            band=found.band,
            thresholds=ThresholdsOut.of(found.policy),
            log10_lr=round(found.log10_lr, 3),
            evidence=_evidence(found.evidence),
        )


class AdviceOut(BaseModel):
    code: str = Field(description="stable, to hang translations on", examples=["too_far"])
    sentence: str = Field(description="what to do about it, in English")


class QualityOut(BaseModel):
    """How well a capture will serve."""

    position: str
    score: int = Field(description="0 (useless) to 100")
    components: dict[str, float] = Field(description="what was measured, in the units their names say")
    reasons: list[AdviceOut] = Field(description="what could be better, worst first; empty when all is well")

    @classmethod
    def of(cls, position: str, quality: Quality) -> "QualityOut":
        components = {name: round(value, 3) for name, value in quality.components.items()}
        reasons = [AdviceOut(code=code, sentence=ADVICE[code]) for code in quality.reasons]
        return cls(position=position, score=quality.score, components=components, reasons=reasons)


class CandidateOut(BaseModel):
    """Somebody enrolled whom the newcomer resembles. person: as they stand today; the rest as it was then."""

    person: PersonOut
    rank: int
    band: Band
    log10_lr: float
    evidence: dict[str, EvidenceOut]


class DecisionOut(BaseModel):
    verdict: Verdict
    reason: str
    survivor: UUID | None
    by: str
    at: datetime


class CaseOut(BaseModel):
    """A newcomer who may already be enrolled; or two people enrolled who may be one."""

    id: UUID
    origin: Origin = Field(
        description="`enrolment`: a newcomer resembled people enrolled; "
        "`gallery`: a search of everybody against everybody else, and `newcomer` is who was enrolled later"
    )
    status: CaseStatus
    band: Band
    opened_at: datetime
    thresholds: ThresholdsOut
    gallery_size: int
    enrolment: UUID | None = Field(description="null where the origin is `gallery`, as are the next three")
    site: str | None
    device: str | None
    captured_at: datetime | None
    captures: list[CaptureOut] = Field(description="the enrolment's; none where the origin is `gallery`")
    newcomer: PersonOut
    candidates: list[CandidateOut]
    decision: DecisionOut | None

    @classmethod
    def of(cls, view: CaseView) -> "CaseOut":
        one, enrolment = view.case, view.enrolment
        decision = None
        if one.verdict is not None and one.decided_at is not None:
            decision = DecisionOut(
                verdict=one.verdict,
                reason=one.reason or "",
                survivor=view.survivor.id if view.survivor else None,
                by=one.decided_by or "",
                at=one.decided_at,
            )
        return cls(
            id=one.id,
            origin=one.origin,
            status=one.status,
            band=one.band,
            opened_at=one.opened_at,
            thresholds=ThresholdsOut(review=round(one.review_at, 3), duplicate=round(one.duplicate_at, 3)),
            gallery_size=one.gallery_size,
            enrolment=enrolment.id if enrolment else None,
            site=enrolment.site if enrolment else None,
            device=enrolment.device if enrolment else None,
            captured_at=enrolment.captured_at if enrolment else None,
            captures=[CaptureOut.of(capture) for capture in view.captures],
            newcomer=PersonOut.of(view.newcomer),
            candidates=[
                CandidateOut(
                    person=PersonOut.of(person),
                    rank=candidate.rank,
                    band=candidate.band,
                    log10_lr=round(candidate.log10_lr, 3),
                    evidence=_evidence(candidate.evidence),
                )
                for candidate, person in view.candidates
            ],
            decision=decision,
        )


class CasesOut(BaseModel):
    cases: list[CaseOut]
    next: str | None = Field(description="the link to the cases after these; null at the end")


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    people: int = Field(description="people in the gallery")
    waiting: int = Field(description="enrolments without an outcome")
