"""What oversight needs of the database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from service.adjudication.domain.cases import Case
from service.adjudication.ports import AdjudicationUnit
from service.oversight.domain.findings import Finding, FindingStatus, Found, Identity, Pattern
from service.oversight.domain.missing_fingers import Missing
from service.oversight.domain.new_fingers import FacePair
from service.oversight.domain.poor_prints import Prints
from service.oversight.domain.repeated_people import Named, Volume
from service.oversight.domain.resolution import Period


@dataclass(frozen=True, slots=True)
class FindingQuery:
    """A page of findings, oldest first. status, pattern, sites: only these; None: all.

    after: the last of the page before.
    """

    status: FindingStatus | None = None
    pattern: Pattern | None = None
    after: UUID | None = None
    limit: int = 50
    sites: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Enrolments received from `since` on, and before `until`."""

    since: datetime
    until: datetime


class Findings(Protocol):
    def add(self, one: Finding) -> None: ...
    def by_id(self, finding_id: UUID) -> Finding | None: ...
    def page(self, query: FindingQuery) -> Sequence[Finding]: ...
    def open_now(self) -> Mapping[Identity, Finding]: ...
    def last_closed(self, identities: Collection[Identity]) -> Mapping[Identity, Finding]:
        """Of each that was closed, the finding closed last."""

    def count_open(self) -> Mapping[Pattern, int]: ...


class Records(Protocol):
    """What the registry recorded, as the patterns want it. Each call holds a bounded part of it in memory."""

    def prints(self, window: Window) -> Sequence[Prints]:
        """By day, device and sender."""

    def missing(self, window: Window) -> Sequence[Missing]: ...
    def named(self, window: Window, least: int) -> Sequence[Named]:
        """Everyone whom a sender's enrolments named at least so often, with all senders who had them named."""

    def face_pairs(self, window: Window) -> Sequence[FacePair]: ...
    def periods(self, window: Window) -> Iterable[Period]:
        """Oldest first."""

    def volume(self, window: Window) -> Volume: ...
    def concerned(self, found: Found, limit: int) -> Sequence[UUID]:
        """The latest enrolments that a finding is about, where its pattern does not name them."""

    def received_after(self, enrolments: Collection[UUID], at: datetime) -> int:
        """How many of these."""

    def open_cases(self, enrolments: Collection[UUID]) -> Sequence[Case]: ...


class OversightUnit(AdjudicationUnit, Protocol):
    @property
    def findings(self) -> Findings: ...
    @property
    def records(self) -> Records: ...
