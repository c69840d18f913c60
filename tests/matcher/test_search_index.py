import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from matcher import (
    CalibrationUnusable,
    Capture,
    Comparator,
    Extractor,
    Hypothesis,
    Position,
    SearchIndex,
    Template,
    TemplatesIncomparable,
)
from matcher.gallery import Gallery, Stamp, untrained
from tests.data import evaluation_data
from tests.matcher import made_up

INDEX = Position.RIGHT_INDEX


@pytest.fixture(scope="module")
def loaded_index(extractor: Extractor) -> SearchIndex:
    return SearchIndex(extractor.format)


@pytest.fixture
def index(loaded_index: SearchIndex) -> SearchIndex:
    """An empty one."""
    loaded_index.clear()
    return loaded_index


@pytest.fixture(scope="module")
def comparator(extractor: Extractor) -> Comparator:
    return Comparator(extractor.format)


def test_the_enrolled_are_found_until_removed(
    index: SearchIndex, comparator: Comparator, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    index.add(11, first)
    index.add(22, second)
    assert 11 in index
    found = index.search(again)
    assert [candidate.key for candidate in found] == [11]
    assert found[0].log10_lr == pytest.approx(comparator.compare(again, first).log10_lr, abs=1e-2)
    index.remove(11)
    assert 11 not in index
    assert [candidate.key for candidate in index.search(again)] == []
    assert len(index) == 1


def test_the_preselected_are_those_of_any_reading(
    index: SearchIndex, first: list[Template], second: list[Template]
) -> None:
    index.add(11, first)
    index.add(22, second)
    fingers = [one for one in first if one.position.is_finger]
    assert index.preselected(first) >= {11, 22}
    assert index.preselected(fingers) >= {one.key for one in index.search(fingers)}
    index.remove(11)
    assert 11 not in index.preselected(first)


def test_a_snapshot_brings_everyone_back(
    index: SearchIndex, tmp_path: Path, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    index.add(11, first)
    index.add(22, second)
    before = index.search(again)
    index.save(tmp_path, sequence=5)
    index.clear()
    assert index.search(again) == []
    assert index.load(tmp_path) == 5
    assert_equal(index.search(again), before)
    index.remove(22)
    index.save(tmp_path, sequence=6)
    assert index.load(tmp_path) == 6
    assert len(index) == 1


def assert_equal(found: Sequence[object], wanted: Sequence[object]) -> None:
    assert list(found) == list(wanted)


def test_no_snapshot_and_a_damaged_one_leave_the_gallery_alone(
    index: SearchIndex, tmp_path: Path, first: list[Template], caplog: pytest.LogCaptureFixture
) -> None:
    index.add(11, first)
    assert index.load(tmp_path) is None
    index.save(tmp_path, sequence=5)
    saved = tmp_path / "gallery" / "alive.npy"
    saved.write_bytes(saved.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        assert index.load(tmp_path) is None
    assert [record.message for record in caplog.records] == ["gallery_snapshot_unusable"]
    assert [candidate.key for candidate in index.search(first)] == [11]


def test_a_snapshot_of_other_models_leaves_the_gallery_alone(
    index: SearchIndex, tmp_path: Path, first: list[Template]
) -> None:
    coders = {name: untrained(dimension, 4) for name, dimension in made_up.DIMENSIONS.items()}
    other = Gallery(made_up.DIMENSIONS, made_up.CALIBRATIONS, coders)
    other.save(tmp_path / "gallery", Stamp(5, made_up.MODELS))
    index.add(11, first)
    assert index.load(tmp_path) is None
    assert 11 in index


def test_templates_of_other_models_are_refused(index: SearchIndex, first: list[Template]) -> None:
    other = [replace(template, model="another") for template in first]
    with pytest.raises(TemplatesIncomparable):
        index.add(1, other)
    with pytest.raises(TemplatesIncomparable):
        index.search(other)


def test_real_fingers_get_evidence_for_their_own_and_against_all_others(
    extractor: Extractor, index: SearchIndex
) -> None:
    folder = evaluation_data("fingerprints/FVC2002_DB1_B")
    fingers = range(101, 106)
    captures = [
        Capture(INDEX, (folder / f"{finger}_{time}.png").read_bytes(), dpi=500) for time in (1, 2) for finger in fingers
    ]
    found = [template for template in extractor.extract(captures) if isinstance(template, Template)]
    enrolled, probes = found[: len(fingers)], found[len(fingers) :]
    for key, template in enumerate(enrolled):
        index.add(key, [template])
    for key, probe in enumerate(probes):
        best, *others = index.search([probe])
        assert best.key == key
        assert best.log10_lr > 2
        assert all(other.log10_lr < 1.5 for other in others)


def test_a_finger_under_a_wrong_name_is_found_at_its_own_position(
    index: SearchIndex, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    index.add(11, first)
    index.add(22, second)
    (finger,) = (template for template in again if template.position is INDEX)
    probe = [replace(finger, position=Position.LEFT_LITTLE)]
    assert index.search(probe, hypotheses=[Hypothesis.AS_STATED]) == []
    for found in (index.search(probe)[0], index.search(probe, hypotheses=[Hypothesis.ANY_POSITION])[0]):
        assert (found.key, found.hypothesis) == (11, Hypothesis.ANY_POSITION)
        assert found.evidence[Position.LEFT_LITTLE].found_at is INDEX


def test_an_index_without_fitting_curves_does_not_start(extractor: Extractor, tmp_path: Path) -> None:
    with pytest.raises(CalibrationUnusable, match=r"calibration\.json"):
        SearchIndex(extractor.format, tmp_path)
