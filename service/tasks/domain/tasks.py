"""Tasks: what somebody should look at, about a household or a person, until it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from service.tasks.errors import OutcomeUnfit, TaskClosed


class TaskKind(StrEnum):
    """head_missing: the head left, and others remain. two_heads: a member came as head beside one.

    child_headed: the head is a child, which is allowed. document_expired: a document's validity has ended. turning_18:
    a member comes of age this month. captures_due: a child has reached an age at which captures are taken again.
    demographic_conflict: two members of one household were one person, so its records contradict each other.
    probable_duplicate: a person's papers or demographics are those of another. document_disputed: a document was
    stated of a person that another one has.
    """

    HEAD_MISSING = "head_missing"
    TWO_HEADS = "two_heads"
    CHILD_HEADED = "child_headed"
    DOCUMENT_EXPIRED = "document_expired"
    TURNING_18 = "turning_18"
    CAPTURES_DUE = "captures_due"
    DEMOGRAPHIC_CONFLICT = "demographic_conflict"
    PROBABLE_DUPLICATE = "probable_duplicate"
    DOCUMENT_DISPUTED = "document_disputed"


class TaskState(StrEnum):
    """open: no one's yet. assigned: has an owner. cancelled: there was nothing to do any more."""

    OPEN = "open"
    ASSIGNED = "assigned"
    DONE = "done"
    CANCELLED = "cancelled"


UNCLOSED = (TaskState.OPEN, TaskState.ASSIGNED)


class Outcome(StrEnum):
    """How a task ended, by code. not_needed: what it asked for is no longer so. other: the words state how."""

    HEAD_NAMED = "head_named"
    HEAD_CONFIRMED = "head_confirmed"
    HOUSEHOLD_SPLIT = "household_split"
    HOUSEHOLD_DISSOLVED = "household_dissolved"
    CHILDREN_ALONE = "children_alone"
    GUARDIAN_FOUND = "guardian_found"
    FAMILY_SUPPORTED = "family_supported"
    DOCUMENT_RENEWED = "document_renewed"
    DOCUMENT_WITHDRAWN = "document_withdrawn"
    STAYS = "stays"
    OWN_HOUSEHOLD = "own_household"
    CAPTURES_ADDED = "captures_added"
    NOT_POSSIBLE = "not_possible"
    RECORD_CORRECTED = "record_corrected"
    SAME_PERSON = "same_person"
    DISTINCT = "distinct"
    NOT_NEEDED = "not_needed"
    OTHER = "other"


_ALWAYS = frozenset({Outcome.NOT_NEEDED, Outcome.OTHER})
OUTCOMES: Mapping[TaskKind, frozenset[Outcome]] = {
    TaskKind.HEAD_MISSING: _ALWAYS | {Outcome.HEAD_NAMED, Outcome.CHILDREN_ALONE, Outcome.HOUSEHOLD_DISSOLVED},
    TaskKind.TWO_HEADS: _ALWAYS | {Outcome.HEAD_CONFIRMED, Outcome.HOUSEHOLD_SPLIT},
    TaskKind.CHILD_HEADED: _ALWAYS | {Outcome.GUARDIAN_FOUND, Outcome.FAMILY_SUPPORTED, Outcome.HEAD_NAMED},
    TaskKind.DOCUMENT_EXPIRED: _ALWAYS | {Outcome.DOCUMENT_RENEWED, Outcome.DOCUMENT_WITHDRAWN},
    TaskKind.TURNING_18: _ALWAYS | {Outcome.STAYS, Outcome.OWN_HOUSEHOLD},
    TaskKind.CAPTURES_DUE: _ALWAYS | {Outcome.CAPTURES_ADDED, Outcome.NOT_POSSIBLE},
    TaskKind.DEMOGRAPHIC_CONFLICT: _ALWAYS | {Outcome.RECORD_CORRECTED},
    TaskKind.PROBABLE_DUPLICATE: _ALWAYS | {Outcome.SAME_PERSON, Outcome.DISTINCT},
    TaskKind.DOCUMENT_DISPUTED: _ALWAYS
    | {Outcome.RECORD_CORRECTED, Outcome.DOCUMENT_WITHDRAWN, Outcome.SAME_PERSON, Outcome.DISTINCT},
}
"""What may become of each kind."""


@dataclass(frozen=True, slots=True)
class About:
    """A household, or else a person, by the keys under which the registry has them; nothing else of them is known here.

    person: in a task about a household, the member it is about, which does not tell two tasks apart. ref: tells several
    tasks of one kind about one person apart, such as the ID of a document.
    """

    household: int | None = None
    person: int | None = None
    ref: str = ""

    def __post_init__(self) -> None:
        assert self.household is not None or self.person is not None

    @property
    def subject(self) -> tuple[int | None, int | None, str]:
        """What there is at most one unclosed task of each kind about."""
        return self.household, None if self.household is not None else self.person, self.ref


def of_household(key: int, person: int | None = None) -> About:
    return About(household=key, person=person)


def of_person(key: int, ref: str = "") -> About:
    return About(person=key, ref=ref)


@dataclass(eq=False)
class Task:
    """due: a day by which it should be done; None: no day. details: codes and figures, such as an age.

    owner: `operator:NAME`, `role:ROLE` or `site:SITE`. closed_by: the actor's ID. words: an operator's, on its end.
    """

    id: UUID
    kind: TaskKind
    household_key: int | None
    person_key: int | None
    ref: str
    opened_at: datetime
    due: date | None = None
    details: dict[str, str | int] = field(default_factory=dict)
    owner: str | None = None
    state: TaskState = TaskState.OPEN
    outcome: Outcome | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    words: str | None = None
    key: int = field(init=False)

    @property
    def about(self) -> About:
        return About(self.household_key, self.person_key, self.ref)

    def assign(self, owner: str) -> None:
        """Raises TaskClosed."""
        self._require_unclosed()
        self.state, self.owner = TaskState.ASSIGNED, owner

    def close(self, outcome: Outcome, words: str | None, by: str, at: datetime) -> None:
        """Not before it was opened, though the clock was set back. Raises TaskClosed, OutcomeUnfit."""
        self._require_unclosed()
        if outcome not in OUTCOMES[self.kind]:
            fit = ", ".join(sorted(OUTCOMES[self.kind]))
            raise OutcomeUnfit(f"a task of the kind {self.kind} ends as one of {fit}", "outcome")
        if outcome is Outcome.OTHER and not words:
            raise OutcomeUnfit("state in words how it ended", "words")
        self.state = TaskState.CANCELLED if outcome is Outcome.NOT_NEEDED else TaskState.DONE
        self.outcome, self.words, self.closed_by, self.closed_at = outcome, words, by, max(at, self.opened_at)

    def _require_unclosed(self) -> None:
        if self.state not in UNCLOSED:
            raise TaskClosed(f"task {self.id} was closed on {self.closed_at:%Y-%m-%d %H:%M} as {self.outcome}")
