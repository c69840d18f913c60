"""A print that was looked at twice is compared as two captures of one position are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matcher import exact
from matcher.comparator import Comparator
from matcher.evidence import Person, evidence_between
from matcher.gallery import Gallery, untrained
from matcher.gallery.records import records_of
from matcher.types import FINGERS, Position, Template
from matcher.within import same_fingers
from tests.matcher.made_up import CALIBRATIONS, DIMENSIONS, FORMAT, MODELS, again, models_in, person, seen_twice

HAND = [Position.FACE, *FINGERS[:4]]
CODERS = {"face": untrained(DIMENSIONS["face"], 4), "finger": untrained(DIMENSIONS["finger"], 6)}
TWICE = {key: seen_twice(person(key, HAND)) for key in range(20)}
APART = {key: [view for one in templates for view in one.views] for key, templates in TWICE.items()}
PROBE = seen_twice(again(3, HAND))


def views(templates: list[Template]) -> list[Template]:
    return [view for one in templates for view in one.views]


def test_a_template_seen_twice_has_two_views_and_they_have_one_each() -> None:
    face, finger = seen_twice(person(1, HAND[:2]))
    assert face.views == (face,)
    plain, enhanced = finger.views
    assert finger.enhanced is not None
    assert (plain.minutiae, enhanced.minutiae) == (finger.minutiae, finger.enhanced.minutiae)
    assert (plain.position, plain.quality, plain.model) == (enhanced.position, enhanced.quality, enhanced.model)
    assert plain.views == (plain,)
    assert enhanced.views == (enhanced,)
    assert replace(finger, position=Position.LEFT_RING).views[1].position is Position.LEFT_RING


def test_the_gallery_keeps_every_view() -> None:
    one, other = records_of(list(TWICE.items()), DIMENSIONS), records_of(list(APART.items()), DIMENSIONS)
    assert one.positions.tolist() == other.positions.tolist()
    np.testing.assert_array_equal(one.minutiae, other.minutiae)
    np.testing.assert_array_equal(one.fingers, other.fingers)


@pytest.mark.parametrize("probe", [PROBE, views(PROBE), again(3, HAND)])
def test_searches_find_the_same_of_views_as_of_captures(probe: list[Template]) -> None:
    galleries = [Gallery(DIMENSIONS, CALIBRATIONS, CODERS, threads=2) for _ in range(2)]
    for gallery, people in zip(galleries, (TWICE, APART), strict=True):
        gallery.add_many(people.items())
    found, wanted = (gallery.search(probe, limit=5) for gallery in galleries)
    assert found == wanted
    assert found[0].key == 3


def test_a_plain_scan_sees_every_view() -> None:
    found, wanted = (exact.search(people, PROBE, CALIBRATIONS, 5) for people in (TWICE, APART))
    assert found == wanted
    assert found[0].key == 3


def test_comparisons_find_the_same_of_views_as_of_captures(tmp_path: Path) -> None:
    comparator = Comparator(FORMAT, models_in(tmp_path))
    assert comparator.rank(PROBE, TWICE, 5) == comparator.rank(views(PROBE), APART, 5)
    assert comparator.compare(PROBE, TWICE[3]) == comparator.compare(views(PROBE), APART[3])


def test_a_match_of_the_enhanced_picture_alone_counts_and_pays_for_the_choice() -> None:
    finger = [FINGERS[0]]
    (twice,) = seen_twice(person(4, finger))
    shown = [twice.views[1]]
    scored = evidence_between(Person(shown), Person([twice]), CALIBRATIONS)
    alone = evidence_between(Person(shown), Person(shown), CALIBRATIONS)
    assert scored.pairs.pairs[0, 0, 0] == pytest.approx(alone.pairs.pairs[0, 0, 0] - np.log10(2))


def test_one_finger_at_two_positions_is_noticed_by_the_enhanced_picture() -> None:
    (twice,) = seen_twice(person(5, [FINGERS[0]]))
    shown = replace(twice.views[1], position=FINGERS[1])
    assert same_fingers([twice, shown]) == [(FINGERS[0], FINGERS[1])]
    assert same_fingers([twice.views[0], shown]) == []
    assert twice.model == MODELS["finger"]
