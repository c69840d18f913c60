"""Reading multipart bodies: what is whole comes back as it was, and what is not is refused."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.api.errors import Malformed
from service.api.multipart import LONGEST_EPILOGUE, MOST_PARTS, read_parts
from tests.service.api.bodies import BOUNDARY, CRLF, Sent, body, framed

Read = list[tuple[str, bytes]]
HONEST = (Sent("enrolment", b'{"id": 1}', ("Content-Type: application/json",)), Sent("face", b"\xff\xd8\r\n\r\n--\x00"))


def read(content: bytes, boundary: str = BOUNDARY, piece: int | None = None) -> Read:
    """The parts of a body that comes `piece` bytes at a time."""

    async def stream() -> AsyncIterator[bytes]:
        size = piece or max(1, len(content))
        for at in range(0, len(content), size):
            yield content[at : at + size]

    found = asyncio.run(read_parts(stream(), boundary.encode()))
    return [(one.name, one.content) for one in found]


def refusal(content: bytes, boundary: str = BOUNDARY, piece: int | None = None) -> tuple[str, str]:
    """The field and the code by which a body is refused."""
    with pytest.raises(Malformed) as refused:
        read(content, boundary, piece)
    (error,) = refused.value.errors
    return error.field, error.code


def sent(parts: Sequence[Sent]) -> Read:
    return [(one.name, one.content) for one in parts]


BOUNDARIES = st.text("abyzABYZ0189'()+_,-./:=?", min_size=1, max_size=70)
NAMES = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters='"\\;'), min_size=1, max_size=12)
CRUMBS = st.sampled_from([b"\r\n", b"--", b"\r", b"\n", b"-", BOUNDARY.encode(), b"\r\n--", b"\x00", b": ", b"name="])
CONTENTS = st.lists(CRUMBS | st.binary(max_size=40), max_size=8).map(b"".join)
PARTS = st.lists(
    st.builds(
        Sent,
        NAMES,
        CONTENTS,
        st.sampled_from([(), ("Content-Type: image/png",), ("X-A: b", "Content-Transfer-Encoding: binary")]),
        st.sampled_from(["", '; filename="a.png"', "; filename*=UTF-8''a.png"]),
    ),
    max_size=4,
)
ENDS = st.sampled_from([b"", CRLF, b"  \t", b"\n", b"\r\n\r\n", b" \r\nsigned by a gateway\r\n"])


def honest(parts: Sequence[Sent], boundary: str) -> bool:
    """A sender chooses a boundary that no line of a content begins with, and puts no other part into a content."""
    delimiter = b"\r\n--" + boundary.encode()
    heads = any(b"\r\ncontent-disposition:" in one.content.lower() for one in parts)
    return not heads and all(delimiter not in CRLF + one.content for one in parts)


@given(PARTS, BOUNDARIES | st.just(BOUNDARY), ENDS, st.integers(1, 70))
def test_a_whole_body_comes_back_in_whatever_pieces_it_arrives(
    parts: list[Sent], boundary: str, end: bytes, piece: int
) -> None:
    assume(honest(parts, boundary))
    assert read(b"".join(framed(parts, boundary)) + end, boundary, piece) == sent(parts)


@given(PARTS.filter(bool), BOUNDARIES | st.just(BOUNDARY), st.data())
def test_a_body_cut_anywhere_before_its_end_is_refused(parts: list[Sent], boundary: str, data: st.DataObject) -> None:
    assume(honest(parts, boundary))
    whole = b"".join(framed(parts, boundary))
    at = data.draw(st.integers(0, len(whole) - 1))
    refusal(whole[:at], boundary, data.draw(st.integers(1, 70)))


def needed(part: Sent) -> list[int]:
    """The lines of a part's frame without which it is not whole, by their place in `framed`.

    A body stays whole without a header that no one asked for, and where a content can be read as the line that is lost.
    """
    head = len(part.head())
    found = [0, 1]  # the delimiter, Content-Disposition
    if b":" not in part.content and not part.content.startswith(CRLF):
        found.append(head)  # the empty line
    if not part.content.endswith(CRLF):
        found.append(head + 2)  # the line end before the next delimiter
    return found


@given(PARTS.filter(bool), BOUNDARIES | st.just(BOUNDARY), st.data())
def test_a_body_without_one_line_of_its_frame_is_refused(parts: list[Sent], boundary: str, data: st.DataObject) -> None:
    assume(honest(parts, boundary))
    pieces = framed(parts, boundary)
    lines, first = [len(pieces) - 1], 0
    for one in parts:
        lines += [first + n for n in needed(one)]
        first += len(one.head()) + 3
    n = data.draw(st.sampled_from(lines))
    refusal(b"".join(pieces[:n] + pieces[n + 1 :]) + CRLF, boundary)


def test_one_body_cut_at_every_byte_is_refused_in_any_pieces() -> None:
    whole = b"".join(framed(HONEST))
    for at in range(len(whole)):
        for piece in (1, 7, None):
            refusal(whole[:at], piece=piece)
    assert read(whole, piece=1) == sent(HONEST)


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 3 << 20])
def test_a_part_of_any_size_arrives_as_raw_bytes_without_a_file_name(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert read(body(Sent("face", content)), piece=65_536) == [("face", content)]


def test_no_part_waits_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    content = b"x" * (8 << 20)
    assert read(body(Sent("face", content)), piece=65_536) == [("face", content)]


def test_an_empty_form_has_no_parts() -> None:
    assert read(b"--" + BOUNDARY.encode() + b"--\r\n") == []


D = "--" + BOUNDARY
NAMED = 'Content-Disposition: form-data; name="face"'
BROKEN: dict[str, tuple[str, tuple[str, str]]] = {
    "nothing": ("", ("body", "cut_short")),
    "only line ends": ("\r\n\r\n", ("body", "cut_short")),
    "a boundary that never comes": (f"--other\r\n{NAMED}\r\n\r\nx\r\n--other--\r\n", ("body", "unreadable")),
    "no boundary at all": ("face=x", ("body", "unreadable")),
    "a part without headers": (f"{D}\r\n\r\nx\r\n{D}--\r\n", ("body", "unnamed_part")),
    "a part without a name": (
        f"{D}\r\nContent-Disposition: form-data\r\n\r\nx\r\n{D}--\r\n",
        ("body", "unnamed_part"),
    ),
    "only a file name": (
        f"{D}\r\nContent-Disposition: form-data; filename=face\r\n\r\nx\r\n{D}--\r\n",
        ("body", "unnamed_part"),
    ),
    "a header without a colon": (f"{D}\r\n{NAMED}\r\nContent-Type\r\n\r\nx\r\n{D}--\r\n", ("body", "unreadable")),
    "a header on two lines": (f"{D}\r\n{NAMED}\r\n folded\r\n\r\nx\r\n{D}--\r\n", ("body", "unreadable")),
    "two names": (f"{D}\r\n{NAMED}\r\n{NAMED}\r\n\r\nx\r\n{D}--\r\n", ("body", "unreadable")),
    "line ends of LF": (f"{D}\n{NAMED}\n\nx\n{D}--\n", ("body", "unreadable")),
    "a last line end of LF": (f"{D}\r\n{NAMED}\r\n\r\nx\n{D}--\r\n", ("body", "cut_short")),
    "one hyphen at the end": (f"{D}\r\n{NAMED}\r\n\r\nx\r\n{D}-\r\n", ("body", "cut_short")),
    "a part after the end": (
        f"{D}\r\n{NAMED}\r\n\r\nx\r\n{D}--\r\n{D}\r\n{NAMED}\r\n\r\nx\r\n{D}--\r\n",
        ("body", "after_the_end"),
    ),
    "more on the last line": (f"{D}\r\n{NAMED}\r\n\r\nx\r\n{D}--x\r\n", ("body", "after_the_end")),
    "a long epilogue": (
        f"{D}\r\n{NAMED}\r\n\r\nx\r\n{D}--\r\n" + "x" * LONGEST_EPILOGUE,
        ("body", "after_the_end"),
    ),
    "a lost delimiter": (f"{D}\r\n{NAMED}\r\n\r\nx\r\n{NAMED}\r\n\r\ny\r\n{D}--\r\n", ("face", "part_inside")),
    "base64": (
        f"{D}\r\n{NAMED}\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n{D}--\r\n",
        ("face", "transfer_encoding"),
    ),
    "quoted-printable": (
        f"{D}\r\n{NAMED}\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\nx\r\n{D}--\r\n",
        ("face", "transfer_encoding"),
    ),
    "multipart inside": (
        f"{D}\r\n{NAMED}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n{D}--\r\n",
        ("face", "nested"),
    ),
    "too many parts": (
        "".join(f"{D}\r\n{NAMED}\r\n\r\nx\r\n" for _ in range(MOST_PARTS + 1)) + f"{D}--\r\n",
        ("body", "too_many_parts"),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_not_as_prescribed_is_refused_by_name(case: str) -> None:
    content, expected = BROKEN[case]
    for piece in (None, 1):
        assert refusal(content.encode(), piece=piece) == expected


def test_a_name_that_is_not_utf8_is_refused() -> None:
    content = body(Sent("face", b"x")).replace(b"face", "وجه".encode("cp1256"))
    assert refusal(content) == ("body", "not_utf8")


def test_a_boundary_is_of_1_to_70_characters() -> None:
    assert read(body(*HONEST, boundary="b" * 70), "b" * 70) == sent(HONEST)
    for boundary in ("", "b" * 71):
        assert refusal(body(*HONEST, boundary=boundary), boundary) == ("Content-Type", "boundary")
