"""Bearer tokens: made, listed, revoked and recognised, on both kinds of database."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from service.access.domain import PREFIX, AccessRole, hash_secret
from service.access.errors import Unauthenticated
from service.access.usecases.tokens import LONGEST_NAME, create_token, list_tokens, revoke_token, sign_in
from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.made_up import TESTER, all_rows


def made(storage: SqlStorage, name: str, role: AccessRole = AccessRole.ENROLLER) -> str:
    return create_token(name, role, actor=TESTER, storage=storage, clock=Noon())


def signed_in(storage: SqlStorage, secret: str) -> Actor:
    return sign_in(secret, channel="api", request_id="r1", storage=storage)


def revoke(storage: SqlStorage, name: str) -> None:
    revoke_token(name, actor=TESTER, storage=storage, clock=Noon())


def test_a_secret_signs_in_as_its_token_and_role(storage: SqlStorage) -> None:
    secrets = {role: made(storage, f"a {role}", role) for role in AccessRole}
    for role, secret in secrets.items():
        assert signed_in(storage, secret) == Actor(f"token:a {role}", role, None, "api", "r1")


def test_only_the_hash_of_a_secret_is_kept(storage: SqlStorage, database: Engine) -> None:
    secret = made(storage, "a counter")
    assert secret.startswith(PREFIX)
    kept = repr(all_rows(database)["token"])
    assert hash_secret(secret) in kept
    assert secret.removeprefix(PREFIX) not in kept


def test_what_is_no_token_signs_no_one_in(storage: SqlStorage) -> None:
    secret = made(storage, "a counter")
    for wrong in ("", PREFIX, secret[:-1], secret.upper(), hash_secret(secret), "ü\x00"):
        with pytest.raises(Unauthenticated):
            signed_in(storage, wrong)


def test_tokens_are_listed_in_the_order_they_were_made_revoked_ones_too(storage: SqlStorage) -> None:
    secrets = {name: made(storage, name) for name in ("c", "a", "b")}
    revoke(storage, "a")
    listed = list_tokens(actor=TESTER, storage=storage)
    assert [one.name for one in listed] == ["c", "a", "b"]
    assert [one.revoked_at for one in listed] == [None, Noon().now(), None]
    assert {one.created_at for one in listed} == {Noon().now()}
    with pytest.raises(Unauthenticated):
        signed_in(storage, secrets["a"])
    assert signed_in(storage, secrets["b"]).id == "token:b"


def test_revoking_again_keeps_the_first_moment(storage: SqlStorage, database: Engine) -> None:
    made(storage, "a counter")
    revoke(storage, "a counter")
    before = all_rows(database)
    revoke_token("a counter", actor=TESTER, storage=storage, clock=Later())
    assert all_rows(database) == before


class Later(Noon):
    """A clock a day later."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=1)


def test_a_name_is_given_once_even_after_its_token_was_revoked(storage: SqlStorage, database: Engine) -> None:
    """Actions are recorded under it."""
    made(storage, "a counter")
    revoke(storage, "a counter")
    before = all_rows(database)
    with pytest.raises(MalformedRequest, match="already a token named 'a counter'"):
        made(storage, "a counter", AccessRole.ADMINISTRATOR)
    assert all_rows(database) == before


@pytest.mark.parametrize("name", ["", "x" * (LONGEST_NAME + 1)])
def test_a_name_that_is_empty_or_too_long_is_refused(storage: SqlStorage, name: str) -> None:
    with pytest.raises(MalformedRequest):
        made(storage, name)
    assert list_tokens(actor=TESTER, storage=storage) == []


def test_no_token_is_revoked_by_a_name_no_one_has(storage: SqlStorage) -> None:
    with pytest.raises(MalformedRequest, match="no token named"):
        revoke(storage, "nobody")
