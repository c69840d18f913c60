"""What access needs of the database."""

from typing import Protocol

from service.access.domain import Token
from service.kit.unit import UnitOfWork


class Tokens(Protocol):
    def add(self, one: Token) -> None: ...
    def by_hash(self, sha256: str) -> Token | None: ...
    def by_name(self, name: str) -> Token | None: ...
    def all(self) -> list[Token]: ...


class AccessUnit(UnitOfWork, Protocol):
    @property
    def tokens(self) -> Tokens: ...
