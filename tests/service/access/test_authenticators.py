"""Whatever is sent as an authenticator's answer is refused by name: no mistake of the library comes through."""

import copy
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.access.domain.passkeys import Passkey
from service.access.errors import PasskeyRefused, Unauthenticated
from service.access.steps.authenticators import RelyingParty, claimed
from service.kit.ids import new_uuid
from tests.service.access.authenticator import Authenticator, Held, decoded, encoded
from tests.service.made_up import NOW

PARTY = RelyingParty("registry.example", "https://registry.example")
CHALLENGE = bytes(32)

json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=10), some, max_size=3),
    max_leaves=8,
)
cbor_like = json_like.map(cbor2.dumps) | st.dictionaries(st.integers(-4, 4), st.integers(-9, 9)).map(cbor2.dumps)


Made = tuple[Passkey, dict[str, Any], dict[str, Any]]


def made() -> Made:
    """A passkey, the answer by which it was added, and one by which its owner signs in. To be altered."""
    return copy.deepcopy(_once())


@cache
def _once() -> Made:
    key = Authenticator(PARTY.origin, held=[])
    options = {
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "excludeCredentials": [],
        "rp": {"id": PARTY.id},
        "user": {"id": encoded(new_uuid().bytes)},
        "challenge": encoded(CHALLENGE),
    }
    created = key.create(options)
    signed = key.get({"rpId": PARTY.id, "challenge": encoded(CHALLENGE)})
    held: Held = key.held[0]
    return Passkey(1, "mine", held.id, held.public(), 0, NOW), created, signed


def altered(answer: dict[str, Any], data: st.DataObject) -> Mapping[str, Any]:
    """One part replaced: by another type, by other bytes, or with one byte changed."""
    target = data.draw(st.sampled_from([answer, answer["response"]]))
    name = data.draw(st.sampled_from(sorted(target)))
    bytes_now = decoded(target[name]) if isinstance(target[name], str) and target[name] else b"\0"
    place = data.draw(st.integers(0, len(bytes_now) - 1))
    flipped = bytes_now[:place] + bytes([bytes_now[place] ^ data.draw(st.integers(1, 255))]) + bytes_now[place + 1 :]
    other = st.just(flipped) | st.binary(max_size=200) | cbor_like | st.just(bytes_now[:place])
    target[name] = data.draw(json_like | other.map(encoded))
    return answer


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_whatever_is_sent_to_sign_in_is_refused_by_name(data: st.DataObject) -> None:
    passkey, _, signed = made()
    answer = altered(signed, data)
    with suppress(Unauthenticated):
        claimed(answer)
    with suppress(Unauthenticated):
        PARTY.proven(answer, passkey, CHALLENGE)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_whatever_is_sent_as_a_new_passkey_is_refused_by_name(data: st.DataObject) -> None:
    _, created, _ = made()
    with suppress(PasskeyRefused):
        PARTY.new(altered(created, data), CHALLENGE)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_was_signed_and_then_altered_proves_nothing(data: st.DataObject) -> None:
    passkey, _, signed = made()
    name = data.draw(st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]))
    content = decoded(signed["response"][name])
    place, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
    changed = content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
    signed["response"][name] = encoded(changed)
    with pytest.raises(Unauthenticated):
        PARTY.proven(signed, passkey, CHALLENGE)


def test_the_answers_that_are_altered_hold_as_they_are() -> None:
    passkey, created, signed = made()
    assert PARTY.new(created, CHALLENGE).credential_id == passkey.credential_id == claimed(signed)[0]
    assert PARTY.proven(signed, passkey, CHALLENGE) == 1
