"""What the use cases need of the world, each with one real implementation behind it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self
from uuid import UUID

from matcher import Candidate, Capture, CaptureError, Comparison, Position, Quality, Template
from service.domain.access import Token
from service.domain.cases import Case, CaseCandidate, CaseStatus, Origin
from service.domain.enrolments import CaptureRecord, Enrolment, EnrolmentStatus
from service.domain.households import Household, Membership
from service.domain.people import Person


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """A template as it is stored: packed bytes, and the capture it came from."""

    capture_key: int
    position: str
    model: str
    content: bytes


class Enrolments(Protocol):
    def add(self, one: Enrolment) -> None: ...
    def add_capture(self, one: CaptureRecord) -> None: ...
    def by_id(self, enrolment_id: UUID) -> Enrolment | None: ...
    def by_key(self, key: int) -> Enrolment: ...
    def captures(self, enrolment_key: int) -> list[CaptureRecord]: ...
    def capture(self, key: int) -> CaptureRecord: ...
    def waiting(self, limit: int) -> list[Enrolment]:
        """The oldest that have no outcome yet, in the order they were accepted."""

    def in_review_of(self, person_keys: Sequence[int]) -> list[Enrolment]: ...
    def count_by_status(self) -> Mapping[EnrolmentStatus, int]: ...


class People(Protocol):
    def add(self, one: Person) -> None: ...
    def by_key(self, key: int) -> Person: ...
    def by_number(self, number: str) -> Person | None: ...
    def survivor_of(self, one: Person) -> Person:
        """The person all aliases lead to; the person itself if it was never merged."""

    def aliases_of(self, person_key: int) -> list[Person]: ...
    def number_taken(self, number: str) -> bool: ...
    def add_templates(self, person_key: int, templates: Sequence[TemplateRecord]) -> None: ...
    def templates(self, person_keys: Sequence[int]) -> Mapping[int, list[TemplateRecord]]: ...
    def move_templates(self, loser_key: int, survivor_key: int) -> None: ...


class Households(Protocol):
    def add(self, one: Household) -> None: ...
    def by_key(self, key: int) -> Household: ...
    def by_client_id(self, client_id: UUID) -> Household | None: ...
    def by_registry_id(self, registry_id: str) -> Household | None: ...
    def survivor_of(self, one: Household) -> Household: ...
    def registry_id_taken(self, registry_id: str) -> bool: ...
    def add_membership(self, one: Membership) -> None: ...
    def members(self, household_key: int) -> list[Membership]:
        """Memberships that last, oldest first."""

    def current_of(self, person_key: int) -> Membership | None: ...


class Cases(Protocol):
    def add(self, one: Case) -> None: ...
    def add_candidate(self, one: CaseCandidate) -> None: ...
    def by_id(self, case_id: UUID) -> Case | None: ...
    def of_enrolment(self, enrolment_key: int) -> Case | None: ...
    def candidates(self, case_key: int) -> list[CaseCandidate]: ...
    def holding_back(self, person_keys: Sequence[int]) -> list[Case]:
        """Open cases of enrolments whose newcomer is one of these. A case of the gallery holds nobody back."""

    def open_of_gallery(self, person_keys: Sequence[int]) -> list[Case]:
        """Open cases of the gallery whose newcomer is one of these."""

    def between(self, some: Sequence[int], others: Sequence[int]) -> bool:
        """Whether a case, open or decided, is about one of `some` and one of `others`.

        One decided as same_person speaks only of those it made one, so of nobody who is still two people.
        """

    def page(self, status: CaseStatus | None, origin: Origin | None, after: UUID | None, limit: int) -> list[Case]: ...
    def count_open(self) -> Mapping[Origin, int]: ...
    def count_raised(self, since: datetime) -> int:
        """How many cases of the gallery were opened from then on."""


class GalleryLog(Protocol):
    """The order in which the gallery must follow the database."""

    def lock(self) -> None:
        """Let no other transaction change who is enrolled until this one ends."""

    def changed(self, person_key: int) -> None:
        """Note that a person's templates, or their being searched at all, changed."""

    def after(self, sequence: int) -> tuple[int, list[int]]:
        """The last sequence number, and whose templates changed since `sequence`."""

    def last(self) -> int:
        """The number of the latest change."""

    def mark_of(self, sequence: int) -> str | None:
        """What tells this change from every other ever made, in any database; None where there is no such change."""

    def sequence_of(self, mark: str) -> int | None:
        """Which change of this database has the mark, if any."""

    def searched(self, after_person: int) -> Mapping[int, list[TemplateRecord]]:
        """The next people to be searched after this key, with their templates; empty at the end."""

    def searched_among(self, person_keys: Sequence[int]) -> Mapping[int, list[TemplateRecord]]: ...
    def outdated(self, face_model: str, finger_model: str) -> list[tuple[int, int]]:
        """(template key, capture key) of templates made by other models than these."""

    def replace(self, template_key: int, one: TemplateRecord) -> None: ...
    def drop(self, template_key: int) -> None: ...
    def drop_of_enrolment(self, enrolment_key: int) -> None: ...


