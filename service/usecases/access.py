"""Giving and checking bearer tokens."""

from service.domain.access import AccessRole, Token, hash_secret, new_secret
from service.domain.errors import MalformedRequest
from service.ports import AlreadyThere, Clock, Storage

LONGEST_NAME = 200


def create_token(name: str, role: AccessRole, *, storage: Storage, clock: Clock) -> str:
    """A new bearer secret; only its hash is kept. Raises MalformedRequest where the name is taken."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise MalformedRequest(f"a token's name has 1 to {LONGEST_NAME} characters", "name")
    secret = new_secret()
    with storage.write() as uow:
        uow.tokens.add(Token(name, role, hash_secret(secret), clock.now()))
        try:
            uow.commit()
        except AlreadyThere:
            raise MalformedRequest(f"there is already a token named {name!r}", "name") from None
    return secret


def revoke_token(name: str, *, storage: Storage, clock: Clock) -> None:
    """Make a token useless from now on. Raises MalformedRequest where there is none of the name."""
    with storage.write() as uow:
        token = uow.tokens.by_name(name)
        if token is None:
            raise MalformedRequest(f"there is no token named {name!r}", "name")
        token.revoked_at = token.revoked_at or clock.now()
        uow.commit()


def who_is(secret: str, *, storage: Storage) -> Token | None:
    """Whose token this is; None for an unknown or a revoked one."""
    with storage.read() as uow:
        token = uow.tokens.by_hash(hash_secret(secret))
    return token if token is not None and token.revoked_at is None else None
