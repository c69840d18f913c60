"""Sealed bytes open in their place alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.errors import SealBroken
from service.kit.sealing import OVERHEAD, KeyClass, key_of, new_key, open_with

KEY = new_key("person/1", KeyClass.PERSON)


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_as_it_was(content: bytes) -> None:
    sealed = KEY.seal(content, "person/1/personal")
    assert open_with(KEY.secret, sealed, "person/1/personal") == content
    assert (key_of(sealed), len(sealed)) == (KEY.id, len(content) + OVERHEAD)


@pytest.mark.parametrize("place", ["person/2/personal", "person/1/note", "person/1/personal2", ""])
def test_sealed_bytes_open_in_no_other_place(place: str) -> None:
    with pytest.raises(SealBroken):
        open_with(KEY.secret, KEY.seal(b"Amina", "person/1/personal"), place)


def test_no_altered_byte_opens() -> None:
    sealed = KEY.seal(b"Amina", "here")
    for at in range(len(sealed)):
        altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(SealBroken):
            open_with(KEY.secret, altered, "here")
    with pytest.raises(SealBroken):
        open_with(KEY.secret, sealed[:-1], "here")
    for some in (sealed[: OVERHEAD - 1], b"", b"Amina"):
        with pytest.raises(SealBroken):
            key_of(some)


def test_one_content_sealed_twice_differs() -> None:
    assert KEY.seal(b"Amina", "here") != KEY.seal(b"Amina", "here")


def test_a_key_does_not_show_itself() -> None:
    assert str(KEY.secret) not in repr(KEY)
