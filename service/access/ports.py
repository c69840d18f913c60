"""What access needs of the database."""

from datetime import datetime
from typing import Protocol

from service.access.domain import Token
from service.kit.unit import UnitOfWork


class Tokens(Protocol):
    def add(self, one: Token) -> None: ...
    def by_hash(self, sha256: str) -> Token | None:
        """Whose secret, or secret before, has this hash."""

    def by_name(self, name: str) -> Token | None: ...
    def note_use(self, name: str, at: datetime, after: datetime) -> None:
        """Keep that it was used, unless a use since `after` is kept already."""

    def all(self) -> list[Token]: ...


class AccessUnit(UnitOfWork, Protocol):
    @property
    def tokens(self) -> Tokens: ...
