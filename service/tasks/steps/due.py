"""Planning tasks for days that are known before, in the transaction of what makes them known."""

from collections.abc import Collection
from datetime import date

from service.tasks.domain.due import OF_BIRTH, Due, DueKind
from service.tasks.ports import TaskUnit


def plan_expiry(uow: TaskUnit, person: int, document: str, on: date | None) -> None:
    """Have a task opened the day a document is valid no longer; None: it is valid for ever, or counts no more.

    document: its ID. A document that is replaced or withdrawn is planned anew by this too.
    """
    uow.dues.drop([person], (DueKind.DOCUMENT_EXPIRED,), document)
    if on is not None:
        uow.dues.put([Due(DueKind.DOCUMENT_EXPIRED, person, on, document)])


def note_birth_changed(uow: TaskUnit, person: int, today: date) -> None:
    """Have the birth of a person whose record was corrected read again, the next night."""
    uow.dues.drop([person], OF_BIRTH)
    uow.dues.put([Due(DueKind.BIRTH_CHANGED, person, today)])


def drop_dues(uow: TaskUnit, people: Collection[int]) -> None:
    """Nothing becomes due any more of people who died or were withdrawn."""
    uow.dues.drop(people, tuple(DueKind))
