import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.calibrate import Line
from matcher.fuse import PersonSpace, by_position, fuse, ranked
from matcher.types import Candidate, Evidence, Position
from tests.matcher.made_up import DIMENSIONS, again, person

LINES = {"face": Line(9.0, 3.0), "finger": Line(4.0, 1.5)}
SPACE = PersonSpace(DIMENSIONS, LINES)

some_positions = st.sets(st.sampled_from(list(Position))).map(sorted)


@settings(deadline=None)
@given(some_positions, some_positions, st.booleans())
def test_an_inner_product_is_the_sum_of_the_lines_over_common_positions(
    enrolled: list[Position], probed: list[Position], mated: bool
) -> None:
    theirs, ours = person(1, enrolled), again(1 if mated else 2, probed)
    product = SPACE.enrolled(by_position(theirs)) @ SPACE.probe(by_position(ours))
    wanted = sum(
        LINES["finger" if t.position.is_finger else "face"].slope * float(t.vector @ o.vector)
        - LINES["finger" if t.position.is_finger else "face"].offset
        for t in theirs
        for o in ours
        if t.position is o.position
    )
    assert product == pytest.approx(wanted, abs=1e-4)


def test_several_captures_are_one_row_between_them() -> None:
    first, second = person(1, [Position.FACE]), person(2, [Position.FACE])
    row = SPACE.enrolled(by_position([*first, *second]))
    to_each = [float(row @ SPACE.probe(by_position(one))) for one in (first, second)]
    assert to_each[0] == pytest.approx(to_each[1], abs=1e-4)
    assert to_each[0] > float(row @ SPACE.probe(by_position(person(3, [Position.FACE]))))


def test_opposite_captures_cancel_without_harm() -> None:
    (face,) = person(1, [Position.FACE])
    turned = type(face)(face.position, -face.vector, face.quality, face.model)
    assert np.isfinite(SPACE.enrolled(by_position([face, turned]))).all()


def test_evidence_adds_and_the_likeliest_come_first() -> None:
    parts = {Position.FACE: Evidence(0.5, 2.0), Position.LEFT_THUMB: Evidence(0.1, -0.5)}
    assert fuse(3, parts) == Candidate(3, 1.5, parts)
    some = [Candidate(key, lr, {}) for key, lr in [(4, 1.0), (2, 1.0), (9, 3.0), (1, -math.inf)]]
    assert [candidate.key for candidate in ranked(some, 3)] == [9, 2, 4]
