import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from matcher.errors import TemplateDamaged
from matcher.packing import template_from_bytes, template_to_bytes
from matcher.types import Minutiae, Position, Quality, Template, Vector
from tests.matcher.made_up import person

finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def templates(draw: st.DrawFn) -> Template:
    def floats(count: int) -> Vector:
        return draw(npst.arrays(np.float32, count, elements=st.floats(width=32)))

    size = draw(st.integers(0, 40) | st.none())
    minutiae = None
    if size is not None:
        ending = draw(npst.arrays(np.bool_, size))
        minutiae = Minutiae(floats(size), floats(size), floats(size), floats(size), ending)
    quality = Quality(
        draw(st.integers(0, 100)),
        tuple(draw(st.lists(st.text(max_size=12), max_size=3))),
        draw(st.dictionaries(st.text(max_size=12), finite, max_size=4)),
    )
    vector, model = floats(draw(st.integers(0, 300))), draw(st.text(max_size=20))
    return Template(draw(st.sampled_from(Position)), vector, quality, model, minutiae)


def assert_identical(one: Template, other: Template) -> None:
    assert (one.position, one.quality, one.model) == (other.position, other.quality, other.model)
    assert one.vector.tobytes() == other.vector.tobytes()
    assert one.vector.dtype == other.vector.dtype == np.float32
    assert (one.minutiae is None) == (other.minutiae is None)
    if one.minutiae is not None and other.minutiae is not None:
        for column in ("x", "y", "direction", "quality", "ending"):
            before, after = getattr(one.minutiae, column), getattr(other.minutiae, column)
            assert before.dtype == after.dtype
            assert before.tobytes() == after.tobytes()


@settings(deadline=None)
@given(templates())
def test_what_is_packed_comes_back_as_it_was(template: Template) -> None:
    assert_identical(template_from_bytes(template_to_bytes(template)), template)


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
    body = b"JT\x02" + template_to_bytes(person(1, [Position.FACE])[0])[3:-4]
    with pytest.raises(TemplateDamaged, match="version 2"):
        template_from_bytes(body + struct.pack("<I", zlib.crc32(body)))
