import logging
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from matcher import (
    MODELS,
    CalibrationUnusable,
    Capture,
    CaptureUnreadable,
    Engine,
    NoFace,
    NotAFingerprint,
    Position,
    Template,
    TemplatesIncomparable,
)
from matcher.finger.records import Version, write_minutiae_record
from matcher.types import Minutiae
from tests.captures import capture
from tests.data import evaluation_data

FACE, INDEX = Position.FACE, Position.RIGHT_INDEX


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture(autouse=True)
def _emptied(engine: Engine) -> None:
    engine.clear()


def templates(engine: Engine, face: str, index: str) -> list[Template]:
    found = engine.extract([Capture(FACE, capture(face)), Capture(INDEX, capture(index))])
    return [template for template in found if isinstance(template, Template)]


@pytest.fixture(scope="module")
def first(engine: Engine) -> list[Template]:
    return templates(engine, "obama.jpg", "p1_1.png")


@pytest.fixture(scope="module")
def again(engine: Engine) -> list[Template]:
    return templates(engine, "obama2.jpg", "p1_2.png")


@pytest.fixture(scope="module")
def second(engine: Engine) -> list[Template]:
    return templates(engine, "biden.jpg", "p2_1.png")


def flat_grey() -> bytes:
    picture = BytesIO()
    Pillow.fromarray(np.full((300, 300), 128, np.uint8)).save(picture, "PNG")
    return picture.getvalue()


def test_what_can_serve_passes_the_check(engine: Engine) -> None:
    engine.check(FACE, capture("obama.jpg"))
    engine.check(INDEX, capture("p1_1.png"))
    engine.check(INDEX, capture("p1_1.png"), dpi=500)


