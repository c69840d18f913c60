"""Making, listing, revoking and recognising bearer tokens."""

from service.access.domain import AccessRole, Token, hash_secret, new_secret
from service.access.errors import Unauthenticated
from service.access.ports import AccessUnit
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import AlreadyThere, MalformedRequest
from service.kit.unit import Storage

LONGEST_NAME = 200


def create_token(name: str, role: AccessRole, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> str:
    """A new bearer secret; only its hash is kept. Raises MalformedRequest where the name is taken."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise MalformedRequest(f"a token's name has 1 to {LONGEST_NAME} characters", "name")
    secret = new_secret()
    with storage.write() as uow:
        uow.tokens.add(Token(name, role, hash_secret(secret), clock.now()))
        uow.audit.note(actor, Action.TOKEN_CREATE, Target("token", name), details={"role": role})
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
        before, token.revoked_at = token.revoked_at, token.revoked_at or clock.now()
        uow.audit.note(actor, Action.TOKEN_REVOKE, Target("token", name), details={"before": {"revoked_at": before}})
        uow.commit()


def list_tokens(*, actor: Actor, storage: Storage[AccessUnit]) -> list[Token]:
    """All tokens, revoked ones too, in the order they were made."""
    with storage.read() as uow:
        uow.audit.note(actor, Action.TOKEN_LIST)
        return uow.tokens.all()


def sign_in(
    secret: str, *, channel: str, request_id: str, storage: Storage[AccessUnit], address: str | None = None
) -> Actor:
    """Who calls with this bearer secret. Raises Unauthenticated for an unknown or a revoked one.

    The one use case that takes no actor: it finds out who that is.
    """
    with storage.read() as uow:
        token = uow.tokens.by_hash(hash_secret(secret))
    if token is None or token.revoked_at is not None:
        raise Unauthenticated("this token is unknown or was revoked")
    return Actor(token.actor_id, token.role, None, channel, request_id, address)
