import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from matcher.errors import TemplateDamaged
from matcher.packing import template_from_bytes, template_to_bytes
from matcher.types import Features, Minutiae, Position, Quality, Template, Vector
from tests.matcher.made_up import person

finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def templates(draw: st.DrawFn) -> Template:
    def floats(count: int) -> Vector:
        return draw(npst.arrays(np.float32, count, elements=st.floats(width=32)))

    def minutiae_of(size: int) -> Minutiae:
        ending = draw(npst.arrays(np.bool_, size))
        return Minutiae(floats(size), floats(size), floats(size), floats(size), ending)

    size, again = draw(st.integers(0, 40) | st.none()), draw(st.integers(0, 40) | st.none())
    quality = Quality(
        draw(st.integers(0, 100)),
        tuple(draw(st.lists(st.text(max_size=12), max_size=3))),
        draw(st.dictionaries(st.text(max_size=12), finite, max_size=4)),
    )
    dimension, model = draw(st.integers(0, 300)), draw(st.text(max_size=20))
    return Template(
        draw(st.sampled_from(Position)),
        floats(dimension),
        quality,
        model,
        None if size is None else minutiae_of(size),
        None if size is None or again is None else Features(floats(dimension), minutiae_of(again)),
    )


def assert_identical(one: Template, other: Template) -> None:
    assert (one.position, one.quality, one.model) == (other.position, other.quality, other.model)
    for ours, theirs in zip(one.views, other.views, strict=True):
        assert ours.vector.tobytes() == theirs.vector.tobytes()
        assert ours.vector.dtype == theirs.vector.dtype == np.float32
        assert (ours.minutiae is None) == (theirs.minutiae is None)
        if ours.minutiae is not None and theirs.minutiae is not None:
            for column in ("x", "y", "direction", "quality", "ending"):
                before, after = getattr(ours.minutiae, column), getattr(theirs.minutiae, column)
                assert before.dtype == after.dtype
                assert before.tobytes() == after.tobytes()


@settings(deadline=None)
@given(templates())
def test_what_is_packed_comes_back_as_it_was(template: Template) -> None:
    assert_identical(template_from_bytes(template_to_bytes(template)), template)


@pytest.mark.parametrize("position", [Position.FACE, Position.LEFT_RING])
def test_templates_of_the_first_version_are_still_read(position: Position) -> None:
    (template,) = person(1, [position])
    packed = template_to_bytes(template)[:-4]
    count = "null" if template.minutiae is None else str(len(template.minutiae))
    header = packed[7 : packed.index(b"}", packed.index(b"minutiae")) + 1]
    before = header.replace(f"[{count}]".encode(), count.encode())
    first = b"JT" + struct.pack("<BI", 1, len(before)) + before + packed[7 + len(header) :]
    assert_identical(template_from_bytes(first + struct.pack("<I", zlib.crc32(first))), template)


def test_a_finger_takes_no_more_than_its_numbers_need() -> None:
    (template,) = person(1, [Position.LEFT_RING])
    assert template.minutiae is not None
    assert len(template_to_bytes(template)) < 4 * len(template.vector) + 17 * len(template.minutiae) + 250


@given(st.data())
def test_any_damage_is_noticed(data: st.DataObject) -> None:
    packed = template_to_bytes(person(1, [Position.LEFT_RING])[0])
    at = data.draw(st.integers(0, len(packed) - 1))
    change = data.draw(st.integers(1, 255))
    altered = packed[:at] + bytes([packed[at] ^ change]) + packed[at + 1 :]
    for damaged in (altered, packed[:at]):
        with pytest.raises(TemplateDamaged):
            template_from_bytes(damaged)


def test_a_later_version_is_refused_by_its_number() -> None:
    body = b"JT\x03" + template_to_bytes(person(1, [Position.FACE])[0])[3:-4]
    with pytest.raises(TemplateDamaged, match="version 3"):
        template_from_bytes(body + struct.pack("<I", zlib.crc32(body)))
