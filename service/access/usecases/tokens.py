"""Making, listing, revoking and recognising bearer tokens."""

import unicodedata
from dataclasses import dataclass

from service.access.domain import AccessRole, Token, hash_secret, new_secret
from service.access.errors import Unauthenticated
from service.access.ports import AccessUnit
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import AlreadyThere, MalformedRequest
from service.kit.unit import Storage

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a token may be used: at one site, and with one device. None: anywhere."""

    site: str | None = None
    device: str | None = None


ANYWHERE = Bounds()


def create_token(
    name: str,
    role: AccessRole,
    *,
    actor: Actor,
    storage: Storage[AccessUnit],
    clock: Clock,
    bounds: Bounds = ANYWHERE,
) -> str:
    """A new bearer secret; only its hash is kept. Raises MalformedRequest where the name is taken."""
    _check_length(name, "name")
    site, device = _checked(bounds.site, "site"), _checked(bounds.device, "device")
    if device is not None and role is not AccessRole.ENROLLER:
        raise MalformedRequest("only an enroller is bound to a device", "device")
    secret = new_secret()
    with storage.write() as uow:
        uow.tokens.add(Token(name, role, hash_secret(secret), clock.now(), site=site, device=device))
        try:
            uow.commit()
        except AlreadyThere:
            raise MalformedRequest(f"there is already a token named {name!r}", "name") from None
    return secret


def revoke_token(name: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """Make a token useless from now on. Raises MalformedRequest where there is none of the name."""
    with storage.write() as uow:
        token = uow.tokens.by_name(name)
        if token is None:
            raise MalformedRequest(f"there is no token named {name!r}", "name")
        token.revoked_at = token.revoked_at or clock.now()
        uow.commit()


def list_tokens(*, actor: Actor, storage: Storage[AccessUnit]) -> list[Token]:
    """All tokens, revoked ones too, in the order they were made."""
    with storage.read() as uow:
        return uow.tokens.all()


def _checked(text: str | None, field: str) -> str | None:
    """A name as enrolments state it: composed (NFC), without space around it. Raises MalformedRequest."""
    if text is None:
        return None
    name = unicodedata.normalize("NFC", text).strip()
    _check_length(name, field)
    return name


def _check_length(text: str, field: str) -> None:
    if not 0 < len(text) <= LONGEST_NAME:
        raise MalformedRequest(f"a token's {field} has 1 to {LONGEST_NAME} characters", field)


def sign_in(
    secret: str, *, channel: str, request_id: str, storage: Storage[AccessUnit], sites_see_everyone: bool = False
) -> Actor:
    """Who calls with this bearer secret. Raises Unauthenticated for an unknown or a revoked one.

    sites_see_everyone: whether actors bound to a site may see people of other sites. The one use case that takes no
    actor: it finds out who that is.
    """
    with storage.read() as uow:
        token = uow.tokens.by_hash(hash_secret(secret))
    if token is None or token.revoked_at is not None:
        raise Unauthenticated("this token is unknown or was revoked")
    people_of = None if sites_see_everyone else token.site
    return Actor(token.actor_id, token.role, token.site, channel, request_id, token.device, people_of)
