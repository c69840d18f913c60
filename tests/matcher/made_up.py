"""People made of random vectors and minutiae, with known mates."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from matcher.calibrate import Calibration, Curve, Line, Rate, write_calibrations
from matcher.networks import MODELS as REAL_MODELS
from matcher.types import Features, Minutiae, Position, Quality, Template, TemplateFormat, Vector

DIMENSIONS = {"face": 16, "finger": 24}
MODELS = {"face": "face-model", "finger": "finger-model"}
FORMAT = TemplateFormat(MODELS, DIMENSIONS)
CALIBRATIONS = {
    "face": Calibration(
        MODELS["face"],
        "2026-01-01",
        ("made up",),
        10,
        100,
        Curve((0.2, 0.9), (-1.7, 3.0)),
        Rate((0.0, 0.9), (0.0, -3.5)),
        Line(6, 3),
    ),
    "finger": Calibration(
        MODELS["finger"],
        "2026-01-01",
        ("made up",),
        10,
        100,
        Curve((0.02, 0.5), (-1.7, 4.0)),
        Rate((0.0, 0.5), (0.0, -4.5)),
        Line(5, 2),
    ),
}


def models_in(folder: Path) -> Path:
    """Fill a folder of models with what comparisons and searches of made-up people read; the same folder."""
    write_calibrations(folder / "calibration.json", CALIBRATIONS)
    for name in ("manifest.toml", "preselection.npz"):
        (folder / name).symlink_to(REAL_MODELS / name)
    return folder


def person(seed: int, positions: Sequence[Position]) -> list[Template]:
    """The first capture of every position. The same seed gives the same person, for any positions."""
    return [_capture(seed, position, 0, 0.0) for position in positions]


def again(seed: int, positions: Sequence[Position], *, time: int = 1, noise: float = 0.3) -> list[Template]:
    """Later captures of the same person. noise: length of what is added to the unit vectors."""
    return [_capture(seed, position, time, noise) for position in positions]


def seen_twice(templates: Sequence[Template]) -> list[Template]:
    """The same templates, of prints that an enhanced picture shows once more; faces stay as they are."""
    return [
        one
        if one.minutiae is None
        else replace(one, enhanced=Features(one.vector[::-1].copy(), replace(one.minutiae, x=one.minutiae.y)))
        for one in templates
    ]


def _capture(seed: int, position: Position, time: int, noise: float) -> Template:
    index = list(Position).index(position)
    master, change = np.random.default_rng([seed, index]), np.random.default_rng([seed, index, time])
    kind = "finger" if position.is_finger else "face"
    size = DIMENSIONS[kind]
    vector = _unit(_unit(master.normal(size=size)) + noise * _unit(change.normal(size=size)))
    minutiae = _minutiae(master, change, noise) if position.is_finger else None
    return Template(position, vector, Quality(80), MODELS[kind], minutiae)


def _minutiae(master: np.random.Generator, change: np.random.Generator, noise: float, count: int = 24) -> Minutiae:
    x, y, direction = (master.uniform(0, high, count) for high in (250, 300, 2 * np.pi))
    return Minutiae(
        x=(x + noise * change.normal(0, 4, count)).astype(np.float32),
        y=(y + noise * change.normal(0, 4, count)).astype(np.float32),
        direction=((direction + noise * change.normal(0, 0.2, count)) % (2 * np.pi)).astype(np.float32),
        quality=np.full(count, 0.9, np.float32),
        ending=master.random(count) < 0.5,
    )


def _unit(vector: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)
