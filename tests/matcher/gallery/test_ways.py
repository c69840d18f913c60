import numpy as np

from matcher.evidence import Person
from matcher.gallery.layout import Probe
from matcher.gallery.ways import FINGER_INDEXES, ways_of
from matcher.types import Hypothesis, Position
from tests.matcher.made_up import again, person


def test_at_any_position_a_finger_captured_twice_counts_as_much_as_another() -> None:
    thumb, index = Position.RIGHT_THUMB, Position.RIGHT_INDEX
    first, second = person(1, [thumb, index]), again(1, [thumb])
    (way,) = ways_of(Probe.of(Person([*first, *second])), [Hypothesis.ANY_POSITION])
    wanted = ((first[0].vector + second[0].vector) / 2 + first[1].vector) / 2
    for position in FINGER_INDEXES:
        np.testing.assert_allclose(way.probe.captures[position].mean(axis=0), wanted, rtol=1e-5)
