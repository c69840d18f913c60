"""Whatever is sent: a clear problem that names the field, nothing kept, and never a 500."""

import io
import json
import struct
import uuid
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from service.bootstrap import App
from tests.captures import capture
from tests.service.api.counter import FIRST, Client, enrolment, files

Sent = dict[str, bytes | str]
NOBODY = uuid.UUID(int=7)
"""No one's, and the same in every process that collects these tests."""


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def bomb() -> bytes:
    """A valid PNG header that promises 60,000 × 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def two_faces() -> bytes:
    left, right = (
        Image.open(io.BytesIO(capture(name))).convert("RGB").resize((400, 500)) for name in ("obama.jpg", "biden.jpg")
    )
    both = Image.new("RGB", (800, 500))
    both.paste(left, (0, 0))
    both.paste(right, (400, 0))
    return png(np.asarray(both))


CAPTURES: dict[str, tuple[Callable[[], Sent], int, str, str]] = {
    "not an image": (lambda: {"face": b"%PDF-1.7 no picture at all"}, 422, "capture-unreadable", "face"),
    "a truncated image": (lambda: {"face": capture("obama.jpg")[:20_000]}, 422, "capture-damaged", "face"),
    "a decompression bomb": (lambda: {"right_index": bomb()}, 413, "too-many-pixels", "right_index"),
    "no bytes": (lambda: {"right_index": b""}, 422, "capture-empty", "right_index"),
    "40 MB": (lambda: {"face": b"\xff\xd8" + bytes(40_000_000)}, 413, "capture-too-large", "face"),
    "a picture without a face": (lambda: {"face": "p1_1.png"}, 422, "no-face", "face"),
    "two faces": (lambda: {"face": two_faces()}, 422, "several-faces", "face"),
    "a face as a finger": (lambda: {"left_thumb": "biden.jpg"}, 422, "not-a-fingerprint", "left_thumb"),
    "an unknown position": (lambda: {"right_toe": "p1_1.png"}, 422, "unknown-position", "right_toe"),
}


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: TestClient) -> TestClient:
    return warm_http


def nothing_kept(jisr: App) -> bool:
    with jisr.store.storage.read() as uow:
        return not uow.enrolments.count_by_status()


def assert_problem(answer: Any, status: int, kind: str, field: str | None = None) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body = answer.json()
    assert body["type"] == f"/problems/{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    if field is not None:
        assert field in [error["field"] for error in body["errors"]]


@pytest.mark.parametrize("case", CAPTURES)
def test_captures_that_can_never_serve_are_refused_by_name(counter: Client, jisr: App, case: str) -> None:
    sent, status, kind, field = CAPTURES[case]
    assert_problem(counter.post_enrolment(enrolment(), sent()), status, kind, field)
    assert nothing_kept(jisr)


def test_every_bad_capture_is_named_at_once(counter: Client) -> None:
    answer = counter.post_enrolment(enrolment(), {"face": "p1_1.png", "left_thumb": b"", "right_index": "p1_1.png"})
    fields = {error["field"]: error["code"] for error in answer.json()["errors"]}
    assert fields == {"face": "no_face", "left_thumb": "capture_empty"}


def test_the_same_position_twice(counter: Client, jisr: App) -> None:
    parts = [*files(FIRST, enrolment=json.dumps(enrolment()).encode()), *files({"face": "obama2.jpg"})]
    assert_problem(counter.call("POST", "/v1/enrolments", files=parts), 422, "repeated-position", "face")
    assert nothing_kept(jisr)


def test_a_position_both_captured_and_impossible(counter: Client) -> None:
    exceptions = [{"position": "right_index", "reason": "amputated"}]
    answer = counter.post_enrolment(enrolment(exceptions=exceptions), FIRST)
    assert_problem(answer, 422, "contradicted-exception", "right_index")


def test_neither_capture_nor_exception(counter: Client) -> None:
    assert_problem(counter.post_enrolment(enrolment(), {}), 422, "nothing-to-enrol", "captures")


@pytest.mark.parametrize(
    ("household", "kind"),
    [("M1234567878", "unknown-household"), ("M1234567890", "malformed-household"), ("ours", "malformed-household")],
)
def test_households_that_cannot_be(counter: Client, jisr: App, household: str, kind: str) -> None:
    part = enrolment(household={"id": household, "role": "head"})
    assert_problem(counter.post_enrolment(part, FIRST), 422, kind, "enrolment.household.id")
    assert nothing_kept(jisr)


PERSON = {"names": [{"full": "Amina"}]}
TOMORROW = str(datetime.now(UTC).date() + timedelta(days=2))
PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "a birth year in the future": ({"person": PERSON | {"birth_year": 2999}}, "enrolment.person.birth_year"),
    "a birth date and year": (
        {"person": PERSON | {"birth_date": "1990-01-01", "birth_year": 1990}},
        "enrolment.person",
    ),
    "no name": ({"person": {"names": []}}, "enrolment.person.names"),
    "names and why none": ({"person": {**PERSON, "no_name": "newborn"}}, "enrolment.person.names"),
    "why none of no kind": ({"person": {"no_name": "shy"}}, "enrolment.person.no_name"),
    "a month of a Hijri year too many": (
        {"person": {**PERSON, "birth_hijri": "1410-13-01"}},
        "enrolment.person.birth_hijri",
    ),
    "a Hijri date before the tables": (
        {"person": {**PERSON, "birth_hijri": "1342-12-29"}},
        "enrolment.person.birth_hijri",
    ),
    "a Hijri date that is a number": ({"person": {**PERSON, "birth_hijri": 1410}}, "enrolment.person.birth_hijri"),
    "two births": ({"person": {**PERSON, "birth_hijri": "1410-09-15", "birth_year": 1990}}, "enrolment.person"),
    "an unknown field": ({"persn": {}}, "enrolment.persn"),
    "no consent": ({"consent": {"given": False}}, "enrolment.consent.given"),
    "consent not asked": ({"consent": None}, "enrolment.consent"),
    "no time zone": ({"captured_at": "2025-01-15T09:30:00"}, "enrolment.captured_at"),
    "captured in year 1": ({"captured_at": "0001-01-01T00:00:00+14:00"}, "enrolment.captured_at"),
    "a name of two lines": ({"person": {"names": [{"full": "Ami\nna"}]}}, "enrolment.person.names.0.full"),
    "captured next year": ({"captured_at": "2999-01-01T00:00:00Z"}, "enrolment.captured_at"),
    "no UUID": ({"id": "12"}, "enrolment.id"),
    "an unknown role": ({"household": {"id": str(uuid.uuid4()), "role": "boss"}}, "enrolment.household.role"),
    "an unknown reason": ({"exceptions": [{"position": "left_thumb", "reason": "?"}]}, "enrolment.exceptions.0.reason"),
    "a bad resolution": ({"captures": {"right_index": {"dpi": 3}}}, "enrolment.captures.right_index.dpi"),
    "a NUL in a name": ({"person": {"names": [{"full": "Ami\x00na"}]}}, "enrolment.person.names.0.full"),
}


@pytest.mark.parametrize("case", PARTS)
def test_wrong_fields_are_named(counter: Client, jisr: App, case: str) -> None:
    changes, field = PARTS[case]
    assert_problem(counter.post_enrolment(enrolment(**changes), FIRST), 422, "malformed", field)
    assert nothing_kept(jisr)


def test_a_birth_date_in_the_future(counter: Client, jisr: App) -> None:
    answer = counter.post_enrolment(enrolment(person=PERSON | {"birth_date": TOMORROW}), FIRST)
    assert_problem(answer, 422, "birth-in-future", "enrolment.person.birth_date")
    assert nothing_kept(jisr)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"{not json", "malformed-json"),
        (b"", "malformed-json"),
        (b"[]", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"null", "malformed"),
        (b" " * 1_000_001, "malformed"),
    ],
)
def test_malformed_json(counter: Client, text: bytes, kind: str) -> None:
    answer = counter.call("POST", "/v1/enrolments", files=files(FIRST, enrolment=text))
    assert_problem(answer, 422, kind, "enrolment")


def test_no_enrolment_part(counter: Client) -> None:
    assert_problem(counter.call("POST", "/v1/enrolments", files=files(FIRST)), 422, "malformed", "enrolment")
    assert_problem(counter.call("POST", "/v1/enrolments", json={}), 422, "malformed", "Content-Type")


def test_a_body_that_is_not_multipart_as_it_states(counter: Client) -> None:
    for kind in ("boundary=a", "", "boundary=a; charset=utf-7", "boundary=a; charset=undefined"):
        headers = {"Content-Type": f"multipart/form-data; {kind}"}
        answer = counter.call("POST", "/v1/enrolments", content=b"xx", headers=headers)
        assert_problem(answer, 422, "malformed")


def test_more_bytes_than_are_read(counter: Client, jisr: App) -> None:
    captures: Sent = {"face": bytes(jisr.store.settings.max_request_bytes)}
    assert_problem(counter.post_enrolment(enrolment(), captures), 413, "request-too-large")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", f"/v1/enrolments/{NOBODY}", 404, "no-such-enrolment"),
        ("GET", "/v1/enrolments/12", 422, "malformed"),
        ("GET", "/v1/persons/2345678901", 404, "no-such-person"),
        ("GET", "/v1/persons/%00", 404, "no-such-person"),
        ("GET", "/v1/areas?after=%00", 422, "malformed"),
        ("GET", "/v1/areas?parent=%00", 422, "malformed"),
        ("GET", "/v1/persons/" + "2" * 500, 404, "no-such-person"),
        ("GET", "/v1/households/M1234567878", 404, "no-such-household"),
        ("GET", f"/v1/households/{NOBODY}", 404, "no-such-household"),
        ("GET", "/v1/households/M12", 422, "malformed-household"),
        ("GET", "/v1/nothing", 404, "no-such-page"),
        ("DELETE", "/v1/identify", 405, "method-not-allowed"),
        ("POST", "/v1/identify", 422, "nothing-to-enrol"),
    ],
)
def test_what_is_not_there(counter: Client, method: str, path: str, status: int, kind: str) -> None:
    assert_problem(counter.call(method, path), status, kind)


def test_verify_without_a_number_or_with_one_no_one_has(counter: Client) -> None:
    assert_problem(counter.call("POST", "/v1/verify", files=files(FIRST)), 422, "malformed", "number")
    answer = counter.call("POST", "/v1/verify", files=files(FIRST, number=b"2345678901"))
    assert_problem(answer, 404, "no-such-person")


def test_quality_of_anything_but_one_usable_capture(counter: Client) -> None:
    assert_problem(counter.call("POST", "/v1/quality", files=files(FIRST)), 422, "malformed", "captures")
    assert_problem(counter.call("POST", "/v1/quality", files=files({"toe": b"x"})), 422, "unknown-position", "toe")
    assert_problem(counter.call("POST", "/v1/quality", files=files({"face": "p1_1.png"})), 422, "no-face", "face")


def test_cases_that_are_not_there(desk: Client) -> None:
    assert_problem(desk.decide(str(uuid.uuid4()), "distinct"), 404, "no-such-case")
    assert_problem(desk.call("GET", f"/v1/cases?after={uuid.uuid4()}"), 404, "no-such-case")
    assert_problem(desk.call("GET", f"/v1/enrolments?after={uuid.uuid4()}"), 404, "no-such-enrolment")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/enrolments"),
        ("GET", "/v1/enrolments"),
        ("GET", f"/v1/enrolments/{NOBODY}"),
        ("GET", "/v1/persons/2345678901"),
        ("GET", "/v1/households/M1234567878"),
        ("POST", "/v1/identify"),
        ("POST", "/v1/verify"),
        ("POST", "/v1/quality"),
        ("GET", "/v1/cases"),
        ("GET", f"/v1/cases/{NOBODY}"),
        ("POST", f"/v1/cases/{NOBODY}/decision"),
    ],
)
def test_no_one_is_let_in_without_a_token(http: TestClient, method: str, path: str) -> None:
    for token in ("", "jisr_wrong", "ü"):
        answer = http.request(method, path, headers={b"Authorization": f"Bearer {token}".encode()})
        assert_problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    garbled = {
        "Content-Type": "multipart/form-data; boundary=a; charset=utf-7"
    }  # nothing is read before it is known who
    assert_problem(http.request(method, path, content=b"x", headers=garbled), 401, "unauthenticated")
