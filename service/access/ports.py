"""What access needs of the database."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from service.access.domain import Token
from service.access.domain.areas import SiteArea
from service.access.domain.identities import Departure, Identity
from service.access.domain.operators import Operator, Session
from service.access.domain.passkeys import NewCredential, Passkey
from service.audit.ports import AuditUnit


class Tokens(Protocol):
    def add(self, one: Token) -> None: ...
    def by_hash(self, sha256: str) -> Token | None:
        """Whose secret, or secret before, has this hash."""

    def by_name(self, name: str) -> Token | None: ...
    def note_use(self, name: str, at: datetime, after: datetime) -> None:
        """Keep that it was used, unless a use since `after` is kept already."""

    def all(self) -> list[Token]: ...


class Operators(Protocol):
    def add(self, one: Operator) -> None: ...
    def by_key(self, key: int) -> Operator:
        """Raises NoSuchRow."""

    def by_name(self, name: str) -> Operator | None: ...
    def for_change(self, name: str) -> Operator | None:
        """The same, in a transaction that writes: others who ask so wait for its end."""

    def by_id_for_change(self, operator_id: UUID) -> Operator | None: ...
    def by_identity(self, issuer: str, subject: str) -> Operator | None:
        """Who an issuer's subject is, in a transaction that writes."""

    def totp_secret(self, one: Operator) -> str | None:
        """Of the second factor, in base32."""

    def keep_totp_secret(self, one: Operator, secret: str) -> None:
        """Sealed. The operator is in the database."""

    def all(self) -> list[Operator]: ...


class Sessions(Protocol):
    def add(self, one: Session) -> None: ...
    def by_hash(self, sha256: str) -> Session | None: ...
    def by_hash_afresh(self, sha256: str) -> Session | None:
        """The same, as it is in the database now, though the transaction has read it before."""

    def open_of(self, operator_key: int) -> list[Session]:
        """Those that were not closed, also where their time is over, in the order they were opened."""

    def close_all(self, operator_key: int, at: datetime, but: int | None = None) -> None:
        """but: the key of a session that stays."""

    def note_use(self, sha256: str, at: datetime, after: datetime) -> None:
        """Keep that it was used, unless a use since `after` is kept already."""


class Passkeys(Protocol):
    def add(self, one: Passkey) -> None: ...
    def of_operator(self, operator_key: int) -> list[Passkey]:
        """Those that were not revoked, in the order they were added."""

    def for_change(self, credential_id: bytes) -> Passkey | None:
        """One that was not revoked, in a transaction that writes: others who ask so wait for its end."""

    def revoke_all(self, operator_key: int, at: datetime) -> None: ...


class SiteAreas(Protocol):
    def within(self, area: str) -> Collection[str]:
        """The sites that lie in this area, or in one that lies in it."""

    def of(self, site: str) -> str | None: ...
    def put(self, site: str, area: str | None) -> None:
        """In place of the one before."""

    def all(self) -> list[SiteArea]:
        """By area and name."""


class UsedTickets(Protocol):
    def add(self, ticket_id: UUID, until: datetime, now: datetime) -> None:
        """Keep until then that it was used. Raises AlreadyThere where it was."""


class Issuer(Protocol):
    """Of OpenID Connect. Every method raises IssuerUnavailable."""

    def where_to(self, one: Departure) -> str:
        """The address that the browser is sent to."""

    def identify(self, code: str, stated_issuer: str | None, one: Departure) -> Identity:
        """Who came back with a code. stated_issuer: `iss` of RFC 9207. Raises Unauthenticated."""


class Authenticators(Protocol):
    """What holds passkeys, as browsers reach it. Answers are JSON."""

    def ask_for_new(self, one: Operator, known: Collection[Passkey], challenge: bytes) -> dict[str, Any]: ...
    def new(self, answer: Mapping[str, Any], challenge: bytes) -> NewCredential:
        """Raises PasskeyRefused."""

    def ask_for_any(self, challenge: bytes) -> dict[str, Any]: ...
    def proven(self, answer: Mapping[str, Any], one: Passkey, challenge: bytes) -> int:
        """How often the authenticator has signed. Raises Unauthenticated."""


class AccessUnit(AuditUnit, Protocol):
    @property
    def tokens(self) -> Tokens: ...
    @property
    def operators(self) -> Operators: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def passkeys(self) -> Passkeys: ...
    @property
    def site_areas(self) -> SiteAreas: ...
    @property
    def used_tickets(self) -> UsedTickets: ...