class Tokens(Protocol):
    def add(self, one: Token) -> None: ...
    def by_hash(self, sha256: str) -> Token | None: ...
    def by_name(self, name: str) -> Token | None: ...
    def all(self) -> list[Token]: ...


class UnitOfWork(Protocol):
    """One transaction. Leaving the block without `commit()` keeps nothing."""

    @property
    def enrolments(self) -> Enrolments: ...
    @property
    def people(self) -> People: ...
    @property
    def households(self) -> Households: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def gallery(self) -> GalleryLog: ...
    @property
    def tokens(self) -> Tokens: ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
    def flush(self) -> None:
        """Send what is pending, so that keys are known. Raises AlreadyThere where a unique value is taken."""

    def commit(self) -> None: ...


class AlreadyThere(Exception):
    """A value that must be unique was taken by another transaction."""


class Storage(Protocol):
    """Opens transactions. `write` waits for its turn where only one may write; `read` never waits."""

    def read(self) -> AbstractContextManager[UnitOfWork]: ...
    def write(self) -> AbstractContextManager[UnitOfWork]: ...


class Blobs(Protocol):
    """Bytes by name. What `put` returned from is on disk."""

    def put(self, name: str, content: bytes) -> None: ...
    def get(self, name: str) -> bytes: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Now, in UTC."""


class Engine(Protocol):
    """Recognition and search. One process's today; a cluster's later."""

    @property
    def models(self) -> Mapping[str, str]: ...
    def warm_up(self) -> None:
        """Do now what the first search would otherwise wait for."""

    def check(self, position: Position, content: bytes, dpi: float | None = None) -> None:
        """Raise a CaptureError if this can never be used."""

    def cut_slap(
        self, content: bytes, part: str, missing: Collection[Position], dpi: float | None = None
    ) -> list[tuple[Position, bytes]]: ...
    def quality(self, capture: Capture) -> Quality: ...
    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]: ...
    def compare(self, probe: Sequence[Template], reference: Sequence[Template]) -> Comparison: ...
    def replace(self, key: int, templates: Sequence[Template]) -> None:
        """Enrol somebody in place of whoever has the key, so that no search finds neither."""

    def remove(self, key: int) -> None: ...
    def clear(self) -> None: ...
    def compact(self) -> None:
        """Let nothing remain of anybody removed, in memory or in what is saved from now on."""

    def search(self, templates: Sequence[Template], limit: int, *, any_finger: bool = False) -> list[Candidate]:
        """any_finger: whatever position a finger is said to be of, it may be another."""

    def search_many(self, templates_of_many: Sequence[Sequence[Template]], limit: int) -> list[list[Candidate]]: ...
    def __len__(self) -> int: ...
    def save(self, folder: Path, sequence: int) -> None: ...
    def load(self, folder: Path) -> int | None: ...
