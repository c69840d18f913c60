"""Prints that are mirrored, or have another resolution than stated."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import Comparator, Extractor, Hypothesis, Position, SearchIndex, Template, exact
from matcher.calibrate import read_calibrations
from matcher.finger.vector import FingerVector
from matcher.networks import MODELS
from matcher.parameters import PERIOD_LEAST, PERIOD_MOST, READING_CHARGE, RESCALED
from matcher.readings import Reader, mirrored, plausible_scales, rescaled
from matcher.types import FINGERS, Minutiae, Quality
from tests.matcher import made_up
from tests.matcher.finger.made_up import jittered, made_up_finger

PEOPLE, ENROLLED = 25, FINGERS[:4]
TRUE = 7
"""The person who tries."""


@pytest.fixture(scope="module")
def prints() -> list[list[Minutiae]]:
    """Two impressions of every finger of PEOPLE people, by impression."""
    fingers = [made_up_finger(seed) for seed in range(PEOPLE * len(ENROLLED))]
    return [[jittered(one, 1000 * impression + at) for at, one in enumerate(fingers)] for impression in range(2)]


@pytest.fixture(scope="module")
def templates(extractor: Extractor, prints: list[list[Minutiae]]) -> list[Template]:
    """The first impressions, person after person."""
    return [template_of(extractor, one, at) for at, one in enumerate(prints[0])]


@pytest.fixture(scope="module")
def people(templates: list[Template]) -> dict[int, list[Template]]:
    fingers = len(ENROLLED)
    return {person: templates[person * fingers : (person + 1) * fingers] for person in range(PEOPLE)}


@pytest.fixture(scope="module")
def index(extractor: Extractor, people: Mapping[int, Sequence[Template]]) -> SearchIndex:
    index = SearchIndex(extractor.format, threads=2)
    index.replace(people)
    return index


NETWORK = FingerVector()


def template_of(extractor: Extractor, minutiae: Minutiae, at: int, period: float = 8.5) -> Template:
    quality = Quality(80, components={"ridge_period_px": period})
    position = ENROLLED[at % len(ENROLLED)]
    return Template(position, NETWORK(minutiae), quality, extractor.format.models["finger"], minutiae)


def tried(extractor: Extractor, prints: list[list[Minutiae]], scale: float | None) -> list[Template]:
    """The true person's second impressions, `scale` times as large, or mirrored."""
    first = TRUE * len(ENROLLED)
    changed = [mirrored(one) if scale is None else rescaled(one, scale) for one in prints[1][first : first + 4]]
    return [template_of(extractor, one, at, 8.5 * (scale or 1)) for at, one in enumerate(changed)]


@pytest.mark.parametrize("dpi", [250, 300, 400, 600, 750, 1000, None])
def test_prints_of_another_resolution_and_mirrored_ones_are_found(
    extractor: Extractor,
    index: SearchIndex,
    people: dict[int, list[Template]],
    prints: list[list[Minutiae]],
    dpi: int | None,
) -> None:
    """dpi: stated of prints of 500; None: they are mirrored."""
    probe = tried(extractor, prints, None if dpi is None else 500 / dpi)
    best = index.search(probe)[0]
    assert best.key == TRUE
    assert best.hypothesis is (Hypothesis.MIRRORED if dpi is None else Hypothesis.OTHER_RESOLUTION)
    scales = {one.scale for one in best.evidence.values()}
    assert (
        scales == {None} if dpi is None else scales <= {scale for scale in RESCALED if abs(scale * 500 / dpi - 1) < 0.1}
    )
    as_stated = index.search(probe, hypotheses=[Hypothesis.AS_STATED])
    assert all(one.rarity < best.rarity - 3 for one in as_stated)
    comparator = Comparator(extractor.format)
    compared = comparator.compare(probe, people[TRUE])
    assert compared.hypothesis is best.hypothesis
    assert compared.rarity == pytest.approx(best.rarity, abs=0.5)
    (ranked,) = comparator.rank_many([probe], people, 1)
    assert [(one.key, one.hypothesis, one.rarity) for one in ranked] == [(TRUE, best.hypothesis, best.rarity)]
    calibrations = read_calibrations(MODELS / "calibration.json", extractor.format.models)
    readings = Reader(extractor.format).readings(probe)
    oracle = exact.search({TRUE: people[TRUE]}, probe, calibrations, readings=readings)[0]
    assert oracle.hypothesis is best.hypothesis
    assert oracle.log10_lr == pytest.approx(best.log10_lr, abs=0.3)


def test_an_honest_probe_is_found_as_stated_and_its_other_readings_cost_it_nothing(
    extractor: Extractor, index: SearchIndex, prints: list[list[Minutiae]]
) -> None:
    probe = tried(extractor, prints, 1.0)
    mixture = [one for one in Hypothesis if one not in (Hypothesis.MIRRORED, Hypothesis.OTHER_RESOLUTION)]
    with_readings, without = index.search(probe)[0], index.search(probe, hypotheses=mixture)[0]
    assert (with_readings, with_readings.key) == (without, TRUE)
    assert with_readings.hypothesis is Hypothesis.AS_STATED


def test_what_a_reading_finds_pays_for_it(
    extractor: Extractor, index: SearchIndex, prints: list[list[Minutiae]]
) -> None:
    as_stated = index.search(tried(extractor, prints, 1.0), hypotheses=[Hypothesis.AS_STATED])[0]
    read = index.search(tried(extractor, prints, 2.0), hypotheses=[Hypothesis.OTHER_RESOLUTION])[0]
    assert read.log10_lr == pytest.approx(as_stated.log10_lr - READING_CHARGE, abs=0.3)
    assert read.rarity == pytest.approx(as_stated.rarity - READING_CHARGE, abs=0.3)


def test_a_probe_without_fingers_or_of_another_network_has_no_other_reading(extractor: Extractor) -> None:
    face = made_up.person(1, [Position.FACE])
    assert Reader(extractor.format).readings(face) == []
    assert Reader(made_up.FORMAT).readings(made_up.person(1, ENROLLED)) == []


def test_a_print_mirrored_twice_or_scaled_back_is_itself(prints: list[list[Minutiae]]) -> None:
    one = prints[0][0]
    twice = mirrored(mirrored(one))
    assert twice.x - twice.x.min() == pytest.approx(one.x - one.x.min(), abs=1e-3)
    assert np.cos(twice.direction - one.direction) == pytest.approx(1, abs=1e-5)
    back = rescaled(rescaled(one, 1.25), 0.8)
    assert back.x == pytest.approx(one.x, rel=1e-5)
    assert back.y == pytest.approx(one.y, rel=1e-5)


@given(st.lists(st.floats(0, 30), min_size=1, max_size=10))
def test_only_scales_that_the_ridges_leave_possible_are_tried(periods: list[float]) -> None:
    (print_,) = made_up.person(1, ENROLLED[:1])
    probe = [replace(print_, quality=Quality(50, components={"ridge_period_px": period})) for period in periods]
    scales = plausible_scales(probe)
    known = [period for period in periods if period > 0]
    assert scales == list(RESCALED) if not known else set(scales) <= set(RESCALED)
    for scale in scales:
        assert not known or PERIOD_LEAST <= np.median(known) * scale <= PERIOD_MOST
