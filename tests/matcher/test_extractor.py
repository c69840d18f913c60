from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pillow

from matcher import Capture, CaptureUnreadable, Comparator, Extractor, NoFace, NotAFingerprint, Position, Template
from matcher.finger.records import Version, write_minutiae_record
from matcher.types import Minutiae
from tests.captures import capture

FACE, INDEX = Position.FACE, Position.RIGHT_INDEX


def flat_grey() -> bytes:
    picture = BytesIO()
    Pillow.fromarray(np.full((300, 300), 128, np.uint8)).save(picture, "PNG")
    return picture.getvalue()


def test_what_can_serve_passes_the_check(extractor: Extractor) -> None:
    extractor.check(FACE, capture("obama.jpg"))
    extractor.check(INDEX, capture("p1_1.png"))
    extractor.check(INDEX, capture("p1_1.png"), dpi=500)


@pytest.mark.parametrize(
    ("position", "content", "error"),
    [
        (FACE, b"no picture", CaptureUnreadable),
        (INDEX, b"", CaptureUnreadable),
        (FACE, flat_grey(), NoFace),
        (INDEX, flat_grey(), NotAFingerprint),
    ],
)
def test_what_never_can_is_refused(
    extractor: Extractor, position: Position, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        extractor.check(position, content)
    (answer,) = extractor.extract([Capture(position, content)])
    assert isinstance(answer, error)


def test_a_batch_is_answered_capture_by_capture_in_its_order(extractor: Extractor) -> None:
    captures = [
        Capture(INDEX, capture("p1_1.png")),
        Capture(FACE, b"no picture"),
        Capture(FACE, capture("biden.jpg")),
        Capture(Position.LEFT_THUMB, capture("p2_1.png"), dpi=500),
    ]
    index, unreadable, face, thumb = extractor.extract(captures)
    assert isinstance(unreadable, CaptureUnreadable)
    for answer, asked in ((index, captures[0]), (face, captures[2]), (thumb, captures[3])):
        assert isinstance(answer, Template)
        assert answer.position is asked.position
        assert answer.model == extractor.model_of(asked.position)
        assert answer.vector.dtype == np.float32
        assert np.linalg.norm(answer.vector) == pytest.approx(1, abs=1e-5)
        assert (answer.minutiae is not None) == answer.position.is_finger
        assert len(answer.vector) == extractor.dimensions["face" if answer.position is FACE else "finger"]
    assert extractor.extract([]) == []


def test_a_minutiae_record_serves_instead_of_a_picture(
    extractor: Extractor, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    comparator = Comparator(extractor.format)
    (index,) = (template for template in again if template.position is INDEX)
    assert index.minutiae is not None
    content = write_minutiae_record(index.minutiae, Version.V2011, INDEX, index.quality.score)
    extractor.check(INDEX, content)
    assert extractor.quality(Capture(INDEX, content)).score == pytest.approx(index.quality.score, abs=1)
    (template,) = extractor.extract([Capture(INDEX, content)])
    assert isinstance(template, Template)
    assert comparator.compare([template], first).log10_lr > 3 > 0 > comparator.compare([template], second).log10_lr
    assert comparator.rank([template], {11: first, 22: second}, 1)[0].key == 11


@pytest.mark.parametrize(("position", "cut"), [(INDEX, 1), (FACE, 0)])
def test_a_record_that_is_cut_short_or_of_no_finger_is_refused(
    extractor: Extractor, position: Position, cut: int
) -> None:
    steps = 20 * np.arange(8, dtype=np.float32)
    print_ = Minutiae(steps, steps, 0 * steps, 0 * steps + 1, steps > 60)
    content = write_minutiae_record(print_, Version.V2005, INDEX, 50)
    with pytest.raises(CaptureUnreadable):
        extractor.check(position, content[: len(content) - cut])
    (answer,) = extractor.extract([Capture(position, content[: len(content) - cut])])
    assert isinstance(answer, CaptureUnreadable)
