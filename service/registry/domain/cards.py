"""Household cards: what a family carries to show which household it is."""

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from service.kit.ids import new_uuid
from service.registry.domain.people import Demographics, NameKind

SERIAL_BYTES = 5
SHOWN_SCRIPTS = ("Latn", "Arab")
"""Names on a card are in these, in this order; of other scripts only where a person has none of these."""
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of Crockford's base 32: no I, L, O or U, which are taken for others."""


class CardReason(StrEnum):
    """Why a card was made. Any but the first replaces the one before, which counts no more."""

    FIRST = "first"
    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    CHANGED = "changed"


class CardState(StrEnum):
    """unknown: of this registry by its signature, and not in it, such as after a restored backup."""

    VALID = "valid"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(eq=False)
class Card:
    """One card as it was issued. serial: eight letters and digits. person_key: whose name is on it.

    name: as printed, whole, in one or two scripts. payload: the text of its QR code. Both None once that person was
    erased. revoked_by: the actor's ID.
    """

    household_key: int
    person_key: int | None
    serial: str
    issued_on: date
    issued_by: str
    reason: CardReason
    name: tuple[str, ...] | None
    payload: str | None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    id: UUID = field(default_factory=new_uuid)
    key: int = field(init=False)

    def revoke(self, by: str, at: datetime) -> None:
        """Once; a card that was revoked stays so since then."""
        if self.revoked_at is None:
            self.revoked_at, self.revoked_by = at, by


def new_serial() -> str:
    """Forty random bits."""
    return serial_text(secrets.token_bytes(SERIAL_BYTES))


def serial_text(content: bytes) -> str:
    number = int.from_bytes(content, "big")
    return "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(8)))


def serial_bytes(text: str) -> bytes:
    """Raises ValueError for what is no serial."""
    number = 0
    for letter in text:
        number = number << 5 | _LETTERS.index(letter)
    return number.to_bytes(SERIAL_BYTES, "big")


def typed_serial(text: str) -> str:
    """As people type it: small letters, spaces, hyphens, and the letters that are not used."""
    typed = "".join(text.split()).replace("-", "").upper()
    return typed.translate(str.maketrans("OILU", "011V"))


def printed_names(who: Demographics) -> tuple[str, ...]:
    """The whole name in each script that cards show, or in whatever there is; at least one."""
    whole = {script: name for script in SHOWN_SCRIPTS if (name := _whole(who, script))}
    if whole:
        return tuple(whole.values())
    others = [name for one in who.names if (name := _whole(who, one.script))]
    return (others[0],) if others else ("—",)


def _whole(who: Demographics, script: str) -> str:
    names = {one.kind: one.full for one in reversed(who.names) if one.script == script}
    if NameKind.FULL in names:
        return names[NameKind.FULL]
    return " ".join(names[kind] for kind in (NameKind.GIVEN, NameKind.FAMILY) if kind in names)
