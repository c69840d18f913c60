"""Minutiae of fingers that do not exist: master sets and impressions of them, drawn from a seed.

A master's ridge flow follows the zero-pole model (Sherlock and Monro, 1993) with smooth disturbance. Where ridges of a
constant spacing spread along the flow new ones must begin: the divergence of the flow times the ridge frequency is the
surplus of minutiae pointing along it. So directions are drawn by the divergence, not by a coin. An impression is what
a sensor and an extractor leave of a master: a distorted, cropped, jittered part with minutiae missing and others added.
Coordinates are pixels at 500 dpi, directions radians, as in `matcher.types.Minutiae`.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matcher.types import Minutiae

Floats = NDArray[np.float32]

MASTER_SLOTS = 144
PRINT_SLOTS = 72
FACING_WITHIN = (
    14.0  # SFinGe prints: of pairs nearer than 12 pixels 73 % face each other, at 12 to 16 59 %, beyond 32 %
)


@dataclass(frozen=True, slots=True)
class Masters:
    """b whole fingers, centred on the pad. Slots beyond a finger's own minutiae have reliability 0.

    x, y, direction: float32 (b, MASTER_SLOTS). reliability: float32 likewise, how readily the minutia is found, 0 to 1.
    half_width, half_height: float32 (b, 1), of the elliptic pad.
    """

    x: Floats
    y: Floats
    direction: Floats
    reliability: Floats
    half_width: Floats
    half_height: Floats

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: NDArray[np.intp]) -> Self:
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    def mirrored(self, flip: NDArray[np.bool_]) -> Self:
        """Mirror images where `flip`, bool (b,), is true: other fingers, equally likely."""
        mirrored = flip[:, None]
        return type(self)(
            np.where(mirrored, -self.x, self.x),
            self.y,
            np.where(mirrored, np.float32(np.pi) - self.direction, self.direction),
            self.reliability,
            self.half_width,
            self.half_height,
        )


@dataclass(frozen=True, slots=True)
class Prints:
    """b impressions. Slots are filled from the left; empty ones have quality 0.

    x, y, direction, quality: float32 (b, PRINT_SLOTS).
    minutia: int64 (b, PRINT_SLOTS), the master's slot it comes from; MASTER_SLOTS and above where it is spurious.
    """

    x: Floats
    y: Floats
    direction: Floats
    quality: Floats
    minutia: NDArray[np.int64]

    @property
    def filled(self) -> NDArray[np.bool_]:
        return self.quality > 0

    def minutiae(self, row: int) -> Minutiae:
        """One impression as the matcher knows it, moved into the first quadrant."""
        there = self.filled[row]
        x, y, direction, quality = (part[row, there] for part in (self.x, self.y, self.direction, self.quality))
        x, y = x - x.min(initial=0), y - y.min(initial=0)
        return Minutiae(x, y, np.mod(direction, np.float32(2 * np.pi)), quality, np.zeros(len(x), np.bool_))


def draw_masters(count: int, rng: np.random.Generator) -> Masters:
    """`count` fingers, made in blocks so that memory stays small."""
    blocks = [_draw_block(min(256, count - start), rng) for start in range(0, count, 256)]
    return Masters(*(np.concatenate([getattr(block, f.name) for block in blocks]) for f in fields(Masters)))


class Sensor:
    """What the prints of one set have in common: window, contact, care, what the extractor adds and blurs.

    Prints of different people by one sensor resemble each other in all that; a network must learn to ignore it.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._usual = rng.random(16)

    def draw(self, trait: int, low: float, high: float, b: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """One trait of each of b prints, (b, 1), between low and high: as usual with this sensor, more or less."""
        share = 0.6 * self._usual[trait] + 0.4 * rng.random((b, 1))
        return np.asarray(low + (high - low) * share, np.float64)


def draw_prints(masters: Masters, rng: np.random.Generator, sensor: Sensor | None = None) -> Prints:
    """One impression of each master. sensor: they all share; without it, one drawn for them."""
    b = len(masters)
    sensor = sensor or Sensor(rng)
    x, y, direction, quality = _with_spurious(masters, sensor, rng)
    inside = _in_contact(masters, x, y, sensor, rng)
    x, y, direction = _distorted(x, y, direction, rng)
    vague = 1 + 2 * (0.97 - quality)  # the less sure LEADER is, the less exact
    spread = vague * sensor.draw(0, 0.6, 2.6, b, rng)
    x, y = x + spread * rng.standard_normal(x.shape), y + spread * rng.standard_normal(x.shape)
    rotation = vague * sensor.draw(1, 0.04, 0.17, b, rng) * rng.standard_normal(x.shape)
    lost = rng.random(x.shape) < 0.05
    rotation = np.where(lost, rng.uniform(-0.7, 0.7, x.shape), rotation)
    direction = direction + rotation
    told_apart = _spaced(x, y, inside & (quality > 0), sensor.draw(2, 7.0, 10.0, b, rng), first=quality)
    return _packed(x, y, direction, np.where(told_apart, quality, 0), rng)


# Masters -------------------------------------------------------------------------------------------------------------


def _draw_block(b: int, rng: np.random.Generator) -> Masters:
    half_width = rng.uniform(125, 205, (b, 1))
    half_height = half_width * rng.uniform(1.2, 1.6, (b, 1))
    density = 5.2e-4 * np.exp(0.24 * rng.standard_normal((b, 1)))
    ceiling = 2.6 * density
    candidates = 420
    x = rng.uniform(-1, 1, (b, candidates)) * half_width
    y = rng.uniform(-1, 1, (b, candidates)) * half_height
    inside = (x / half_width) ** 2 + (y / half_height) ** 2 < 1
    angle, divergence = _flow(x, y, rng)
    surplus = np.clip(divergence / rng.normal(9.2, 0.8, (b, 1)), -1.5 * density, 1.5 * density)
    rate = 0.72 * density + np.abs(surplus)
    wanted = ceiling * 4 * half_width * half_height / candidates  # thins candidates to `ceiling` before acceptance
    keep = inside & (rng.random(x.shape) < wanted * rate / ceiling)
    along = rng.random(x.shape) < 0.5 * (1 + surplus / rate)
    keep = _spaced(x, y, keep, rng.uniform(9, 12, (b, 1)))
    order = np.argsort(~keep, axis=1, kind="stable")[:, :MASTER_SLOTS]
    reliability = np.where(keep, 1 - rng.beta(1.1, 5.0, x.shape) * 0.9, 0)

    def pick(values: NDArray[np.float64]) -> Floats:
        return np.take_along_axis(values, order, axis=1).astype(np.float32)

    along = _facing(pick(x), pick(y), np.take_along_axis(along, order, axis=1), rng)
    direction = pick(angle) + (~along).astype(np.float32) * np.float32(np.pi)
    return Masters(
        pick(x), pick(y), direction, pick(reliability), half_width.astype(np.float32), half_height.astype(np.float32)
    )


def _spaced(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    keep: NDArray[np.bool_],
    least: NDArray[np.float64],
    first: NDArray[np.float64] | None = None,
) -> NDArray[np.bool_]:
    """Drop what lies closer than `least` to another: two minutiae cannot share a ridge, nor an extractor's window.

    first: which point stays, the one with the larger value; without it the one to the left.
    """
    order = np.argsort(~keep if first is None else np.where(keep, -first, 1), axis=1, kind="stable")[:, :200]
    px, py = (np.take_along_axis(v, order, axis=1).astype(np.float32) for v in (x, y))
    pk = np.take_along_axis(keep, order, axis=1)
    near = _square_distances(px, py) < least[:, :, None] ** 2
    near &= np.tri(order.shape[1], k=-1, dtype=bool)
    near &= pk[:, None, :]
    kept = np.zeros_like(keep)
    np.put_along_axis(kept, order, pk & ~near.any(axis=2), axis=1)
    return kept


def _facing(x: Floats, y: Floats, along: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Most minutiae next to another point against it: short ridges, lakes and spurs have two facing ends."""
    square = _square_distances(x, y)
    square[:, np.triu(np.ones(square.shape[1:], bool))] = np.inf
    nearest = square.argmin(axis=2)
    close = np.take_along_axis(square, nearest[:, :, None], 2)[:, :, 0] < FACING_WITHIN**2
    against = close & (rng.random(x.shape) < 0.6)
    return np.where(against, ~np.take_along_axis(along, nearest, axis=1), along)


def _square_distances(x: Floats, y: Floats) -> Floats:
    return (x[:, :, None] - x[:, None]) ** 2 + (y[:, :, None] - y[:, None]) ** 2


def _flow(
    x: NDArray[np.float64], y: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ridge angle and the divergence of its unit vector at the points (b, n)."""
    b = len(x)
    angle = np.zeros_like(x)
    slope_x, slope_y = np.zeros_like(x), np.zeros_like(x)
    for sign, px, py, there in _singularities(b, rng):
        dx, dy = x - px, y - py
        weight = 0.5 * sign * there
        square = dx**2 + dy**2 + 25.0
        # An argument measured from the downward ray keeps the cut off the pad's upper half; orientations ignore it.
        angle += weight * np.arctan2(dy, dx)
        slope_x -= weight * dy / square
        slope_y += weight * dx / square
    for low, high, size in ((300, 700, 0.16), (140, 300, 0.07)):
        for _ in range(3):
            wave = 2 * np.pi / rng.uniform(low, high, (b, 1))
            heading, phase = rng.uniform(0, 2 * np.pi, (2, b, 1))
            height = size * rng.standard_normal((b, 1))
            kx, ky = wave * np.cos(heading), wave * np.sin(heading)
            angle += height * np.sin(kx * x + ky * y + phase)
            slope = height * np.cos(kx * x + ky * y + phase)
            slope_x += kx * slope
            slope_y += ky * slope
    arch_angle, arch_x, arch_y = _arch(x, y, rng)
    angle, slope_x, slope_y = angle + arch_angle, slope_x + arch_x, slope_y + arch_y
    divergence = -np.sin(angle) * slope_x + np.cos(angle) * slope_y
    return angle, divergence


def _arch(
    x: NDArray[np.float64], y: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The bow of every print, ridges falling to both sides; all there is of a plain arch (here y points up)."""
    b = len(x)
    height = rng.uniform(0.0, 0.5, (b, 1))
    width = rng.uniform(160, 260, (b, 1))
    centre, length = rng.normal(0, 60, (b, 1)), rng.uniform(120, 260, (b, 1))
    bell = np.exp(-(((y - centre) / length) ** 2))
    sine = np.sin(np.pi * x / (2 * width))
    return (
        -height * sine * bell,
        -height * np.pi / (2 * width) * np.cos(np.pi * x / (2 * width)) * bell,
        2 * height * sine * bell * (y - centre) / length**2,
    )


def _singularities(
    b: int, rng: np.random.Generator
) -> list[tuple[int, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """(+1 core or −1 delta, x, y, 1 where the finger has it), each (b, 1). Loops 62 %, whorls 30 %, arches 8 %."""
    kind = rng.random((b, 1))
    side = np.where(rng.random((b, 1)) < 0.5, -1.0, 1.0)
    loop, whorl, tented = kind < 0.62, (kind >= 0.62) & (kind < 0.92), kind >= 0.96
    core_x, core_y = rng.normal(0, 18, (b, 1)), rng.normal(20, 35, (b, 1))
    apart, lean = rng.gamma(2.0, 22.0, (b, 1)), rng.normal(0, 0.6, (b, 1))
    second_x, second_y = core_x + apart * np.sin(lean), core_y - apart * np.cos(lean) - 6
    reach, depth = rng.uniform(60, 190, (b, 1)), rng.uniform(70, 210, (b, 1))
    other_reach, other_depth = rng.uniform(70, 200, (b, 1)), rng.uniform(60, 210, (b, 1))
    delta_x = np.where(tented, core_x + rng.normal(0, 8, (b, 1)), core_x + side * reach)
    one, both = loop | whorl | tented, whorl
    return [
        (1, core_x, core_y, one.astype(float)),
        (1, second_x, second_y, both.astype(float)),
        (-1, delta_x, core_y - depth, one.astype(float)),
        (-1, core_x - side * other_reach, core_y - other_depth, both.astype(float)),
    ]


# Impressions ---------------------------------------------------------------------------------------------------------


def _with_spurious(masters: Masters, sensor: Sensor, rng: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """x, y, direction, quality (b, slots): minutiae found, then spurious ones beside ridges of some master minutia."""
    b, slots = masters.x.shape
    care = rng.beta(5.0, 1.2, (b, 1)) * sensor.draw(3, 0.85, 1.0, b, rng)  # of the whole impression: 1 is a clean one
    weak_x, weak_y = (rng.uniform(-1, 1, (b, 1)) * half for half in (masters.half_width, masters.half_height))
    weak = np.exp(-((masters.x - weak_x) ** 2 + (masters.y - weak_y) ** 2) / (2 * rng.uniform(20, 80, (b, 1)) ** 2))
    weak *= rng.random((b, 1)) < 0.5
    clear = masters.reliability * (0.6 + 0.4 * care) * (1 - 0.7 * weak)
    found = rng.random((b, slots)) < np.clip(1.08 * clear, 0, 0.985)
    quality = 0.97 - sensor.draw(4, 0.45, 0.9, b, rng) * rng.beta(0.22 + 1.9 * (1 - clear), 3.0, (b, slots))
    extras = 48
    share = rng.gamma(1.2, 0.09, (b, 1)) * sensor.draw(5, 0.2, 1.8, b, rng) + 0.25 * (1 - care)
    near = rng.integers(0, np.maximum((masters.reliability > 0).sum(1, keepdims=True), 1), (b, extras))
    beside = (masters.x, masters.y, masters.direction)
    x, y, direction = (np.take_along_axis(v, near, 1).astype(np.float64) for v in beside)
    count = share * (masters.reliability > 0).sum(1, keepdims=True)
    added = np.arange(extras) < rng.poisson(count)
    away = sensor.draw(6, 8, 28, b, rng)
    dx, dy = away * rng.standard_normal((2, *x.shape))
    x, y = x + dx, y + dy
    facing = rng.random(x.shape) < np.where(np.hypot(dx, dy) < FACING_WITHIN, 0.8, 0.5)
    direction = direction + 0.25 * rng.standard_normal(x.shape) + np.pi * facing
    poor = 0.26 + 0.69 * rng.beta(1.2, 1.4, x.shape)
    return (
        np.concatenate([masters.x, x], 1),
        np.concatenate([masters.y, y], 1),
        np.concatenate([masters.direction, direction], 1),
        np.concatenate([np.where(found, quality, 0), np.where(added, poor, 0)], 1),
    )


def _in_contact(
    masters: Masters, x: NDArray[np.float64], y: NDArray[np.float64], sensor: Sensor, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Within the skin that touched, an ellipse about some point of the pad, and within the sensor, a tilted window."""
    b = len(masters)
    wide = masters.half_width * sensor.draw(7, 0.62, 1.0, b, rng)
    high = masters.half_height * sensor.draw(8, 0.55, 1.0, b, rng)
    cx = 0.16 * masters.half_width * rng.standard_normal((b, 1))
    cy = 0.18 * masters.half_height * rng.standard_normal((b, 1))
    touched = ((x - cx) / wide) ** 2 + ((y - cy) / high) ** 2 < 1
    tilt = rng.normal(0, 0.2, (b, 1))
    ux = (x - cx) * np.cos(tilt) + (y - cy) * np.sin(tilt) - rng.normal(0, 20, (b, 1))
    uy = (y - cy) * np.cos(tilt) - (x - cx) * np.sin(tilt) - rng.normal(0, 25, (b, 1))
    window_w, window_h = sensor.draw(9, 100, 215, b, rng), sensor.draw(10, 125, 255, b, rng)
    return touched & (np.abs(ux) < window_w) & (np.abs(uy) < window_h)


def _distorted(
    x: NDArray[np.float64], y: NDArray[np.float64], direction: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Skin stretched smoothly: a small affine part and three long waves; directions rotate with it."""
    b = len(x)
    stretch = rng.normal(0, 0.03, (4, b, 1))
    moved_x, moved_y = x + stretch[0] * x + stretch[1] * y, y + stretch[2] * x + stretch[3] * y
    jacobian = [1 + stretch[0] + 0 * x, stretch[1] + 0 * x, stretch[2] + 0 * x, 1 + stretch[3] + 0 * x]
    strength = rng.gamma(2.0, 2.4, (b, 1))
    for _ in range(3):
        wave = 2 * np.pi / rng.uniform(180, 600, (b, 1))
        heading, phase, toward = rng.uniform(0, 2 * np.pi, (3, b, 1))
        kx, ky = wave * np.cos(heading), wave * np.sin(heading)
        inner = kx * x + ky * y + phase
        moved_x = moved_x + strength * np.cos(toward) * np.sin(inner)
        moved_y = moved_y + strength * np.sin(toward) * np.sin(inner)
        slope = strength * np.cos(inner)
        jacobian[0] += slope * np.cos(toward) * kx
        jacobian[1] += slope * np.cos(toward) * ky
        jacobian[2] += slope * np.sin(toward) * kx
        jacobian[3] += slope * np.sin(toward) * ky
    tx, ty = np.cos(direction), np.sin(direction)
    rotated = np.arctan2(jacobian[2] * tx + jacobian[3] * ty, jacobian[0] * tx + jacobian[1] * ty)
    return moved_x, moved_y, rotated


def _packed(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    direction: NDArray[np.float64],
    quality: NDArray[np.float64],
    rng: np.random.Generator,
) -> Prints:
    """Found minutiae to the left, in random order; what exceeds PRINT_SLOTS is lost."""
    order = np.argsort(np.where(quality > 0, rng.random(x.shape), 2.0), axis=1)[:, :PRINT_SLOTS]
    x32, y32, direction32, quality32 = (
        np.take_along_axis(v, order, 1).astype(np.float32) for v in (x, y, direction, quality)
    )
    return Prints(x32, y32, direction32, quality32, order)
