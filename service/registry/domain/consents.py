"""Consent to share what is known of a person, per purpose and programme: a record that is only ever added to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ConsentAct(StrEnum):
    """given: for the first time, or after it was revoked. changed: given anew, such as to another text."""

    GIVEN = "given"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class StatedConsent:
    """What is stated of consent. id: the client's choice. purpose: a code, such as `food_assistance`.

    programme: a code; None: all programmes of this purpose. given: otherwise it is revoked. guardian: the number of the
    person who gives it for another; guardian_name: where they have none. text_version: of what was read to them.
    """

    id: UUID
    purpose: str
    programme: str | None
    given: bool
    text_version: str | None = None
    guardian: str | None = None
    guardian_name: str | None = field(default=None, repr=False)
    paper: str | None = field(default=None, repr=False)
    words: str | None = field(default=None, repr=False)

    @property
    def by_guardian(self) -> bool:
        return self.guardian is not None or self.guardian_name is not None


@dataclass(eq=False)
class ConsentRecord:
    """One act of consent, from the instant `at` on. by: the ID of the actor who recorded it. paper: what shows it."""

    id: UUID
    person_key: int
    purpose: str
    programme: str | None
    act: ConsentAct
    at: datetime
    by: str
    role: str
    site: str | None
    text_version: str | None = None
    guardian_key: int | None = None
    guardian_name: str | None = None
    paper: str | None = None
    words: str | None = None
    key: int = field(init=False)

    @property
    def stands(self) -> bool:
        """Whether it is consent, until a later act."""
        return self.act is not ConsentAct.REVOKED

    def states(self, one: StatedConsent, guardian_key: int | None) -> bool:
        """Whether it records this."""
        mine = (self.purpose, self.programme, self.stands, self.text_version, self.guardian_key)
        words = (self.guardian_name, self.paper, self.words)
        return mine == (one.purpose, one.programme, one.given, one.text_version, guardian_key) and words == (
            one.guardian_name,
            one.paper,
            one.words,
        )


def newest(records: Iterable[ConsentRecord], purpose: str, programme: str | None) -> ConsentRecord | None:
    """The last act about exactly this. records: of one person, oldest first."""
    found = [one for one in records if (one.purpose, one.programme) == (purpose, programme)]
    return found[-1] if found else None


def is_allowed(records: Iterable[ConsentRecord], purpose: str, programme: str | None) -> bool:
    """Whether a person's data may be shared. records: of one person, oldest first.

    What was revoked for a programme stays so until it is given for that programme again; what was revoked for all
    programmes is so for each, until it is given again.
    """
    some = list(records)
    general = newest(some, purpose, None)
    special = None if programme is None else newest(some, purpose, programme)
    if special is None:
        return general is not None and general.stands
    if not special.stands:
        return False
    return general is None or general.stands or general.key < special.key
