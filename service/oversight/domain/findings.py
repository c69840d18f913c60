"""Findings: what a pattern states about a device, a sender or a person, until an operator closes it."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.oversight.errors import FindingClosed


class Pattern(StrEnum):
    """Codes are stable: clients depend on them.

    poor_prints_burst: far more poor prints on one day than the registry has. exceptions_with_matching_face: fingers
    declared missing while the face matches somebody who has them. sender_in_enrolments: one sender's unrelated
    enrolments resemble the same person. new_fingers_for_a_face: one face comes with ever new fingers.
    resolution_drift: a scanner's ridges do not fit its resolution.
    """

    POOR_PRINTS_BURST = "poor_prints_burst"
    EXCEPTIONS_WITH_MATCHING_FACE = "exceptions_with_matching_face"
    SENDER_IN_ENROLMENTS = "sender_in_enrolments"
    NEW_FINGERS_FOR_A_FACE = "new_fingers_for_a_face"
    RESOLUTION_DRIFT = "resolution_drift"


class Kind(StrEnum):
    """Whom a finding is about. sender: the actor whose token sent enrolments."""

    DEVICE = "device"
    SENDER = "sender"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Subject:
    """name: a device's at its site; an actor's ID; a person's ID. site: of a device, empty for others."""

    kind: Kind
    name: str
    site: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a pattern found.

    scope: what tells two findings of one pattern and subject apart: a day, a person's ID, a resolution; may be empty.
    count: what was counted; of: among how many; expected: how many chance would give.
    measured, usual: ridge periods in pixels at 500 dpi, of resolution_drift alone.
    since, until: when what was counted was received. enrolments: the latest concerned.
    """

    pattern: Pattern
    subject: Subject
    scope: str
    count: int
    of: int
    expected: float
    since: datetime
    until: datetime
    measured: float | None = None
    usual: float | None = None
    enrolments: tuple[UUID, ...] = ()

    @property
    def identity(self) -> "Identity":
        return Identity(self.pattern, self.subject, self.scope)

    def concerning(self, enrolments: Sequence[UUID]) -> "Found":
        return replace(self, enrolments=tuple(enrolments))


@dataclass(frozen=True, slots=True)
class Identity:
    """There is at most one open finding of each."""

    pattern: Pattern
    subject: Subject
    scope: str


class FindingStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(eq=False)
class Finding:
    """What was found, as of the last run that changed it. closed_by: the actor's ID."""

    id: UUID
    pattern: Pattern
    kind: Kind
    name: str
    site: str
    scope: str
    count: int
    of: int
    expected: float
    since: datetime
    until: datetime
    measured: float | None
    usual: float | None
    enrolments: tuple[UUID, ...]
    found_at: datetime
    status: FindingStatus = FindingStatus.OPEN
    closed_by: str | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    key: int = field(init=False)

    @property
    def identity(self) -> Identity:
        return Identity(self.pattern, Subject(self.kind, self.name, self.site), self.scope)

    def update(self, found: Found) -> None:
        """Take over what a later run found. Nothing changes where it found the same."""
        self.count, self.of, self.expected = found.count, found.of, found.expected
        self.since, self.until = found.since, found.until
        self.measured, self.usual, self.enrolments = found.measured, found.usual, found.enrolments

    def close(self, reason: str, by: str, at: datetime) -> None:
        """Not before it was found, though the clock was set back. Raises FindingClosed."""
        if self.status is not FindingStatus.OPEN:
            raise FindingClosed(f"finding {self.id} was closed on {self.closed_at:%Y-%m-%d %H:%M}")
        self.status, self.reason = FindingStatus.CLOSED, reason
        self.closed_by, self.closed_at = by, max(at, self.found_at)


def new_finding(finding_id: UUID, found: Found, at: datetime) -> Finding:
    return Finding(
        id=finding_id,
        pattern=found.pattern,
        kind=found.subject.kind,
        name=found.subject.name,
        site=found.subject.site,
        scope=found.scope,
        count=found.count,
        of=found.of,
        expected=found.expected,
        since=found.since,
        until=found.until,
        measured=found.measured,
        usual=found.usual,
        enrolments=found.enrolments,
        found_at=at,
    )


def people_in(findings: Iterable[Finding]) -> set[UUID]:
    """The IDs of those that findings are about, by name or by scope; not devices, senders, days and resolutions."""
    found = set()
    for name in (name for one in findings for name in (one.name, one.scope)):
        with suppress(ValueError):
            found.add(UUID(name))
    return found
