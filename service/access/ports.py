"""What access needs of the database."""

from typing import Protocol

from service.access.domain import Token
from service.audit.ports import AuditUnit


class Tokens(Protocol):
    def add(self, one: Token) -> None: ...
    def by_hash(self, sha256: str) -> Token | None: ...
    def by_name(self, name: str) -> Token | None: ...
    def all(self) -> list[Token]: ...


class AccessUnit(AuditUnit, Protocol):
    @property
    def tokens(self) -> Tokens: ...
