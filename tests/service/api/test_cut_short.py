"""Uploads that do not arrive whole or as they should: refused, nothing kept; and what honest clients send otherwise."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.bootstrap import App
from service.kit.blobs import read_sound
from tests.captures import capture
from tests.service.api.bodies import BOUNDARY, CRLF, Sent, body, framed, of_type
from tests.service.api.counter import FIRST, Client, enrolment
from tests.service.api.test_bad_input import assert_problem

ROUTES = ("/v1/enrolments", "/v1/identify", "/v1/verify", "/v1/quality")
JSON = ("Content-Type: application/json",)


def post(client: Client, content: bytes, path: str = "/v1/enrolments", boundary: str = BOUNDARY) -> Any:
    return client.call("POST", path, content=content, headers=of_type(boundary))


def parts(**changes: Any) -> list[Sent]:
    """An honest enrolment of a face and a finger, each without a file name."""
    first = Sent("enrolment", json.dumps(enrolment(**changes)).encode(), JSON)
    return [first, *(Sent(position, capture(name)) for position, name in FIRST.items())]


def kept(jisr: App) -> tuple[int, int]:
    """Enrolments, and files of captures."""
    with jisr.store.storage.read() as uow:
        enrolments = sum(uow.enrolments.count_by_status().values())
    return enrolments, len(list(jisr.store.blobs.names()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_upload_cut_anywhere_or_without_a_line_of_its_frame_is_refused_and_nothing_is_kept(
    counter: Client, jisr: App, data: st.DataObject
) -> None:
    pieces = framed(parts())
    whole = b"".join(pieces)
    before = kept(jisr)
    if data.draw(st.booleans()):
        content = whole[: data.draw(st.integers(0, len(whole) - 1) | st.integers(len(whole) - 60, len(whole) - 1))]
    else:
        frame = [n for n, one in enumerate(pieces) if len(one) < 100 and not one.startswith(b"Content-Type")]
        n = data.draw(st.sampled_from(frame))
        content = b"".join(pieces[:n] + pieces[n + 1 :]) + CRLF
    assert_problem(post(counter, content), 422, "malformed")
    assert kept(jisr) == before == (0, 0)


def test_what_was_refused_cut_short_is_accepted_whole(counter: Client, jisr: App) -> None:
    whole = b"".join(framed(parts()))
    for at in (len(whole) - 1, len(whole) - len(BOUNDARY) - 4, len(whole) - 500):
        answer = post(counter, whole[:at])
        assert_problem(answer, 422, "malformed", "body")
        assert answer.json()["errors"][0]["code"] == "cut_short"
    answer = counter.call("POST", "/v1/enrolments?wait=60", content=whole, headers=of_type())
    assert answer.status_code == 202, answer.text
    assert sorted(one["position"] for one in answer.json()["captures"]) == sorted(FIRST)
    assert kept(jisr) == (1, 2)
    names = [one.name for one in jisr.store.blobs.names()]
    with jisr.store.storage.read() as uow:
        stored = {read_sound(jisr.store.blobs, one) for one in uow.blobs.of_names(names).values()}
    assert stored == {capture(name) for name in FIRST.values()}


ARABIC = {"names": [{"script": "Arab", "full": "أمينة حسن"}]}


def test_a_name_in_windows_1256_is_kept_as_it_was_written(counter: Client) -> None:
    written = json.dumps(enrolment(person=ARABIC), ensure_ascii=False).encode("windows-1256")
    first = Sent("enrolment", written, ("Content-Type: application/json; charset=windows-1256",))
    content = body(first, *parts()[1:])
    answer = counter.call("POST", "/v1/enrolments?wait=60", content=content, headers=of_type())
    assert answer.status_code == 202, answer.text
    names = counter.get(f"/v1/persons/{answer.json()['person_number']}")["names"]
    assert names == [{**ARABIC["names"][0], "kind": "full"}]


class OnOneDatabase:
    """For what does not reach the database."""

    @pytest.fixture
    def jisr(self, warm: App) -> App:
        return warm

    @pytest.fixture
    def http(self, warm_http: Any) -> Any:
        return warm_http


class TestRoutes(OnOneDatabase):
    @pytest.mark.parametrize("path", ROUTES)
    @pytest.mark.parametrize("chunked", [False, True])
    def test_every_route_with_captures_refuses_what_was_cut_short(
        self, counter: Client, path: str, chunked: bool
    ) -> None:
        whole = b"".join(framed([*parts(), Sent("number", b"2345678901")]))
        for at in (0, 5, len(whole) // 2, len(whole) - 2, len(whole) - 1):

            def stream(upto: int = at) -> Iterator[bytes]:
                yield whole[:upto]

            content: Any = stream() if chunked else whole[:at]
            assert_problem(counter.call("POST", path, content=content, headers=of_type()), 422, "malformed", "body")

    @pytest.mark.parametrize("more", ["", "; filename*=UTF-8''%D9%88%D8%AC%D9%87.jpg", '; filename="a.jpg"'])
    def test_a_capture_needs_no_file_name(self, counter: Client, more: str) -> None:
        sent = Sent("right_index", capture("p1_1.png"), more=more)
        answer = post(counter, body(sent), "/v1/quality")
        assert answer.status_code == 200, answer.text
        assert answer.json()["position"] == "right_index"

    def test_a_large_capture_without_a_file_name_is_judged_by_its_bytes(self, counter: Client) -> None:
        sent = Sent("face", b"\xff\xd8" + bytes(40_000_000))
        assert_problem(post(counter, body(sent), "/v1/quality"), 413, "capture-too-large", "face")

    def test_an_unknown_part_is_no_position_with_or_without_a_file_name(self, counter: Client) -> None:
        for more in ("", '; filename="a"'):
            content = body(Sent("right_toe", b"x", more=more))
            assert_problem(post(counter, content, "/v1/quality"), 422, "unknown-position", "right_toe")

    @pytest.mark.parametrize("kind", ["application/json", "multipart/mixed; boundary=b", "image/jpeg", ""])
    def test_a_body_that_is_not_a_form_is_refused(self, counter: Client, kind: str) -> None:
        answer = counter.call("POST", "/v1/identify", content=b"{}", headers={"Content-Type": kind})
        assert_problem(answer, 422, "malformed", "Content-Type")


class TestText(OnOneDatabase):
    """Text parts in any charset that is stated."""

    def person(self, counter: Client, *sent: Sent) -> Any:
        """Post without captures: what is read of the text is refused only for want of them."""
        return post(counter, body(*sent))

    def part(self, charset: str, stated: str | None, person: Any = ARABIC) -> Sent:
        text = json.dumps(enrolment(person=person), ensure_ascii=False)
        kind = "application/json" if stated is None else f"application/json; charset={stated}"
        return Sent("enrolment", text.encode(charset), (f"Content-Type: {kind}",))

    @pytest.mark.parametrize(
        ("charset", "stated"),
        [
            ("utf-8", None),
            ("utf-8-sig", None),
            ("utf-8-sig", "utf-8"),
            ("windows-1256", "windows-1256"),
            ("windows-1256", '"Windows-1256"'),
            ("iso-8859-6", "ISO-8859-6"),
            ("utf-16", "utf-16"),
            ("utf-16-le", "utf-16le"),
        ],
    )
    def test_text_is_read_in_the_charset_it_states(self, counter: Client, charset: str, stated: str | None) -> None:
        answer = self.person(counter, self.part(charset, stated))
        assert_problem(answer, 422, "nothing-to-enrol", "captures")

    @pytest.mark.parametrize(
        ("charset", "stated", "code"),
        [
            ("windows-1256", None, "not_utf8"),
            ("windows-1256", "utf-8", "not_utf8"),
            ("utf-8", "ascii", "not_in_charset"),
            ("utf-8", "klingon", "unknown_charset"),
            ("utf-8", "hex", "unknown_charset"),
            ("utf-8", "rot13", "unknown_charset"),
            ("utf-8", "idna", "unknown_charset"),
            ("utf-8", "punycode", "unknown_charset"),
            ("utf-8", "unicode_escape", "unknown_charset"),
            ("utf-8", "undefined", "unknown_charset"),
            ("utf-8", "..os", "unknown_charset"),
            ("utf-8", "x" * 1000, "unknown_charset"),
        ],
    )
    def test_text_that_cannot_be_read_is_refused_by_name(
        self, counter: Client, charset: str, stated: str | None, code: str
    ) -> None:
        answer = self.person(counter, self.part(charset, stated))
        assert_problem(answer, 422, "malformed", "enrolment")
        assert [one["code"] for one in answer.json()["errors"]] == [code]

    def test_the_charset_part_states_that_of_parts_that_state_none(self, counter: Client) -> None:
        arabic = self.part("windows-1256", None)
        for sent in ([Sent("_charset_", b"windows-1256"), arabic], [arabic, Sent("_charset_", b"windows-1256")]):
            assert_problem(self.person(counter, *sent), 422, "nothing-to-enrol", "captures")
        own = self.part("utf-8", "utf-8")
        answer = self.person(counter, Sent("_charset_", b"windows-1256"), own)
        assert_problem(answer, 422, "nothing-to-enrol", "captures")
        answer = self.person(counter, Sent("_charset_", b"klingon"), arabic)
        assert_problem(answer, 422, "malformed", "enrolment")


def test_a_browser_s_field_without_a_file_is_no_capture(counter: Client) -> None:
    unchosen = [
        Sent(name, b"", ("Content-Type: application/octet-stream",), '; filename=""') for name in ("left_thumb",)
    ]
    answer = counter.call("POST", "/v1/enrolments?wait=60", content=body(*parts(), *unchosen), headers=of_type())
    assert answer.status_code == 202, answer.text
    assert sorted(one["position"] for one in answer.json()["captures"]) == sorted(FIRST)
