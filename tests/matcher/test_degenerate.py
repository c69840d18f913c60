"""Pictures that show nothing, of any shape: every way in raises CaptureErrors and nothing else."""

from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from matcher import SLAPS, Capture, CaptureError, Extractor, Position
from matcher.types import Pixels

PLAIN: dict[str, Callable[..., Pixels]] = {
    "black": lambda *shape: np.zeros(shape, np.uint8),
    "white": lambda *shape: np.full(shape, 255, np.uint8),
    "noise": lambda *shape: np.random.default_rng(1).integers(0, 256, shape, np.uint8),
    "stripes": lambda *shape: np.broadcast_to(
        (np.arange(shape[1]) % 9 * 28).astype(np.uint8)[None, :, *[None] * (len(shape) - 2)], shape
    ),
}
"""By name, how a picture of a shape is made."""
ODD = [(1, 1), (1, 64), (64, 1), (1, 1700), (1700, 1), (2, 2), (3, 500), (500, 3), (4, 4), (109, 600), (111, 111)]
SIDES = st.one_of(st.integers(1, 64), st.sampled_from([109, 110, 111, 128]))


def refuses_or_serves(extractor: Extractor, pixels: Pixels, dpi: float | None) -> None:
    file = BytesIO()
    Pillow.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    content = file.getvalue()
    for position in (Position.FACE, Position.RIGHT_INDEX):
        with pytest.raises(CaptureError):
            extractor.check(position, content, dpi)
        with pytest.raises(CaptureError):
            extractor.quality(Capture(position, content, dpi))
        assert isinstance(extractor.extract([Capture(position, content, dpi)])[0], CaptureError)
    for part, fingers in SLAPS.items():
        with pytest.raises(CaptureError):
            extractor.cut_slap(content, part, (), dpi)
        with suppress(CaptureError):
            assert extractor.cut_slap(content, part, fingers, dpi).fingers == []


@pytest.mark.parametrize("shape", ODD)
@pytest.mark.parametrize("kind", ["black", "stripes"])
def test_odd_shapes(extractor: Extractor, shape: tuple[int, int], kind: str) -> None:
    refuses_or_serves(extractor, PLAIN[kind](*shape), None)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    height=SIDES,
    width=SIDES,
    colour=st.booleans(),
    kind=st.sampled_from(sorted(PLAIN)),
    dpi=st.sampled_from([None, 51.0, 250.0, 1000.0, 2499.0]),
)
def test_any_small_picture(
    extractor: Extractor, *, height: int, width: int, colour: bool, kind: str, dpi: float | None
) -> None:
    shape = (height, width, 3) if colour else (height, width)
    refuses_or_serves(extractor, PLAIN[kind](*shape), dpi)
