"""Signed statements: the order to erase, kept outside the database, and the certificate that it was done."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service.audit.domain.checkpoints import Checkpoint
from service.audit.domain.entries import Entry
from service.kit.canonical import canonical
from service.privacy.domain.erasures import Destroyed, ErasedPerson, Erasure, Ground

ORDER, CERTIFICATE = "erasure order", "certificate of erasure"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Signed:
    """statement: canonical JSON. signature: Ed25519 over its bytes; public_key: raw; both in hex."""

    statement: str
    signature: str
    public_key: str

    @property
    def content(self) -> Mapping[str, Any]:
        """Raises ValueError or TypeError for a statement that is no JSON object."""
        found = json.loads(self.statement)
        return dict(found)

    def is_signed_by(self, public_key: str) -> bool:
        """public_key: raw, in hex."""
        return Checkpoint(0, datetime.min, self.statement, self.signature, self.public_key).is_signed_by(public_key)

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {"statement": self.statement, "signature": self.signature, "public_key": self.public_key}, sort_keys=True
        )


def signed_in(text: str) -> Signed:
    """What `Signed.line` wrote. Raises ValueError."""
    try:
        found = json.loads(text)
        return Signed(str(found["statement"]), str(found["signature"]), str(found["public_key"]))
    except (KeyError, TypeError):
        raise ValueError("this is no signed statement") from None


def order_of(one: Erasure) -> str:
    """What restored databases are told: whom to erase once more. Nothing personal."""
    return canonical(_head(one, ORDER) | _whom(one)).decode()


def certificate_of(one: Erasure, entry: Entry, key_encryption: str) -> str:
    """What was destroyed, by whom, when and why. entry: of the audit. key_encryption: ID of the key in use then."""
    stated = _head(one, CERTIFICATE) | _whom(one)
    stated |= {
        "cases": one.destroyed.cases,
        "destroyed": dict(one.destroyed.counts),
        "keys": one.destroyed.keys,
        "files": {each.name: each.sha256 for each in one.destroyed.files},
        "steps": {
            "files_deleted": one.files_at,
            "order_listed": one.listed_at,
            "snapshots_renewed": one.snapshots_at,
            "database_cleaned": one.cleaned_at,
        },
        "audit": {"entry": entry.place, "hash": entry.hash},
        "backups": f"copies from before need the key-encryption key {key_encryption}",
    }
    return canonical(stated).decode()


def certificate_in(one: Erasure) -> Signed | None:
    """None while it is not done."""
    if one.statement is None or one.signature is None or one.public_key is None:
        return None
    return Signed(one.statement, one.signature, one.public_key)


def _head(one: Erasure, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "version": VERSION,
        "erasure": one.id,
        "at": one.at,
        "by": one.by,
        "role": one.role,
        "ground": one.ground,
        "reference": one.reference,
    }


def _whom(one: Erasure) -> dict[str, Any]:
    people = [{"id": each.id, "number": each.number} for each in one.destroyed.people]
    return {"people": people, "enrolments": one.destroyed.enrolments}


@dataclass(frozen=True, slots=True)
class Listed:
    """An order as the list outside the database has it."""

    id: UUID
    at: datetime
    by: str
    role: str
    ground: Ground
    reference: str | None
    people: tuple[ErasedPerson, ...]
    enrolments: tuple[UUID, ...]


def listed_in(signed: Signed) -> Listed:
    """Raises ValueError for a statement that is no order."""
    try:
        found = signed.content
        if found["kind"] != ORDER:
            raise ValueError("this is no order to erase")
        people = tuple(ErasedPerson(UUID(one["id"]), one["number"]) for one in found["people"])
        return Listed(
            id=UUID(found["erasure"]),
            at=datetime.fromisoformat(found["at"]),
            by=str(found["by"]),
            role=str(found["role"]),
            ground=Ground(found["ground"]),
            reference=found["reference"],
            people=people,
            enrolments=tuple(map(UUID, found["enrolments"])),
        )
    except (KeyError, TypeError):
        raise ValueError("this is no order to erase") from None


def in_words(one: Erasure) -> str:
    """A line for people."""
    who = f"The person with the number {one.number}" if one.number else f"Enrolment {one.destroyed.enrolments[0]}"
    counts = sum_of(one.destroyed)
    return f"{who} was erased on {one.at:%Y-%m-%d at %H:%M} UTC by {one.by} ({one.ground}): {counts}."


def sum_of(destroyed: Destroyed) -> str:
    """What is or was there, in words."""
    named = {
        "records of people": len(destroyed.people),
        "enrolments": len(destroyed.enrolments),
        "files": len(destroyed.files),
        "keys": len(destroyed.keys),
        **destroyed.counts,
    }
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in named.items())
