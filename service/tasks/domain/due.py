"""Days on which a task is to be opened, known before."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.tasks.domain.tasks import TaskKind


class DueKind(StrEnum):
    """What a day brings: a task of the kind of the same name. birth_changed: the person's birth is to be read again."""

    DOCUMENT_EXPIRED = TaskKind.DOCUMENT_EXPIRED.value
    TURNING_18 = TaskKind.TURNING_18.value
    CAPTURES_DUE = TaskKind.CAPTURES_DUE.value
    BIRTH_CHANGED = "birth_changed"

    @property
    def task(self) -> TaskKind:
        return TaskKind(self.value)


OF_BIRTH = (DueKind.TURNING_18, DueKind.CAPTURES_DUE)


@dataclass(frozen=True, slots=True)
class Due:
    """What a day brings a person. There is at most one of each kind, person and ref.

    on: kept in plain, so of a birth never the day: the first of the month in which an age is reached. ref: an age, or
    the ID of a document.
    """

    kind: DueKind
    person: int
    on: date
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the births of people were read. after: the key of the last one. ages: those they were read for."""

    after: int
    ages: tuple[int, ...]
