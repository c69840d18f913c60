"""What receiving and keeping enrolments needs of the world."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from matcher import Capture, CaptureError, CaptureWarning, CutSlap, Position, Quality, Template
from service.enrolment.domain.enrolments import CaptureRecord, Enrolment, EnrolmentStatus, SlapRecord
from service.registry.ports import RegistryUnit

ERASED = "erased"
"""The topic under which people were erased: no snapshot from then on may hold them."""
TEMPLATES = "templates"
"""The topic of the change feed under which a person's templates, or their being searched at all, change."""


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """A template as it is stored: packed bytes, and the capture it came from."""

    capture_key: int
    position: str
    model: str
    content: bytes


@dataclass(frozen=True, slots=True)
class EnrolmentQuery:
    """A page of enrolments, oldest first. status, reason, sites: only these; None: all.

    after: the last of the page before.
    """

    status: EnrolmentStatus | None = None
    reason: str | None = None
    after: UUID | None = None
    limit: int = 50
    sites: Collection[str] | None = None


class Enrolments(Protocol):
    def add(self, one: Enrolment) -> None: ...
    def add_capture(self, one: CaptureRecord) -> None: ...
    def add_slap(self, one: SlapRecord) -> None: ...
    def by_id(self, enrolment_id: UUID) -> Enrolment | None: ...
    def by_key(self, key: int) -> Enrolment:
        """Raises NoSuchRow."""

    def by_keys(self, keys: Collection[int]) -> Mapping[int, Enrolment]: ...
    def captures(self, enrolment_key: int) -> Sequence[CaptureRecord]: ...
    def captures_of(self, enrolment_keys: Collection[int]) -> Mapping[int, Sequence[CaptureRecord]]:
        """By enrolment, in the order they were recorded."""

    def move_blob(self, former: str, name: str) -> None:
        """Have the captures and slaps of a blob refer to another."""

    def has_blob(self, name: str) -> bool:
        """Whether a capture or slap refers to this blob."""

    def capture(self, key: int) -> CaptureRecord:
        """Raises NoSuchRow."""

    def page(self, query: EnrolmentQuery) -> Sequence[Enrolment]: ...
    def received(self, limit: int) -> list[Enrolment]:
        """The oldest that no worker has begun with."""

    def begun(self, limit: int) -> list[Enrolment]:
        """Those that a worker began with and did not end; first those tried least, then the oldest."""

    def count_waiting(self) -> int:
        """Without an outcome."""

    def oldest_waiting(self) -> datetime | None:
        """When the oldest without an outcome was received."""

    def count_unusable(self) -> Mapping[str, int]:
        """By reason."""

    def in_review_of(self, person_keys: Sequence[int]) -> list[Enrolment]: ...
    def senders_of(self, person_keys: Collection[int]) -> Collection[str]:
        """The IDs of those who sent an enrolment of one of these people."""

    def count_by_status(self) -> Mapping[EnrolmentStatus, int]: ...


class Templates(Protocol):
    """The templates of people, and which people are searched."""

    def add(self, templates: Mapping[int, Sequence[TemplateRecord]]) -> None:
        """By person."""

    def of_people(self, person_keys: Sequence[int]) -> Mapping[int, Sequence[TemplateRecord]]: ...
    def move(self, loser_key: int, survivor_key: int) -> None: ...
    def searched(self, after_person: int) -> Mapping[int, Sequence[TemplateRecord]]:
        """The next people to be searched after this key, with their templates; empty at the end."""

    def searched_among(self, person_keys: Sequence[int]) -> Mapping[int, Sequence[TemplateRecord]]: ...
    def outdated(self, face_model: str, finger_model: str) -> Sequence[tuple[int, int]]:
        """(template key, capture key) of templates made by other models than these."""

    def replace(self, template_key: int, one: TemplateRecord) -> None: ...
    def drop(self, template_key: int) -> None: ...
    def drop_of_enrolment(self, enrolment_key: int) -> None: ...


class EnrolmentUnit(RegistryUnit, Protocol):
    @property
    def enrolments(self) -> Enrolments: ...
    @property
    def templates(self) -> Templates: ...


class Extractor(Protocol):
    """From captures to templates."""

    @property
    def models(self) -> Mapping[str, str]:
        """Modality to the hash of its networks."""

    def check(self, position: Position, content: bytes, dpi: float | None = None) -> tuple[CaptureWarning, ...]:
        """What is odd about this. Raises a CaptureError if it can never be used."""

    def cut_slap(
        self, content: bytes, part: str, missing: Collection[Position], dpi: float | None = None
    ) -> CutSlap: ...
    def quality(self, capture: Capture) -> Quality: ...
    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]: ...
