"""Signed statements of how far every lane had come: what they cover can be neither cut off nor written anew."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.audit.domain.entries import BEGINNING
from service.kit.canonical import canonical


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a lane: its number, 0 where there is none, and its hash."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """number: from 1. statement: canonical JSON. signature: Ed25519 over its bytes; public_key: raw; both in hex."""

    number: int
    at: datetime
    statement: str
    signature: str
    public_key: str

    @property
    def heads(self) -> dict[int, Head]:
        """By lane. Raises ValueError or KeyError for a statement that is none."""
        found = json.loads(self.statement)["heads"]
        return {int(lane): Head(int(one["number"]), str(one["hash"])) for lane, one in found.items()}

    @property
    def previous(self) -> str:
        return str(json.loads(self.statement)["previous"])

    @property
    def is_of_its_row(self) -> bool:
        """Whether number and time beside the statement are those that it states."""
        stated = json.loads(self.statement)
        return bool(stated["number"] == self.number and stated["at"] == self.at.astimezone(UTC).isoformat())

    def digest(self) -> str:
        return hashlib.sha256(self.statement.encode()).hexdigest()

    def is_signed_by(self, public_key: str) -> bool:
        """public_key: raw, in hex."""
        if self.public_key != public_key:
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
            key.verify(bytes.fromhex(self.signature), self.statement.encode())
        except (InvalidSignature, ValueError):
            return False
        return True

    def line(self) -> str:
        """As it is kept outside the database: one line of JSON."""
        return json.dumps(
            {"statement": self.statement, "signature": self.signature, "public_key": self.public_key}, sort_keys=True
        )


def statement(number: int, at: datetime, heads: Mapping[int, Head], before: Checkpoint | None) -> str:
    """What a checkpoint states: its number and time, every lane's head, and the hash of the statement before it."""
    previous = BEGINNING if before is None else before.digest()
    lanes = {str(lane): {"number": one.number, "hash": one.hash} for lane, one in heads.items()}
    return canonical({"number": number, "at": at, "heads": lanes, "previous": previous}).decode()
