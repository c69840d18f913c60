"""Enrolments: what a counter sent, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.registry.domain.households import HouseholdClaim
from service.registry.domain.people import Demographics

IDENTICAL_FILES = "identical_files"
"""Warning: one file was sent as captures of several positions."""
PROCESSING_FAILED = "processing_failed"
NO_USABLE_CAPTURE = "no_usable_capture"
CAPTURE_MISSING = "capture_missing"
CAPTURE_ALTERED = "capture_altered"
PERSON_GONE = "person_gone"
"""The person to whom captures were to be added is no more there."""
ERASED_HASH = "erased"
REOPENED = (PROCESSING_FAILED, CAPTURE_MISSING, CAPTURE_ALTERED)
"""Reasons that are not the captures' own: once what was wrong is corrected, the enrolment can be processed again."""


class EnrolmentStatus(StrEnum):
    """received and processing become one of the next three; in_review becomes enrolled or unusable by a decision.

    processing: a worker began it, and is at it or was ended. erased: nothing is known but that it was sent.
    """

    RECEIVED = "received"
    PROCESSING = "processing"
    ENROLLED = "enrolled"
    IN_REVIEW = "in_review"
    UNUSABLE = "unusable"
    ERASED = "erased"


WAITING = (EnrolmentStatus.RECEIVED, EnrolmentStatus.PROCESSING)


class ExceptionReason(StrEnum):
    """Why a position could not be captured. None of them keeps a person from being enrolled."""

    AMPUTATED = "amputated"
    BANDAGED = "bandaged"
    DAMAGED = "damaged"
    INFANT = "infant"
    DISABILITY = "disability"
    REFUSED = "refused"
    DEVICE_FAILED = "device_failed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PositionException:
    position: str
    reason: ExceptionReason


@dataclass(frozen=True, slots=True)
class Consent:
    """reference: the paper or recording that shows it, as the client names it."""

    given: bool
    at: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Liveness:
    """What a capture device found of the presentation being a living person's (ISO/IEC 30107-3).

    score: in the vendor's own scale. level: what the device was tested to, as its vendor states it.
    """

    score: float
    vendor: str
    level: str | None = None


@dataclass(frozen=True, slots=True)
class CaptureWarning:
    """One odd thing about a capture that is used all the same. code: stable. detail: a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class SentCapture:
    """One file of a request, under the name the client gave its part: a position, or a slap.

    dpi: the client's, over the header's. liveness: what the capture device states. warnings: of the slap, if it was cut
    from one; a file of a request has none before it is read.
    """

    position: str
    content: bytes
    dpi: float | None = None
    liveness: Liveness | None = None
    warnings: tuple[CaptureWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class EnrolCommand:
    """What a counter asks. id: chosen by the client, so that asking twice changes nothing.

    adds_to: the number of the person to whom the captures are added, who then states nothing else anew.
    """

    id: UUID
    site: str
    device: str
    captured_at: datetime
    consent: Consent
    demographics: Demographics
    claim: HouseholdClaim | None = None
    exceptions: tuple[PositionException, ...] = ()
    adds_to: str | None = None


@dataclass(eq=False)
class CaptureRecord:
    """One capture of an enrolment. quality: 0 to 100 once it was extracted.

    blob: the name of its bytes; None once their period is over.

    liveness: the device's own evidence, carried along for operators to see.

    problem: a stable code when nothing could be extracted; `detail` states it in a sentence.
    ridge_period_px: of a print, in pixels at 500 dpi by the resolution believed; None where it is unknown.
    warnings: what was odd about the file when it was received.
    """

    enrolment_key: int
    position: str
    blob: str | None
    dpi: float | None = None
    quality: int | None = None
    reasons: list[str] = field(default_factory=list)
    problem: str | None = None
    detail: str | None = None
    liveness: Liveness | None = None
    warnings: list[CaptureWarning] = field(default_factory=list)
    ridge_period_px: float | None = None
    key: int = field(init=False)


@dataclass(eq=False)
class SlapRecord:
    """A slap as it came. Its fingers were cut from it as captures; one day they may be cut better.

    blob: None once the period of its bytes is over.
    """

    enrolment_key: int
    slap: str
    blob: str | None
    dpi: float | None = None
    key: int = field(init=False)


@dataclass(eq=False)
class Enrolment:
    """content_hash: tells a repeated post from a changed one, see `content.content_hash`. sent_by: the actor's ID.

    attempts: how often a worker began with it alone, after it or others in its batch had failed. reason: why it is
    unusable.
    claim: the household as the client named it; household_key: the one that was found or made for it.
    adds_to_key: the person to whom the captures are to be added; None where they make one. person_key: of whom they are
    then, while in review of somebody provisional.
    """

    id: UUID
    content_hash: str
    sent_by: str
    site: str
    device: str
    captured_at: datetime
    received_at: datetime
    consent: Consent
    demographics: Demographics
    exceptions: tuple[PositionException, ...]
    claim: HouseholdClaim | None = None
    household_key: int | None = None
    status: EnrolmentStatus = EnrolmentStatus.RECEIVED
    attempts: int = 0
    person_key: int | None = None
    reason: str | None = None
    finished_at: datetime | None = None
    adds_to_key: int | None = None
    key: int = field(init=False)

    def finish(self, status: EnrolmentStatus, at: datetime, reason: str | None = None) -> None:
        """at: a clock that was set back finishes nothing before it was received."""
        self.status, self.finished_at, self.reason = status, max(at, self.received_at), reason

    def reopen(self) -> None:
        """Let it be processed from the start again."""
        self.status, self.attempts = EnrolmentStatus.RECEIVED, 0
        self.reason = self.finished_at = None

    def erase(self) -> None:
        """Leave a tombstone: that this UUID was sent, by whom and from where. The hash would confirm a guess."""
        self.status, self.content_hash, self.reason = EnrolmentStatus.ERASED, ERASED_HASH, None
        self.captured_at, self.consent = self.received_at, Consent(given=False)
        self.demographics, self.exceptions = Demographics(names=()), ()
        self.claim = self.household_key = self.adds_to_key = None
