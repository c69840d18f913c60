"""One finger given at several positions, told from several fingers of one person."""

from dataclasses import replace
from itertools import combinations

import pytest

from matcher import ADVICE, Capture, Extractor, Position, Template, same_fingers
from matcher import parameters as p
from matcher.types import Minutiae
from tests.captures import capture
from tests.data import evaluation_data
from tests.matcher.made_up import again, person

THUMB, INDEX, MIDDLE, LEFT = Position.RIGHT_THUMB, Position.RIGHT_INDEX, Position.RIGHT_MIDDLE, Position.LEFT_INDEX


def laid_down(position: Position, *, time: int, at: Position) -> Template:
    """A made-up finger, given as that of another position."""
    (one,) = again(1, [position], time=time)
    return replace(one, position=at)


def shortened(one: Template, count: int) -> Template:
    """A template with its first minutiae only."""
    found = one.minutiae
    assert found is not None
    names = ("x", "y", "direction", "quality", "ending")
    return replace(one, minutiae=Minutiae(*(getattr(found, name)[:count] for name in names)))


def test_one_finger_at_three_positions_is_found_at_each_pair_and_its_other_fingers_at_none() -> None:
    some = [laid_down(INDEX, time=n, at=at) for n, at in enumerate((LEFT, MIDDLE, INDEX))]
    others = person(1, [Position.FACE, THUMB, Position.RIGHT_RING, Position.LEFT_THUMB])
    expected = list(combinations([INDEX, MIDDLE, LEFT], 2))
    assert same_fingers([*others, *some]) == same_fingers([*some, *others]) == expected


def test_captures_of_one_position_are_not_compared_with_each_other_but_each_with_all_others() -> None:
    twice = [laid_down(INDEX, time=time, at=INDEX) for time in (1, 2)]
    assert same_fingers(twice) == []
    (other,) = person(1, [MIDDLE])
    same = laid_down(INDEX, time=3, at=MIDDLE)
    assert same_fingers([*twice, other, same]) == [(INDEX, MIDDLE)]
    assert same_fingers([twice[0], other]) == []


def test_prints_with_few_cylinders_and_faces_take_no_part() -> None:
    whole, again_ = (laid_down(INDEX, time=1, at=at) for at in (INDEX, MIDDLE))
    assert same_fingers([whole, again_]) == [(INDEX, MIDDLE)]
    few = p.SAME_FINGER_CYLINDERS - 1
    assert same_fingers([whole, shortened(again_, few)]) == []
    assert same_fingers([shortened(whole, few), shortened(again_, few)]) == []
    assert same_fingers(person(1, [Position.FACE])) == same_fingers([]) == []


def test_two_impressions_of_a_real_finger_are_one_and_another_finger_is_not(extractor: Extractor) -> None:
    names = {INDEX: "p1_1.png", MIDDLE: "p1_2.png", LEFT: "p2_1.png"}
    found = extractor.extract([Capture(position, capture(name)) for position, name in names.items()])
    assert same_fingers([one for one in found if isinstance(one, Template)]) == [(INDEX, MIDDLE)]


@pytest.mark.slow
def test_real_fingers_laid_down_four_times_are_noticed(extractor: Extractor) -> None:
    folder = evaluation_data("fingerprints/FVC2002_DB1_B")
    positions = (THUMB, INDEX, MIDDLE, LEFT)
    for finger in (101, 102):
        shots = [(folder / f"{finger}_{n}.png").read_bytes() for n in range(1, 5)]
        found = extractor.extract([Capture(at, one) for at, one in zip(positions, shots, strict=True)])
        assert len(same_fingers([one for one in found if isinstance(one, Template)])) >= 3
    several = [Capture(at, (folder / f"{n}_1.png").read_bytes()) for n, at in enumerate(positions, 101)]
    assert same_fingers([one for one in extractor.extract(several) if isinstance(one, Template)]) == []


def test_its_codes_have_advice() -> None:
    assert ADVICE["same_finger"]
    assert ADVICE["identical_files"]
