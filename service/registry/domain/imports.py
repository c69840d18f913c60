"""People who come from another system's table, each under the key that they have there."""

from dataclasses import dataclass
from datetime import date

from service.registry.domain.households import Role
from service.registry.domain.people import Demographics


@dataclass(frozen=True, slots=True)
class PersonRow:
    """What one row states. line: of the sheet, the header being 1. key: the source's own, of the person.

    household: the source's own key of it, or a household ID already issued; None: of no household. since: from when on
    they live there.
    """

    line: int
    key: str
    who: Demographics
    since: date
    household: str | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """That a row was taken in. token: stands for the source and its key; content: for what the row stated."""

    token: bytes
    content: bytes
    person_key: int
