"""Prints and minutiae with a known truth."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image as Pillow
from scipy.signal import fftconvolve

from matcher.types import Minutiae, Pixels

FULL_ROTATION = np.float32(2 * np.pi)


def minutiae_of(x_of: ArrayLike, y_of: ArrayLike, direction_of: ArrayLike, *, quality: float = 0.9) -> Minutiae:
    x, y = np.asarray(x_of, np.float32), np.asarray(y_of, np.float32)
    direction = np.mod(np.asarray(direction_of, np.float32), FULL_ROTATION) % FULL_ROTATION
    return Minutiae(x, y, direction, np.full(len(x), quality, np.float32), np.arange(len(x)) % 2 == 0)


def made_up_finger(seed: int, count: int = 45) -> Minutiae:
    """Minutiae spread over a disc of 150 pixels as on a finger: none within 9 pixels, along a smooth flow."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, 4)
    points: list[NDArray[np.float64]] = []
    while len(points) < count:
        point = rng.uniform(-150, 150, 2)
        if np.hypot(*point) < 150 and all(np.hypot(*(point - other)) > 9 for other in points):
            points.append(point)
    x, y = np.array(points).reshape(-1, 2).T
    flow = phase[0] + np.sin(x / 60 + phase[1]) + np.sin(y / 60 + phase[2])
    return minutiae_of(x + 200, y + 200, flow + np.pi * rng.integers(0, 2, count))


def moved(print_: Minutiae, angle: float = 0, dx: float = 0, dy: float = 0) -> Minutiae:
    """Rotated clockwise as seen about (200, 200), then shifted."""
    c, s = np.cos(angle), np.sin(angle)
    x, y = print_.x - 200, print_.y - 200
    return minutiae_of(c * x - s * y + 200 + dx, s * x + c * y + 200 + dy, print_.direction + angle)


def jittered(print_: Minutiae, seed: int) -> Minutiae:
    """Coordinates and directions as another impression changes them."""
    rng = np.random.default_rng(seed)
    x, y, direction = (
        values + rng.normal(0, spread, len(print_))
        for values, spread in ((print_.x, 1.5), (print_.y, 1.5), (print_.direction, 0.08))
    )
    return minutiae_of(x, y, direction)


def part_of(print_: Minutiae, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Minutiae:
    return minutiae_of(print_.x[keep], print_.y[keep], print_.direction[keep])


def with_spurious(print_: Minutiae, share: float, seed: int) -> Minutiae:
    """With additional minutiae anywhere on the print, so many that they are `share` of the result."""
    rng = np.random.default_rng(seed)
    more = round(share / (1 - share) * len(print_))
    x, y, direction = (rng.uniform(low, high, more) for low, high in ((60, 340), (60, 340), (0, 2 * np.pi)))
    pairs = ((print_.x, x), (print_.y, y), (print_.direction, direction))
    both = [np.concatenate(pair) for pair in pairs]
    return minutiae_of(both[0], both[1], both[2])


@cache
def ridges_picture(seed: int = 1, side: int = 320) -> Pixels:
    """A whorl-like pattern grown from noise: dark ridges 9 pixels apart, minutiae where the flow needs them."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side] - side / 2
    orientation = np.arctan2(rows, columns * 1.4) + np.pi / 2
    value = rng.normal(size=(side, side))
    steps = np.linspace(0, np.pi, 16, endpoint=False)
    u, v = np.mgrid[-12:13, -12:13][::-1]
    for _ in range(6):
        grown = []
        for angle in steps:
            across = -u * np.sin(angle) + v * np.cos(angle)
            kernel = np.cos(2 * np.pi * across / 9) * np.exp(-(u**2 + v**2) / 32)
            grown.append(fftconvolve(value, kernel - kernel.mean(), mode="same"))
        nearest = np.round(np.mod(orientation, np.pi) / np.pi * len(steps)).astype(int) % len(steps)
        value = np.clip(np.take_along_axis(np.array(grown), nearest[None], axis=0)[0], -1, 1)
    inside = (rows / 0.95) ** 2 + (columns / 0.8) ** 2 < (side / 2) ** 2
    return np.where(inside, 140 + 80 * value, 245).astype(np.uint8)


def rotated(picture: Pixels, degrees: float) -> Pixels:
    return np.asarray(Pillow.fromarray(picture).rotate(degrees, Pillow.Resampling.BICUBIC, expand=True, fillcolor=245))
