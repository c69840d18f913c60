"""Cases: what operators decide."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.adjudication.domain.cases import Case, CaseStatus, Decision, Origin
from service.adjudication.domain.evidence import Band, Hypothesis, Thresholds
from service.adjudication.errors import CaseClosed, NoCandidates, NoSuchCase, OwnEnrolment, UnknownSurvivor
from service.adjudication.ports import CaseQuery
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.adjudication.usecases.read_cases import CaseView, list_cases, read_case
from service.api.deps import MayDecideCases, MayReadCases, Running
from service.api.enrolments import CaptureOut
from service.api.json_body import StrictJsonRoute
from service.api.pages import next_page
from service.api.people import PersonOut
from service.api.problems import declared
from service.api.shapes import HYPOTHESIS, LOG10_LR, RARITY, AsText, EvidenceOut, FieldOut, MarkOut, Sent, ThresholdsOut
from service.api.text import Writable
from service.kit.errors import MalformedRequest
from service.registry.domain.people import Person

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=StrictJsonRoute)


class DecisionIn(Sent):
    """What an operator decides."""

    decision: AsText[Decision]
    reason: Annotated[Writable, Field(min_length=3, max_length=2000)] = Field(
        description="why, in the operator's words"
    )
    survivor: AsText[UUID] | None = Field(None, description="for same_person: the ID of the person who remains")
    merged: list[AsText[UUID]] = Field(
        default_factory=list,
        max_length=1000,
        description="for same_person: the IDs of the others who are that person; needed only where several could be",
    )


class DecisionOut(BaseModel):
    decision: Decision
    reason: str
    survivor: UUID | None
    by: str = Field(description="who decided: `token:` and the token's name")
    at: datetime

    @classmethod
    def of(cls, case: Case, survivor: Person | None) -> "DecisionOut | None":
        if case.decision is None or case.decided_at is None:
            return None
        return cls(
            decision=case.decision,
            reason=case.reason or "",
            survivor=survivor.id if survivor else None,
            by=case.decided_by or "",
            at=case.decided_at,
        )


class CandidateOut(BaseModel):
    """An enrolled person whom the subject resembles. person: as they stand today; the rest as it was then."""

    person: PersonOut
    rank: int
    band: Band
    log10_lr: float = Field(description=LOG10_LR)
    rarity: float = Field(description=RARITY)
    hypothesis: Hypothesis = Field(description=HYPOTHESIS)
    evidence: dict[str, EvidenceOut]
    demographics: dict[str, FieldOut] | None = Field(
        description="what both state, by field, shown beside `evidence`; it decides only where the hypothesis is "
        "`stated_alike`: captures that share no position; null where it was not compared"
    )


class CaseOut(BaseModel):
    """A subject who may already be enrolled, or whose captures are suspect; or two people enrolled who may be one."""

    id: UUID
    origin: Origin = Field(
        description="`enrolment`: the subject resembled people enrolled, or `marks` opened it; "
        "`gallery`: from a search of all records against all others, and `subject` is who was enrolled later"
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
    added_to: str | None = Field(
        description="the number of the person to whom the captures are to be added, who is a candidate; `subject` then "
        "stands for the captures alone, and `distinct` is refused; null for all other enrolments"
    )
    subject: PersonOut
    candidates: list[CandidateOut] = Field(description="strongest first; none where marks alone opened the case")
    marks: list[MarkOut] = Field(description="what is suspect about the enrolment itself")
    decision: DecisionOut | None

    @classmethod
    def of(cls, view: CaseView) -> "CaseOut":
        one, enrolment = view.case, view.enrolment
        return cls(
            id=one.id,
            origin=one.origin,
            status=one.status,
            band=one.band,
            opened_at=one.opened_at,
            thresholds=ThresholdsOut.of(Thresholds(one.review_at, one.duplicate_at)),
            gallery_size=one.gallery_size,
            enrolment=enrolment.id if enrolment else None,
            site=enrolment.site if enrolment else None,
            device=enrolment.device if enrolment else None,
            captured_at=enrolment.captured_at if enrolment else None,
            captures=[CaptureOut.of(capture) for capture in view.captures],
            added_to=view.added_to.number if view.added_to else None,
            subject=PersonOut.of(view.subject),
            candidates=[
                CandidateOut(
                    person=PersonOut.of(person),
                    rank=candidate.rank,
                    band=candidate.band,
                    log10_lr=round(candidate.log10_lr, 3),
                    rarity=round(candidate.rarity, 3),
                    hypothesis=candidate.hypothesis,
                    evidence=EvidenceOut.by_position(candidate.evidence),
                    demographics=None if candidate.demographics is None else FieldOut.by_field(candidate.demographics),
                )
                for candidate, person in view.candidates
            ],
            marks=MarkOut.of_all(one.marks),
            decision=DecisionOut.of(one, view.survivor),
        )


class CasesOut(BaseModel):
    cases: list[CaseOut]
    next: str | None = Field(description="the link to the cases after these; null at the end")


@router.get("", responses=declared(NoSuchCase))
def index(
    app: Running,
    actor: MayReadCases,
    *,
    status: Annotated[CaseStatus | None, Query(description="only these; all where not given")] = None,
    origin: Annotated[Origin | None, Query(description="only those raised so; all where not given")] = None,
    after: Annotated[UUID | None, Query(description="the last case of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CasesOut:
    """Cases, oldest first."""
    views = list_cases(CaseQuery(status, origin, after, limit), actor=actor, storage=app.store.storage)
    last = views[-1].case.id if views else None
    wanted = {"status": status, "origin": origin}
    following = next_page("/v1/cases", wanted, last, full=len(views) == limit, limit=limit)
    return CasesOut(cases=[CaseOut.of(one) for one in views], next=following)


@router.get("/{case_id}", responses=declared(NoSuchCase))
def read(case_id: UUID, app: Running, actor: MayReadCases) -> CaseOut:
    """One case: the subject, and everyone they resemble with the evidence.

    A case of origin `gallery` came of searching all records against all others: its subject is who was enrolled later,
    and it has no enrolment.
    """
    return CaseOut.of(read_case(case_id, actor=actor, storage=app.store.storage))


@router.post(
    "/{case_id}/decision",
    responses=declared(NoSuchCase, CaseClosed, OwnEnrolment, UnknownSurvivor, NoCandidates, MalformedRequest),
)
def decide(case_id: UUID, sent: DecisionIn, app: Running, actor: MayDecideCases) -> CaseOut:
    """Decide a case. Numbers, households and aliases follow at once, or not at all.

    In a case of origin `gallery` only `same_person` changes anything: the number of a person merged leads to the
    survivor from then on. The other decisions close the case and leave both registered as they are; the two are not
    shown again. In a case without candidates `same_person` is refused.
    """
    decide_case(
        DecideCase(case_id, sent.decision, sent.reason, sent.survivor, tuple(sent.merged)),
        actor=actor,
        storage=app.store.storage,
        clock=app.store.clock,
        number_length=app.limits.person_number_length,
    )
    return read(case_id, app, actor)