@pytest.mark.parametrize(
    ("position", "content", "error"),
    [
        (FACE, b"no picture", CaptureUnreadable),
        (INDEX, b"", CaptureUnreadable),
        (FACE, flat_grey(), NoFace),
        (INDEX, flat_grey(), NotAFingerprint),
    ],
)
def test_what_never_can_is_refused(engine: Engine, position: Position, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        engine.check(position, content)
    (answer,) = engine.extract([Capture(position, content)])
    assert isinstance(answer, error)


def test_a_batch_is_answered_capture_by_capture_in_its_order(engine: Engine) -> None:
    captures = [
        Capture(INDEX, capture("p1_1.png")),
        Capture(FACE, b"no picture"),
        Capture(FACE, capture("biden.jpg")),
        Capture(Position.LEFT_THUMB, capture("p2_1.png"), dpi=500),
    ]
    index, unreadable, face, thumb = engine.extract(captures)
    assert isinstance(unreadable, CaptureUnreadable)
    for answer, asked in ((index, captures[0]), (face, captures[2]), (thumb, captures[3])):
        assert isinstance(answer, Template)
        assert answer.position is asked.position
        assert answer.model == engine.model_of(asked.position)
        assert answer.vector.dtype == np.float32
        assert np.linalg.norm(answer.vector) == pytest.approx(1, abs=1e-5)
        assert (answer.minutiae is not None) == answer.position.is_finger
    assert engine.extract([]) == []


def test_a_minutiae_record_serves_in_place_of_a_picture(
    engine: Engine, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    (index,) = (template for template in again if template.position is INDEX)
    assert index.minutiae is not None
    content = write_minutiae_record(index.minutiae, Version.V2011, INDEX, index.quality.score)
    engine.check(INDEX, content)
    assert engine.quality(Capture(INDEX, content)).score == pytest.approx(index.quality.score, abs=1)
    (template,) = engine.extract([Capture(INDEX, content)])
    assert isinstance(template, Template)
    assert engine.compare([template], first).log10_lr > 3 > 0 > engine.compare([template], second).log10_lr
    engine.add(11, first)
    engine.add(22, second)
    assert engine.search([template])[0].key == 11


@pytest.mark.parametrize(("position", "cut"), [(INDEX, 1), (FACE, 0)])
def test_a_record_that_is_cut_short_or_of_no_finger_is_refused(engine: Engine, position: Position, cut: int) -> None:
    places = 20 * np.arange(8, dtype=np.float32)
    print_ = Minutiae(places, places, 0 * places, 0 * places + 1, places > 60)
    content = write_minutiae_record(print_, Version.V2005, INDEX, 50)
    with pytest.raises(CaptureUnreadable):
        engine.check(position, content[: len(content) - cut])
    (answer,) = engine.extract([Capture(position, content[: len(content) - cut])])
    assert isinstance(answer, CaptureUnreadable)


def test_one_person_is_told_from_two(
    engine: Engine, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    mated, non_mated = engine.compare(again, first), engine.compare(second, first)
    assert set(mated.evidence) == {FACE, INDEX}
    assert mated.log10_lr > 3
    assert non_mated.log10_lr < 0
    assert mated.log10_lr == pytest.approx(sum(part.log10_lr for part in mated.evidence.values()))


def test_nothing_in_common_is_no_evidence(engine: Engine, first: list[Template], second: list[Template]) -> None:
    comparison = engine.compare(first[:1], second[1:])
    assert (comparison.log10_lr, comparison.evidence) == (0.0, {})


def test_the_enrolled_are_found_until_removed(
    engine: Engine, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    engine.add(11, first)
    engine.add(22, second)
    found = engine.search(again)
    assert [candidate.key for candidate in found] == [11, 22]
    assert found[0].log10_lr == pytest.approx(engine.compare(again, first).log10_lr)
    engine.remove(11)
    assert [candidate.key for candidate in engine.search(again)] == [22]
    assert len(engine) == 1


def test_a_snapshot_brings_everyone_back(
    engine: Engine, tmp_path: Path, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    engine.add(11, first)
    engine.add(22, second)
    before = engine.search(again)
    engine.save(tmp_path, sequence=5)
    engine.clear()
    assert engine.search(again) == []
    assert engine.load(tmp_path) == 5
    assert_equal(engine.search(again), before)
    engine.remove(22)
    engine.save(tmp_path, sequence=6)
    assert engine.load(tmp_path) == 6
    assert len(engine) == 1


def assert_equal(found: Sequence[object], wanted: Sequence[object]) -> None:
    assert list(found) == list(wanted)


def test_no_snapshot_a_damaged_one_and_one_of_other_models_leave_the_gallery_alone(
    engine: Engine, tmp_path: Path, first: list[Template], caplog: pytest.LogCaptureFixture
) -> None:
    engine.add(11, first)
    assert engine.load(tmp_path) is None
    engine.save(tmp_path, sequence=5)
    saved = tmp_path / "gallery" / "alive.npy"
    saved.write_bytes(saved.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        assert engine.load(tmp_path) is None
    assert [record.message for record in caplog.records] == ["gallery_snapshot_unusable"]
    assert [candidate.key for candidate in engine.search(first)] == [11]


def test_a_snapshot_of_other_models_is_left(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.save(tmp_path, sequence=5)
    monkeypatch.setattr(engine, "models", {**engine.models, "face": "another"})
    assert engine.load(tmp_path) is None


def test_templates_of_other_models_are_refused(engine: Engine, first: list[Template]) -> None:
    other = [replace(template, model="another") for template in first]
    with pytest.raises(TemplatesIncomparable):
        engine.compare(first, other)
    with pytest.raises(TemplatesIncomparable):
        engine.add(1, other)


def test_real_fingers_get_evidence_for_their_own_and_against_all_others(engine: Engine) -> None:
    folder = evaluation_data("fingerprints/FVC2002_DB1_B")
    fingers = range(101, 106)
    captures = [
        Capture(INDEX, (folder / f"{finger}_{time}.png").read_bytes(), dpi=500) for time in (1, 2) for finger in fingers
    ]
    found = [template for template in engine.extract(captures) if isinstance(template, Template)]
    enrolled, probes = found[: len(fingers)], found[len(fingers) :]
    for key, template in enumerate(enrolled):
        engine.add(key, [template])
    for key, probe in enumerate(probes):
        best, *others = engine.search([probe])
        assert best.key == key
        assert best.log10_lr > 2
        assert all(other.log10_lr < 1.5 for other in others)


def test_an_engine_without_fitting_curves_does_not_start(tmp_path: Path) -> None:
    for file in MODELS.iterdir():
        if file.name != "calibration.json":
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(CalibrationUnusable, match=r"calibration\.json"):
        Engine(tmp_path)
