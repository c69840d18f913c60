"""Making, listing, rotating, revoking and recognising bearer tokens."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.access.domain import AccessRole, Token, hash_secret, new_secret
from service.access.domain.areas import check_one_bound, checked_area
from service.access.domain.names import check_length, checked_name
from service.access.domain.tokens import (
    LIFETIME,
    LONGEST_OVERLAP,
    OVERLAP,
    USE_NOTED_EVERY,
    TokenState,
    token_name,
)
from service.access.errors import Unauthenticated
from service.access.ports import AccessUnit
from service.access.steps.scope import scoped
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import AlreadyThere, MalformedRequest
from service.kit.unit import Storage

LONGEST_LIFETIME = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a token may be used, at one site or in one area and with one device, and for how long.

    None: anywhere, for ever.
    """

    site: str | None = None
    device: str | None = None
    lifetime: timedelta | None = LIFETIME
    area: str | None = None


FOR_A_YEAR = Bounds()


def create_token(
    name: str,
    role: AccessRole,
    *,
    actor: Actor,
    storage: Storage[AccessUnit],
    clock: Clock,
    bounds: Bounds = FOR_A_YEAR,
) -> str:
    """A new bearer secret; only its hash is kept. Raises MalformedRequest where the name is taken."""
    check_length(name, "name")
    site, device = checked_name(bounds.site, "site"), checked_name(bounds.device, "device")
    area = checked_area(bounds.area)
    check_one_bound(site, area)
    if device is not None and role is not AccessRole.ENROLLER:
        raise MalformedRequest("only an enroller is bound to a device", "device")
    secret = new_secret()
    with storage.write() as uow:
        now = clock.now()
        expires_at = _end(now, bounds.lifetime)
        token = Token(name, role, hash_secret(secret), now, site=site, device=device, expires_at=expires_at, area=area)
        uow.tokens.add(token)
        details = {"role": role, "site": site, "area": area, "device": device, "expires_at": expires_at}
        uow.audit.note(actor, Action.TOKEN_CREATE, Target("token", name), details=details)
        try:
            uow.commit()
        except AlreadyThere:
            raise MalformedRequest(f"there is already a token named {name!r}", "name") from None
    return secret


def rotate_token(
    name: str,
    overlap: timedelta = OVERLAP,
    *,
    actor: Actor,
    storage: Storage[AccessUnit],
    clock: Clock,
    lifetime: timedelta | None = LIFETIME,
) -> str:
    """A new secret for a token. The one before signs in for the overlap; one before that no longer does.

    lifetime: of the new secret; None: for ever. Raises MalformedRequest where there is no such token, or a revoked one.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise MalformedRequest(f"two secrets overlap for at most {LONGEST_OVERLAP.days} days", "overlap")
    secret = new_secret()
    with storage.write() as uow:
        token, now = _named(uow, name), clock.now()
        if token.revoked_at is not None:
            raise MalformedRequest(f"the token {name!r} was revoked; make another", "name")
        before = token.expires_at
        token.rotate(hash_secret(secret), now, overlap, _end(now, lifetime))
        details = {"before": {"expires_at": before}, "after": {"expires_at": token.expires_at}, "overlap": str(overlap)}
        uow.audit.note(actor, Action.TOKEN_ROTATE, Target("token", name), details=details)
        uow.commit()
    return secret


def revoke_token(name: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """Make a token useless from now on, its secret before too. Raises MalformedRequest where there is none so named."""
    with storage.write() as uow:
        token = _named(uow, name)
        before, token.revoked_at = token.revoked_at, token.revoked_at or clock.now()
        uow.audit.note(actor, Action.TOKEN_REVOKE, Target("token", name), details={"before": {"revoked_at": before}})
        uow.commit()


def list_tokens(*, actor: Actor, storage: Storage[AccessUnit]) -> list[Token]:
    """All tokens, revoked ones too, in the order they were made."""
    with storage.read() as uow:
        uow.audit.note(actor, Action.TOKEN_LIST)
        return uow.tokens.all()


def note_use(*, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """Keep when the actor's token was used last, to the minute."""
    name = token_name(actor.id)
    if name is None:
        return
    with storage.write() as uow:
        now = clock.now()
        uow.tokens.note_use(name, now, now - USE_NOTED_EVERY)
        uow.commit()


def _named(uow: AccessUnit, name: str) -> Token:
    token = uow.tokens.by_name(name)
    if token is None:
        raise MalformedRequest(f"there is no token named {name!r}", "name")
    return token


def _end(now: datetime, lifetime: timedelta | None) -> datetime | None:
    if lifetime is None:
        return None
    if not timedelta() < lifetime <= LONGEST_LIFETIME:
        raise MalformedRequest("a token expires in the future, within 100 years, or never", "expires")
    return now + lifetime


def sign_in(
    secret: str,
    *,
    channel: str,
    request_id: str,
    storage: Storage[AccessUnit],
    clock: Clock,
    sites_see_everyone: bool = False,
    address: str | None = None,
) -> Actor:
    """Who calls with this bearer secret. Raises Unauthenticated for one that is unknown, revoked, replaced or expired.

    sites_see_everyone: whether actors bound to a site may see people of other sites. address: where the call comes
    from. The one use case that takes no actor: it finds out who that is.
    """
    sha256, now = hash_secret(secret), clock.now()
    with storage.read() as uow:
        token = uow.tokens.by_hash(sha256)
        if token is None or not token.knows(sha256, now) or token.state(now) is TokenState.REVOKED:
            raise Unauthenticated("this token is unknown, or was revoked or replaced")
        if token.state(now) is TokenState.EXPIRED:
            raise Unauthenticated(f"this token expired on {token.expires_at:%Y-%m-%d %H:%M} UTC; ask for a new one")
        actor = Actor(token.actor_id, token.role, None, channel, request_id, token.device, address=address)
        return scoped(actor, token, uow, sites_see_everyone=sites_see_everyone)
