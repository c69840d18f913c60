"""Findings: patterns over many enrolments, for operators to look into."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.api.deps import MayCloseFindings, MayReadFindings, Running
from service.api.json_body import StrictJsonRoute
from service.api.pages import next_page
from service.api.problems import declared
from service.api.shapes import Sent
from service.api.text import Writable
from service.kit.errors import MalformedRequest
from service.oversight.domain.findings import Finding, FindingStatus, Kind, Pattern
from service.oversight.errors import FindingClosed, NoSuchFinding
from service.oversight.ports import FindingQuery
from service.oversight.usecases.findings import close_finding, list_findings

router = APIRouter(prefix="/v1/findings", tags=["findings"], route_class=StrictJsonRoute)


class SubjectOut(BaseModel):
    """Whom a finding is about."""

    kind: Kind
    name: str = Field(description="a device's name at its site; who sent enrolments, as `token:NAME`; a person's ID")
    site: str | None = Field(description="of a device; null for others")


class ClosedOut(BaseModel):
    by: str = Field(description="who closed it: `token:` and the token's name; `system:nightly` if it ended by itself")
    at: datetime
    reason: str


class FindingOut(BaseModel):
    """What a pattern found. It refuses no one: it marks open cases, and asks an operator to look."""

    id: UUID
    pattern: Pattern
    subject: SubjectOut
    scope: str | None = Field(description="a day, a person's ID or a resolution, where the pattern is about one")
    count: int = Field(description="what was counted: poor prints, enrolments, or prints measured")
    of: int = Field(description="among how many")
    expected: float = Field(description="how many chance lets expect")
    since: datetime = Field(description="when the first of what was counted was received")
    until: datetime
    measured: float | None = Field(description="`resolution_drift`: ridge period in pixels at 500 dpi")
    usual: float | None = Field(description="`resolution_drift`: the registry's, of the same age")
    enrolments: list[UUID] = Field(description="the latest that it is about, at most 200")
    found_at: datetime
    status: FindingStatus
    closed: ClosedOut | None

    @classmethod
    def of_finding(cls, one: Finding) -> "FindingOut":
        closed = None
        if one.closed_at is not None:
            closed = ClosedOut(by=one.closed_by or "", at=one.closed_at, reason=one.reason or "")
        return cls(
            id=one.id,
            pattern=one.pattern,
            subject=SubjectOut(kind=one.kind, name=one.name, site=one.site or None),
            scope=one.scope or None,
            count=one.count,
            of=one.of,
            expected=one.expected,
            since=one.since,
            until=one.until,
            measured=one.measured,
            usual=one.usual,
            enrolments=list(one.enrolments),
            found_at=one.found_at,
            status=one.status,
            closed=closed,
        )


class FindingsOut(BaseModel):
    findings: list[FindingOut]
    next: str | None = Field(description="the link to the findings after these; null at the end")


class ClosingIn(Sent):
    """What became of a finding."""

    reason: Annotated[Writable, Field(min_length=3, max_length=2000)] = Field(
        description="what was found out, in the operator's words"
    )


@router.get("", responses=declared(NoSuchFinding))
def index(
    app: Running,
    actor: MayReadFindings,
    *,
    status: Annotated[FindingStatus | None, Query(description="only these; all where not given")] = None,
    pattern: Annotated[Pattern | None, Query(description="only of this pattern; all where not given")] = None,
    after: Annotated[UUID | None, Query(description="the last finding of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> FindingsOut:
    """Findings, oldest first."""
    found = list_findings(FindingQuery(status, pattern, after, limit), actor=actor, storage=app.store.storage)
    last = found[-1].id if found else None
    wanted = {"status": status, "pattern": pattern}
    following = next_page("/v1/findings", wanted, last, full=len(found) == limit, limit=limit)
    return FindingsOut(findings=[FindingOut.of_finding(one) for one in found], next=following)


@router.post("/{finding_id}/close", responses=declared(NoSuchFinding, FindingClosed, MalformedRequest))
def close(finding_id: UUID, sent: ClosingIn, app: Running, actor: MayCloseFindings) -> FindingOut:
    """Close a finding. Marks on cases stay. The same is found anew only from enrolments received afterwards."""
    store = app.store
    closed = close_finding(finding_id, sent.reason, actor=actor, storage=store.storage, clock=store.clock)
    return FindingOut.of_finding(closed)
