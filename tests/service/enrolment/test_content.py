"""What makes two posts the same post; the hashes here must never change."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from service.api.sent_enrolments import EnrolmentIn
from service.enrolment.domain.content import content_hash
from service.enrolment.domain.enrolments import EnrolCommand, ExceptionReason, Liveness, PositionException, SentCapture
from service.registry.domain.people import Sex

CAPTURES = [SentCapture("face", b"a face"), SentCapture("right_index", b"a finger", 500.0, Liveness(0.9, "a vendor"))]
LEAST = """{"id": "01890000-0000-7000-8000-000000000001", "site": "djibouti-1", "device": "counter-3",
    "captured_at": "2025-01-15T09:30:00+03:00", "consent": {"given": true}, "person": {"names": [{"full": "Amina"}]}}"""
MOST = """{"id": "01890000-0000-7000-8000-000000000001", "site": "djibouti-1", "device": "counter-3",
    "captured_at": "2025-01-15T06:30:00Z",
    "consent": {"given": true, "at": "2025-01-15T09:30:00+03:00", "reference": "form 12"},
    "person": {"names": [{"script": "Latn", "full": "Amina Hassan"}, {"script": "Arab", "full": "أمينة حسن"}],
        "sex": "female", "birth_year": 1990, "birth_estimated": true},
    "household": {"id": "M1234567878", "role": "head"},
    "exceptions": [{"position": "left_thumb", "reason": "amputated"}, {"position": "left_ring", "reason": "bandaged"}],
    "captures": {"right_index": {"dpi": 500}}}"""


def command(text: str) -> EnrolCommand:
    return EnrolmentIn.model_validate_json(text).command()


@pytest.mark.parametrize(
    ("text", "frozen"),
    [
        (LEAST, "1:7a36f06c656ff05876f53ae201735158fa44d4bf0249bedeb5b8ea12348525ee"),
        (MOST, "1:13c63681fe4323d5982ebff4e50de69f215114ace4db7c5022237cc2203e0bd1"),
    ],
)
def test_hashes_are_frozen(text: str, frozen: str) -> None:
    """A counter that resends after an upgrade must be recognised: a change of these shuts it out."""
    assert content_hash(command(text), CAPTURES) == frozen


@pytest.mark.parametrize(
    "same",
    [
        lambda text: text.replace("06:30:00Z", "09:30:00+03:00").replace("09:30:00+03:00", "06:30:00+00:00"),
        lambda text: text.replace('"captures": {"right_index": {"dpi": 500}}', '"captures": {}'),
        lambda text: text.replace('"script": "Latn", ', ""),
        lambda text: text.replace(
            '{"position": "left_thumb", "reason": "amputated"}, {"position": "left_ring", "reason": "bandaged"}',
            '{"reason": "bandaged", "position": "left_ring"}, {"position": "left_thumb", "reason": "amputated"}',
        ),
        lambda text: text.replace('"birth_year": 1990', '"birth_date": null, "birth_year": 1990'),
        lambda text: text.replace('"captures": {"right_index": {"dpi": 500}}', '"captures": null'),
        lambda text: text.replace("Amina Hassan", " Amina Hassan\N{NO-BREAK SPACE}"),
    ],
)
def test_what_means_the_same_is_the_same(same: Callable[[str], str]) -> None:
    assert same(MOST) != MOST
    assert content_hash(command(same(MOST)), CAPTURES) == content_hash(command(MOST), CAPTURES)
    assert content_hash(command(MOST), CAPTURES[::-1]) == content_hash(command(MOST), CAPTURES)


def test_a_name_is_the_same_in_composed_and_decomposed_form() -> None:
    """Some devices write é as one character, others as two; a record that is sent again may come from either."""
    text = MOST.replace("Amina Hassan", "Zoé Ångström").replace("أمينة حسن", "آمنة")
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert content_hash(command(composed), CAPTURES) == content_hash(command(decomposed), CAPTURES)
    assert [one.full for one in command(decomposed).demographics.names] == ["Zoé Ångström", "آمنة"]


def changes(one: EnrolCommand) -> list[EnrolCommand]:
    """Each field of a command made another."""
    who = one.demographics
    return [
        replace(one, id=UUID(int=7)),
        replace(one, site="elsewhere"),
        replace(one, device="another"),
        replace(one, captured_at=datetime(2025, 1, 15, 6, 31, tzinfo=UTC)),
        replace(one, consent=replace(one.consent, reference="form 13")),
        replace(one, demographics=replace(who, sex=Sex.MALE)),
        replace(one, demographics=replace(who, names=who.names[::-1])),
        replace(one, claim=None),
        replace(one, adds_to="2930561480"),
        replace(one, exceptions=one.exceptions[:1]),
        replace(one, exceptions=(*one.exceptions, PositionException("left_index", ExceptionReason.OTHER))),
    ]


def test_every_difference_counts() -> None:
    one = command(MOST)
    found = {content_hash(each, CAPTURES) for each in (one, *changes(one))}
    face, finger = CAPTURES
    for captures in (
        [face],
        [replace(face, content=b"another"), finger],
        [face, replace(finger, dpi=1000)],
        [face, replace(finger, liveness=None)],
        [face, replace(finger, position="left_index")],
    ):
        found.add(content_hash(one, captures))
    assert len(found) == 1 + len(changes(one)) + 5
