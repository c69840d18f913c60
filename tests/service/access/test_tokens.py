"""Bearer tokens: made, listed, revoked and recognised, on both kinds of database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from service.access.domain import PREFIX, AccessRole, hash_secret
from service.access.domain.names import LONGEST_NAME
from service.access.errors import Unauthenticated
from service.access.usecases.tokens import (
    Bounds,
    create_token,
    list_tokens,
    note_use,
    revoke_token,
    rotate_token,
    sign_in,
)
from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.made_up import TESTER, all_rows

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True)
class At(Noon):
    """A clock that stands still so long after noon."""

    after: timedelta

    def now(self) -> datetime:
        return super().now() + self.after


def made(storage: SqlStorage, name: str, role: AccessRole = AccessRole.ENROLLER) -> str:
    return create_token(name, role, actor=TESTER, storage=storage, clock=Noon())


def signed_in(storage: SqlStorage, secret: str, after: timedelta = timedelta()) -> Actor:
    return sign_in(secret, channel="api", request_id="r1", storage=storage, clock=At(after))


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
    revoke_token("a counter", actor=TESTER, storage=storage, clock=At(DAY))
    assert all_rows(database) == before


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


def made_with(storage: SqlStorage, role: AccessRole = AccessRole.ENROLLER, **bounds: Any) -> str:
    return create_token("a", role, actor=TESTER, storage=storage, clock=Noon(), bounds=Bounds(**bounds))


def rotate(storage: SqlStorage, overlap: timedelta, after: timedelta = timedelta(), **more: Any) -> str:
    return rotate_token("a", overlap, actor=TESTER, storage=storage, clock=At(after), **more)


def test_a_token_acts_at_its_site_with_its_device(storage: SqlStorage) -> None:
    actor = signed_in(storage, made_with(storage, site=" Djibouti-1 ", device="cafe\u0301"))
    assert (actor.site, actor.device, actor.people_of) == ("Djibouti-1", "caf\u00e9", frozenset({"Djibouti-1"}))


@pytest.mark.parametrize("bounds", [{"site": " "}, {"device": ""}, {"site": "x" * (LONGEST_NAME + 1)}])
def test_a_site_or_device_that_is_no_name_is_refused(storage: SqlStorage, bounds: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest):
        made_with(storage, **bounds)


def test_only_an_enroller_has_a_device(storage: SqlStorage) -> None:
    with pytest.raises(MalformedRequest, match="device"):
        made_with(storage, AccessRole.ADJUDICATOR, device="counter-1")


def test_a_token_expires(storage: SqlStorage) -> None:
    secret = made_with(storage, lifetime=DAY)
    assert signed_in(storage, secret, DAY - SECOND).id == "token:a"
    with pytest.raises(Unauthenticated, match="expired on 2026-01-16 12:00 UTC"):
        signed_in(storage, secret, DAY)


def test_a_token_lasts_a_year_unless_another_time_is_given(storage: SqlStorage) -> None:
    made(storage, "for a year")
    made_with(storage, lifetime=None)
    ends = [one.expires_at for one in list_tokens(actor=TESTER, storage=storage)]
    assert ends == [Noon().now() + 365 * DAY, None]


@pytest.mark.parametrize("lifetime", [timedelta(), -DAY, 40_000 * DAY])
def test_a_token_that_ends_before_it_begins_is_refused(storage: SqlStorage, lifetime: timedelta) -> None:
    with pytest.raises(MalformedRequest, match="expires in the future"):
        made_with(storage, lifetime=lifetime)


def test_a_rotated_token_has_two_secrets_for_the_overlap(storage: SqlStorage) -> None:
    first = made_with(storage, site="here")
    second = rotate(storage, DAY)
    before = signed_in(storage, first, DAY - SECOND)
    assert before == signed_in(storage, second, DAY - SECOND)
    assert before.site == "here"
    with pytest.raises(Unauthenticated, match="replaced"):
        signed_in(storage, first, DAY)
    assert signed_in(storage, second, 364 * DAY) == before


def test_of_two_rotations_the_first_secret_no_longer_counts(storage: SqlStorage) -> None:
    first = made_with(storage)
    second = rotate(storage, DAY)
    third = rotate(storage, DAY)
    assert signed_in(storage, second) == signed_in(storage, third)
    with pytest.raises(Unauthenticated):
        signed_in(storage, first)


def test_a_secret_lasts_no_longer_for_being_replaced(storage: SqlStorage) -> None:
    first = made_with(storage, lifetime=2 * DAY)
    rotate(storage, 10 * DAY, DAY)
    assert signed_in(storage, first, 2 * DAY - SECOND)
    with pytest.raises(Unauthenticated):
        signed_in(storage, first, 2 * DAY)


def test_revoking_a_token_revokes_the_secret_before(storage: SqlStorage) -> None:
    secrets = [made_with(storage), rotate(storage, DAY)]
    revoke(storage, "a")
    for one in secrets:
        with pytest.raises(Unauthenticated):
            signed_in(storage, one)
    with pytest.raises(MalformedRequest, match="revoked"):
        rotate(storage, DAY)


@pytest.mark.parametrize("overlap", [-SECOND, 31 * DAY])
def test_secrets_overlap_for_a_month_at_most(storage: SqlStorage, overlap: timedelta) -> None:
    made_with(storage)
    with pytest.raises(MalformedRequest, match="30 days"):
        rotate(storage, overlap)


def test_the_last_use_is_kept_to_the_minute(storage: SqlStorage) -> None:
    actor = signed_in(storage, made_with(storage))
    made(storage, "another")
    kept = []
    for seconds in (0, 59, 61, 62):
        note_use(actor=actor, storage=storage, clock=At(seconds * SECOND))
        one, other = list_tokens(actor=TESTER, storage=storage)
        assert one.last_used_at is not None
        kept.append((one.last_used_at - Noon().now()).total_seconds())
        assert other.last_used_at is None
    assert kept == [0, 0, 61, 61]
