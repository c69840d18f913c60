"""What changed about a household or a person, as a list."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from service.api.pages import next_page
from service.registry.domain.changes import ChangeKind, Reason
from service.registry.usecases.histories import TimelineEntry


class TimelineEntryOut(BaseModel):
    """One change, as `GET /v1/changes/{id}` has it with its effects."""

    id: UUID
    kind: ChangeKind
    effective: date = Field(description="from when on it is so")
    recorded_at: datetime = Field(description="from when on it was known")
    by: str
    role: str
    site: str | None
    reason: Reason | None
    words: str | None
    undoes: UUID | None = Field(description="the change that this one takes back")
    undone: bool = Field(description="taken back by now")
    households: list[str] = Field(description="whom it touched: household IDs, or the clients' UUIDs")
    numbers: list[str] = Field(description="of the people it touched whom this token may see")

    @classmethod
    def of(cls, one: TimelineEntry) -> "TimelineEntryOut":
        change = one.change
        return cls(
            id=change.id,
            kind=change.kind,
            effective=change.effective,
            recorded_at=change.recorded_at,
            by=change.by,
            role=change.role,
            site=change.site,
            reason=change.reason,
            words=change.words,
            undoes=one.undoes,
            undone=one.undone,
            households=[home.household_id or str(home.client_id) for home in one.households],
            numbers=[person.number for person in one.people if person.number],
        )


class TimelineOut(BaseModel):
    changes: list[TimelineEntryOut] = Field(description="in the order in which they were recorded")
    next: str | None = Field(description="the link to the changes after these; null at the end")

    @classmethod
    def of(cls, path: str, entries: Sequence[TimelineEntry], limit: int) -> "TimelineOut":
        last = entries[-1].change.id if entries else None
        following = next_page(path, {}, last, full=len(entries) == limit, limit=limit)
        return cls(changes=[TimelineEntryOut.of(one) for one in entries], next=following)
