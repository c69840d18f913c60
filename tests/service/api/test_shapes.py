"""What clients send has JSON's own types: nothing is guessed, and every field that is wrong is named."""

import json
import types
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from service.api.cases import DecisionIn
from service.api.people import names_of
from service.api.sent_enrolments import EnrolmentIn
from service.api.shapes import NameIn, Sent
from service.registry.domain.people import Demographics, Name
from tests.service.api.counter import FIRST, Client, enrolment
from tests.service.api.test_bad_input import assert_problem

SOME = "01890000-0000-7000-8000-000000000001"
WHOLE: dict[type[Sent], dict[str, Any]] = {
    EnrolmentIn: {
        "id": SOME,
        "site": "djibouti-1",
        "device": "counter-3",
        "captured_at": "2025-01-15T09:30:00+03:00",
        "consent": {"given": True, "at": "2025-01-15T06:30:00Z", "reference": "form 12"},
        "person": {
            "names": [{"script": "Latn", "full": "Amina", "kind": "given"}],
            "sex": "female",
            "birth_date": "1990-02-01",
            "birth_estimated": True,
        },
        "household": {"id": SOME, "role": "head"},
        "exceptions": [{"position": "left_thumb", "reason": "amputated"}],
        "captures": {"face": {"dpi": 500, "liveness": {"score": 1, "vendor": "a vendor", "level": "2"}}},
    },
    DecisionIn: {"decision": "same_person", "reason": "same portrait", "survivor": SOME, "merged": [SOME]},
}
"""Every field of every shape that clients send, but those that go with no `birth_date` or no name."""
OTHERS: list[Any] = [
    "yes",
    "1",
    "0",
    "",
    "1990",
    "500",
    "nan",
    0,
    1,
    -1,
    1990,
    1990.0,
    1e9,
    True,
    False,
    [],
    {},
    [1],
    [{}],
]


