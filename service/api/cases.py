"""Cases: what operators settle."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query

from service.api.answers import CaseOut, CasesOut
from service.api.deps import Caller, Running, adjudicators
from service.api.problems import declared
from service.api.requests import DecisionIn
from service.domain import errors
from service.domain.cases import CaseStatus, Origin
from service.usecases import adjudicate, lookup

router = APIRouter(prefix="/v1/cases", tags=["cases"], dependencies=[adjudicators])


@router.get("", responses=declared(errors.NoSuchCase))
def index(
    app: Running,
    status: Annotated[CaseStatus | None, Query(description="only these; all where not given")] = None,
    origin: Annotated[Origin | None, Query(description="only those raised so; all where not given")] = None,
    after: Annotated[UUID | None, Query(description="the last case of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CasesOut:
    """Cases, oldest first."""
    with app.store.storage.read() as uow:
        views = lookup.cases(uow, status, origin, after, limit)
    following = None
    if len(views) == limit:
        wanted = {"status": status, "origin": origin, "after": views[-1].case.id, "limit": limit}
        following = "/v1/cases?" + urlencode({name: value for name, value in wanted.items() if value is not None})
    return CasesOut(cases=[CaseOut.of(one) for one in views], next=following)


@router.get("/{case_id}", responses=declared(errors.NoSuchCase))
def read(case_id: UUID, app: Running) -> CaseOut:
    """One case: the newcomer, and everybody they resemble with the evidence.

    A case of origin `gallery` came of searching everybody enrolled against everybody else: its newcomer is who was
    enrolled later, and it has no enrolment.
    """
    with app.store.storage.read() as uow:
        return CaseOut.of(lookup.case(uow, case_id))


@router.post(
    "/{case_id}/decision",
    responses=declared(errors.NoSuchCase, errors.CaseClosed, errors.UnknownSurvivor, errors.MalformedRequest),
)
def decide(case_id: UUID, decision: DecisionIn, app: Running, caller: Caller) -> CaseOut:
    """Settle a case. Numbers, households and aliases follow at once, or not at all.

    In a case of origin `gallery` only `same_person` changes anything: the number of who is merged leads to the survivor
    from then on. The other verdicts close the case and leave both registered as they are; the two are not shown again.
    """
    adjudicate.decide_case(
        case_id,
        decision.ruling(caller.name),
        storage=app.store.storage,
        clock=app.store.clock,
        number_length=app.rules.person_number_length,
    )
    return read(case_id, app)
