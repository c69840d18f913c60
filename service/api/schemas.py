"""The shapes of requests and answers."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from matcher import ADVICE, Position, Quality
from service.domain.cases import CaseStatus, Verdict
from service.domain.decision import Band, Policy, PositionEvidence
from service.domain.enrolments import (
    CaptureRecord,
    Consent,
    EnrolmentStatus,
    ExceptionReason,
    HouseholdClaim,
    Liveness,
    PositionException,
)
from service.domain.households import Role
from service.domain.people import Demographics, Name, PersonStatus, Sex
from service.usecases.adjudicate import Ruling
from service.usecases.captures import PARTS
from service.usecases.enrol import EnrolCommand
from service.usecases.identify import Identification, Verification
from service.usecases.lookup import CaseView, EnrolmentView, HouseholdView, PersonView, checked_household

EARLIEST_BIRTH = 1880
EARLIEST_CAPTURE = 2000
CLOCK_SKEW = timedelta(days=1)
"""How far a mobile counter's clock may be ahead."""


def _writable(text: str) -> str:
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter != "\n" for letter in text):
        raise ValueError("has control characters")
    return text


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("has several lines")
    return text


def _recent(value: datetime) -> datetime:
    if value > datetime.now(UTC) + CLOCK_SKEW:
        raise ValueError("is more than a day in the future: check the device's clock")
    if value.year < EARLIEST_CAPTURE:
        raise ValueError(f"is before {EARLIEST_CAPTURE}: check the device's clock")
    return value


def _part(name: str) -> str:
    if name not in PARTS:
        raise ValueError(f"is none of {', '.join(sorted(PARTS))}")
    return name


Part = Annotated[str, AfterValidator(_part)]
Writable = Annotated[str, AfterValidator(_writable)]
Line = Annotated[Writable, AfterValidator(_one_line), Field(min_length=1, max_length=200)]
RecentInstant = Annotated[AwareDatetime, AfterValidator(_recent)]