def paths(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of each value inside a value."""
    if before:
        yield before
    for name, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(one, (*before, name))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def changed(value: Any, path: tuple[str | int, ...], one: Any) -> Any:
    """A copy with another value at a place."""
    copy = json.loads(json.dumps(value))
    at(copy, path[:-1])[path[-1]] = one
    return copy


CASES = [(kind, path) for kind, whole in WHOLE.items() for path in paths(whole)]


def wrong_fields(kind: type[Sent], sent: Any) -> list[str]:
    """Where the errors are, the same for text and for what FastAPI has made of it."""
    found = []
    for validate, given in ((kind.model_validate_json, json.dumps(sent)), (kind.model_validate, sent)):
        try:
            validate(given)
        except ValidationError as error:
            found.append([".".join(map(str, one["loc"])) for one in error.errors()])
        else:
            found.append([])
    assert found[0] == found[1]
    return found[0]


def type_of(value: Any) -> str:
    """As JSON distinguishes them."""
    return "bool" if isinstance(value, bool) else "number" if isinstance(value, int | float) else type(value).__name__


def test_the_whole_is_right_and_has_every_field() -> None:
    for kind, whole in WHOLE.items():
        assert wrong_fields(kind, whole) == []
    named = {str(part) for _, path in CASES for part in path}
    for shape in [*WHOLE, *(one for kind in WHOLE for one in inner(kind))]:
        assert set(shape.model_fields) <= named | {"birth_year", "birth_hijri", "no_name"}


def inner(kind: type[BaseModel]) -> set[type[Sent]]:
    """The shapes inside a shape."""
    found: set[type[Sent]] = set()
    waiting: list[Any] = [field.annotation for field in kind.model_fields.values()]
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, Sent):
            found |= {one} | inner(one)
        elif get_origin(one) in (list, dict, Union, types.UnionType, Annotated):
            waiting += get_args(one)
    return found


@pytest.mark.parametrize(("kind", "path"), CASES)
def test_another_type_of_json_is_refused_by_name(kind: type[Sent], path: tuple[str | int, ...]) -> None:
    right = at(WHOLE[kind], path)
    for other in OTHERS:
        if type_of(other) != type_of(right):
            fields = wrong_fields(kind, changed(WHOLE[kind], path, other))
            assert ".".join(map(str, path)) in fields, other


@pytest.mark.parametrize(("kind", "path"), CASES)
def test_null_is_the_same_as_leaving_a_field_out(kind: type[Sent], path: tuple[str | int, ...]) -> None:
    null, without = changed(WHOLE[kind], path, None), json.loads(json.dumps(WHOLE[kind]))
    if not isinstance(path[-1], str) or path[-2:-1] == ("captures",):  # an element of a list or of a mapping
        assert ".".join(map(str, path)) in wrong_fields(kind, null)
        return
    del at(without, path[:-1])[path[-1]]
    assert wrong_fields(kind, null) == wrong_fields(kind, without)
    if not wrong_fields(kind, null):
        assert kind.model_validate_json(json.dumps(null)) == kind.model_validate_json(json.dumps(without))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_date", value)
        for value in (0, 1, 631_152_000, 0.0, True, "0", "631152000", "1990", "19900101", "1990-1-1", "1990-02-30", "")
    ]
    + [("birth_date", value) for value in ("1990-02-01T00:00:00", "1990-02-01T00:00:00Z", "1990-W05-4", "01.02.1990")]
    + [("birth_year", value) for value in ("1990", 1990.0, 1990.5, True, "", [1990])]
    + [("birth_estimated", value) for value in ("yes", "true", 1, 0, "on", "")]
    + [("sex", value) for value in (1, 0, "F", "", True)],
)
def test_a_birth_is_not_guessed(field: str, value: Any) -> None:
    sent = {"names": [{"full": "Amina"}], field: value}
    assert wrong_fields(EnrolmentIn, WHOLE[EnrolmentIn] | {"person": sent}) == [f"person.{field}"]


@pytest.mark.parametrize("value", [0, 1_736_922_600, "0", "1736922600", "2025-01-15", "2025-01-15T09:30:00", True, ""])
@pytest.mark.parametrize("path", [("captured_at",), ("consent", "at")])
def test_an_instant_is_not_guessed(path: tuple[str, ...], value: Any) -> None:
    assert wrong_fields(EnrolmentIn, changed(WHOLE[EnrolmentIn], path, value)) == [".".join(path)]


def test_what_is_right_is_read_as_it_was_written() -> None:
    found = EnrolmentIn.model_validate_json(json.dumps(WHOLE[EnrolmentIn]))
    assert found.id == UUID(SOME)
    assert found.person.birth_date == date(1990, 2, 1)
    assert found.captured_at == datetime(2025, 1, 15, 6, 30, tzinfo=UTC)
    assert found.captures["face"].dpi == 500
    assert found.captures["face"].liveness is not None
    assert found.captures["face"].liveness.score == 1


def test_the_answer_names_the_field_and_keeps_nothing(counter: Client) -> None:
    for value in (0, "0"):
        part = enrolment(person={"names": [{"full": "Amina"}], "birth_date": value})
        answer = counter.post_enrolment(part, FIRST)
        assert_problem(answer, 422, "malformed", "enrolment.person.birth_date")
        assert "1990-02-01" in answer.json()["detail"]
        assert counter.call("GET", f"/v1/enrolments/{part['id']}").status_code == 404


def test_a_decision_has_jsons_own_types_too(desk: Client) -> None:
    for wrong in ({"survivor": 7}, {"merged": SOME}, {"reason": 12345}):
        sent = {"decision": "distinct", "reason": "compared both", **wrong}
        assert_problem(desk.call("POST", f"/v1/cases/{SOME}/decision", json=sent), 422, "malformed", next(iter(wrong)))
    right = {"decision": "same_person", "reason": "compared both", "survivor": SOME, "merged": None}
    assert_problem(desk.call("POST", f"/v1/cases/{SOME}/decision", json=right), 404, "no-such-case")


def full(name: str) -> str:
    return NameIn.model_validate({"full": name}).full


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\N{NO-BREAK SPACE}",
        "\N{ZERO WIDTH SPACE}",
        "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}",
        "\N{ZERO WIDTH NO-BREAK SPACE}",
        "\N{COMBINING ACUTE ACCENT}\N{COMBINING DIAERESIS}",
        "\N{ARABIC FATHA}",
        "-",
        ".",
        "?",
        "--- ---",
        "\N{ARABIC QUESTION MARK}",
        "12345",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "\N{SMILING FACE WITH OPEN MOUTH}",
        "Ami\x00na",
        "Ami\x1bna",
        "Ami\x85na",
        "Ami\tna",
        "Ami\nna",
        "Ami\N{LINE SEPARATOR}na",
        "Ami\N{PARAGRAPH SEPARATOR}na",
        "\N{RIGHT-TO-LEFT OVERRIDE}aanimA",
        "Amina\N{LEFT-TO-RIGHT EMBEDDING}",
        "Ami\N{RIGHT-TO-LEFT ISOLATE}na\N{POP DIRECTIONAL ISOLATE}",
        "\N{RIGHT-TO-LEFT ISOLATE}Amina",
        "\N{ZERO WIDTH NO-BREAK SPACE}\N{RIGHT-TO-LEFT ISOLATE}\N{POP DIRECTIONAL ISOLATE}",
        "A" * 201,
    ],
)
def test_what_is_no_name_is_refused_by_name(name: str) -> None:
    assert "person.names.0.full" in wrong_fields(
        EnrolmentIn, changed(WHOLE[EnrolmentIn], ("person", "names", 0, "full"), name)
    )


@pytest.mark.parametrize(
    "name",
    [
        "\N{FIRST STRONG ISOLATE}أمينة\N{POP DIRECTIONAL ISOLATE}",
        "\N{RIGHT-TO-LEFT EMBEDDING}أمينة\N{POP DIRECTIONAL FORMATTING}",
        "\N{ZERO WIDTH NO-BREAK SPACE}أمينة",
    ],
)
def test_what_systems_put_around_a_whole_name_is_left_out(name: str) -> None:
    sent = EnrolmentIn.model_validate(changed(WHOLE[EnrolmentIn], ("person", "names", 0, "full"), name))
    assert sent.person.names[0].full == "أمينة"


@pytest.mark.parametrize(
    "name",
    [
        "Amina",
        "O",
        "أمينة حسن",
        "محمد\N{ZERO WIDTH NON-JOINER}علی",
        "\N{RIGHT-TO-LEFT MARK}أمينة",
        "李",
        "ክብረት",
        "Nguyễn Thị Ánh",
        "John 3rd",
        "X Æ A-12",
        "عمر ٢",
        "N/A",
        "unknown",
        "D'Arcy-Smith, Jr.",
        "A" * 200,
    ],
)
def test_any_other_name_is_the_persons_own(name: str) -> None:
    assert full(name) == name


def test_a_name_is_kept_in_composed_form_without_blanks_around_it() -> None:
    decomposed = unicodedata.normalize("NFD", "Zoé")
    assert full(f"\N{NO-BREAK SPACE} {decomposed} ") == "Zoé"
    assert full("e\N{COMBINING ACUTE ACCENT}" * 200) == "é" * 200


@pytest.mark.parametrize("path", [("site",), ("device",), ("consent", "reference")])
def test_text_that_shows_nothing_is_refused_by_name(path: tuple[str, ...]) -> None:
    for text in ("", " ", "\N{ZERO WIDTH SPACE}", "\N{NO-BREAK SPACE}\N{WORD JOINER}", "a\N{RIGHT-TO-LEFT OVERRIDE}"):
        assert wrong_fields(EnrolmentIn, changed(WHOLE[EnrolmentIn], path, text)) == [".".join(path)]


def test_names_that_were_kept_before_are_shown_as_they_are() -> None:
    """An answer asks nothing of what is in the registry already."""
    who = Demographics((Name("Latn", "-"), Name("latin", "\N{RIGHT-TO-LEFT OVERRIDE}x" * 300)))
    assert [one.full for one in names_of(who)] == [one.full for one in who.names]