class Sent(BaseModel):
    """What clients send: unknown fields are mistakes worth hearing of."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NameSchema(Sent):
    script: str = Field("Latn", pattern=r"^[A-Z][a-z]{3}$", description="ISO 15924: Latn, Arab", examples=["Latn"])
    full: Line = Field(description="the whole name, as the person writes it", examples=["Amina Hassan Ali"])


class PersonIn(Sent):
    """Who the person says they are. Give a birth date, or a birth year, or neither."""

    names: list[NameSchema] = Field(min_length=1, max_length=8)
    sex: Sex = Sex.UNKNOWN
    birth_date: date | None = None
    birth_year: int | None = None
    birth_estimated: bool = Field(False, description="the date or year is a guess")

    @field_validator("birth_date")
    @classmethod
    def _born_by_now(cls, value: date | None) -> date | None:
        if value is not None and value > datetime.now(UTC).date():
            raise PydanticCustomError("birth_in_future", "{date} is in the future", {"date": str(value)})
        if value is not None and value.year < EARLIEST_BIRTH:
            raise ValueError(f"{value} is before {EARLIEST_BIRTH}")
        return value

    @field_validator("birth_year")
    @classmethod
    def _year_by_now(cls, value: int | None) -> int | None:
        if value is not None and not EARLIEST_BIRTH <= value <= datetime.now(UTC).year:
            raise ValueError(f"{value} is not a year from {EARLIEST_BIRTH} to the present one")
        return value

    @model_validator(mode="after")
    def _one_birth(self) -> Self:
        if self.birth_date is not None and self.birth_year is not None:
            raise ValueError("give birth_date or birth_year, not both")
        return self


class ConsentIn(Sent):
    given: bool
    at: RecentInstant | None = None
    reference: Line | None = Field(None, description="the paper or recording that shows it")

    @field_validator("given")
    @classmethod
    def _was_given(cls, value: bool) -> bool:
        if not value:
            raise ValueError("nobody is enrolled without consent")
        return value


class HouseholdIn(Sent):
    id: str = Field(description="a UUID of the client's making, or a registry ID already issued")
    role: Role


class ExceptionIn(Sent):
    position: Position
    reason: ExceptionReason


class LivenessSchema(Sent):
    """What the capture device found (ISO/IEC 30107-3). Carried along for operators to see; nothing is decided by it."""

    score: float = Field(allow_inf_nan=False, description="in the vendor's own scale")
    vendor: Line
    level: Line | None = Field(None, description="what the device was tested to", examples=["iBeta level 2"])


class CaptureIn(Sent):
    dpi: float | None = Field(None, gt=50, lt=2500, description="dots an inch, where the file does not say or is wrong")
    liveness: LivenessSchema | None = None

    def evidence(self) -> Liveness | None:
        return None if self.liveness is None else Liveness(**self.liveness.model_dump())


class EnrolmentIn(Sent):
    """The part `enrolment` of an enrolment."""

    id: UUID = Field(description="chosen by the client: sending the same enrolment again does no harm")
    site: Line
    device: Line
    captured_at: RecentInstant = Field(description="with its offset from UTC")
    consent: ConsentIn
    person: PersonIn
    household: HouseholdIn | None = None
    exceptions: list[ExceptionIn] = Field(
        default_factory=list, description="positions that cannot be captured, and why"
    )
    captures: dict[Part, CaptureIn] = Field(default_factory=dict, description="what there is to say of a capture")

    @field_validator("exceptions")
    @classmethod
    def _each_once(cls, value: list[ExceptionIn]) -> list[ExceptionIn]:
        positions = [one.position for one in value]
        if len(set(positions)) < len(positions):
            raise ValueError("names a position twice")
        return value

    def command(self) -> EnrolCommand:
        """Raises MalformedHousehold."""
        claim = None
        if self.household is not None:
            claim = HouseholdClaim(checked_household(self.household.id, "enrolment.household.id"), self.household.role)
        person = self.person
        return EnrolCommand(
            id=self.id,
            site=self.site,
            device=self.device,
            captured_at=self.captured_at,
            consent=Consent(self.consent.given, self.consent.at, self.consent.reference),
            demographics=Demographics(
                tuple(Name(one.script, one.full) for one in person.names),
                person.sex,
                person.birth_date,
                person.birth_year,
                person.birth_estimated,
            ),
            claim=claim,
            exceptions=tuple(PositionException(one.position.value, one.reason) for one in self.exceptions),
        )


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


def _evidence(evidence: Any) -> dict[str, EvidenceOut]:
    return {position: _one_evidence(one) for position, one in evidence.items()}


def _one_evidence(one: PositionEvidence) -> EvidenceOut:
    return EvidenceOut(score=round(one.score, 4), log10_lr=round(one.log10_lr, 3))


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
    """A newcomer who may already be enrolled."""

    id: UUID
    status: CaseStatus
    band: Band
    opened_at: datetime
    thresholds: ThresholdsOut
    gallery_size: int
    enrolment: UUID
    site: str
    device: str
    captured_at: datetime
    captures: list[CaptureOut]
    newcomer: PersonOut
    candidates: list[CandidateOut]
    decision: DecisionOut | None

    @classmethod
    def of(cls, view: CaseView) -> "CaseOut":
        one = view.case
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
            status=one.status,
            band=one.band,
            opened_at=one.opened_at,
            thresholds=ThresholdsOut(review=round(one.review_at, 3), duplicate=round(one.duplicate_at, 3)),
            gallery_size=one.gallery_size,
            enrolment=view.enrolment.id,
            site=view.enrolment.site,
            device=view.enrolment.device,
            captured_at=view.enrolment.captured_at,
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


class DecisionIn(Sent):
    """What an operator decides."""

    verdict: Verdict
    reason: Annotated[Writable, Field(min_length=3, max_length=2000)] = Field(
        description="why, in the operator's words"
    )
    survivor: UUID | None = Field(None, description="for same_person: the ID of the person who remains")
    merged: list[UUID] = Field(
        default_factory=list,
        description="for same_person: the IDs of the others who are that person; needed only where several could be",
    )

    def ruling(self, by: str) -> Ruling:
        return Ruling(self.verdict, self.reason, by, self.survivor, tuple(self.merged))


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    people: int = Field(description="people in the gallery")
    waiting: int = Field(description="enrolments without an outcome")
