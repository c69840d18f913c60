"""A picture of several fingers → one upright picture per fingertip, in order.

Ridges are mapped finely enough to show the creases of the joints, and the map is cut into blobs. A blob with no other
blob above it on the finger's axis is a tip; the rest are lower phalanges.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy import ndimage

from matcher import parameters as p
from matcher.errors import SlapIncomplete
from matcher.finger.extract import find_ridges
from matcher.finger.ridges import RidgeMap
from matcher.types import Image, Pixels, Position

Mask = NDArray[np.bool_]
Points = NDArray[np.floating]
"""(n, 2), x and y in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Tip:
    """One fingertip. x, y: its middle in pixels at 500 dpi. angle: its lean in radians, clockwise as seen.

    width, length: pixels, across and along the finger. mask: bool, every SLAP_STEP pixels of the whole picture.
    """

    x: float
    y: float
    angle: float
    width: float
    length: float
    mask: Mask


def cut_slap(image: Image, expected: Sequence[Position]) -> dict[Position, Image]:
    """Each expected finger's tip, upright, at 500 dpi, on an empty background of the paper's colour.

    expected: the fingers that the picture should show, from left to right, without those declared missing.
    Raises SlapIncomplete unless exactly so many are found, NotAFingerprint for a picture larger than any slap.
    """
    grey, ridges = find_ridges(image)
    tips = find_tips(grey, ridges, len(expected))
    if len(tips) != len(expected):
        names = ", ".join(expected) or "none"
        raise SlapIncomplete(f"{len(tips)} fingers were found, {len(expected)} were expected: {names}")
    return {position: Image(_upright(grey, tip), p.FINGER_DPI) for position, tip in zip(expected, tips, strict=True)}


def find_tips(
    grey: Pixels, ridges: RidgeMap, wanted: int, settings: Sequence[p.SlapSetting] = p.SLAP_SETTINGS
) -> list[Tip]:
    """The fingertips of a picture (H, W) at 500 dpi, from left to right.

    Tries ever stricter `settings`, which separate fingers that touch, until `wanted` tips of about one width are found.
    Otherwise returns the first result with so many tips, or else the first result.
    """
    if min(grey.shape) < p.SLAP_NARROWEST:
        return []
    ink = _ink(grey)
    mask = _ridge_mask(ridges, ink)
    share = ink / max(_typical(ink, mask), 1.0)
    inked = mask & (share > settings[0].ink)
    whole = _without_holes(inked)
    results = []
    for setting in settings:
        cores = _without_holes(whole & (~inked | (share > setting.ink)))
        tips = _tips(_separated(whole, cores, setting.bridge))
        if len(tips) == wanted and _is_even(tips):
            return tips
        results.append(tips)
    return next((tips for tips in results if len(tips) == wanted), results[0])


def _is_even(tips: Sequence[Tip]) -> bool:
    widths = sorted(tip.width for tip in tips)
    return not widths or widths[-1] <= p.SLAP_EVEN * widths[(len(widths) - 1) // 2]


def _ink(grey: Pixels) -> NDArray[np.float32]:
    """The strength of waves of the ridges' wavelength, every SLAP_STEP pixels."""
    step = p.SLAP_STEP
    height, width = (side // step for side in grey.shape)
    level = grey[: height * step, : width * step].astype(np.float32)
    waves = ndimage.gaussian_filter(level, p.SLAP_WAVES[0]) - ndimage.gaussian_filter(level, p.SLAP_WAVES[1])
    power = (waves * waves).reshape(height, step, width, step).mean(axis=(1, 3))
    return np.asarray(np.sqrt(ndimage.gaussian_filter(power, p.SLAP_BLUR)))


def _ridge_mask(ridges: RidgeMap, ink: NDArray[np.float32]) -> Mask:
    """The ridge map on the finer grid."""
    times = p.RIDGE_STEP // p.SLAP_STEP
    return ridges.ridge.repeat(times, axis=0).repeat(times, axis=1)[: ink.shape[0], : ink.shape[1]]


def _typical(ink: NDArray[np.float32], mask: Mask) -> float:
    return float(np.percentile(ink[mask], 75)) if mask.any() else 0.0


def _separated(whole: Mask, cores: Mask, bridge: int) -> list[Mask]:
    """The blobs of `whole` around the cores that are left when connections narrower than 2 · bridge steps are cut."""
    depth = ndimage.distance_transform_edt(np.pad(cores, 1, mode="edge"))[1:-1, 1:-1]
    labels, count = ndimage.label(depth > bridge)
    if count == 0:
        return []
    away, (row, column) = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    grown = np.where(whole & (away <= p.SLAP_REGROWN * bridge), labels[row, column], 0)
    least = (p.SLAP_NARROWEST / p.SLAP_STEP) ** 2 / 2
    return [blob for blob in (grown == label for label in range(1, count + 1)) if blob.sum() >= least]


def _without_holes(mask: Mask) -> Mask:
    """Fill the round holes that scars and a card's punch leave, but not a crease, which is long and thin."""
    holes, count = ndimage.label(~mask)
    fill = np.zeros(count + 1, bool)
    for label, box in enumerate(ndimage.find_objects(holes), start=1):
        longest = max(side.stop - side.start for side in box)
        round_ = (holes[box] == label).sum() >= p.SLAP_ROUND * longest**2
        fill[label] = longest <= p.SLAP_PORE or (longest <= p.SLAP_HOLE and round_)
    return np.asarray(mask | fill[holes])


def _tips(blobs: Sequence[Mask]) -> list[Tip]:
    """The blobs that are tips, cut at the first joint, from left to right."""
    points = [np.float64(p.SLAP_STEP) * np.argwhere(blob)[:, ::-1] for blob in blobs]
    tilt = _tilt(points)
    parts = [_tip(blob, at, _lean(at, tilt)) for blob, at in zip(blobs, points, strict=True)]
    parts = [part for part in parts if min(part.width, part.length) >= p.SLAP_NARROWEST]
    along = np.array([-math.sin(tilt), math.cos(tilt)])
    tips: list[Tip] = []
    for part in sorted(parts, key=lambda part: float(along @ (part.x, part.y))):
        if not any(_is_under(part, tip) for tip in tips):
            tips.append(part)
    tips = _without_slivers(tips)
    return sorted(tips, key=lambda tip: math.cos(tilt) * tip.x + math.sin(tilt) * tip.y)


def _axis(points: Points) -> tuple[float, float]:
    """A blob's lean (radians from upright, clockwise) and its length divided by its width (1 or more)."""
    spread, axes = np.linalg.eigh(np.cov((points - points.mean(axis=0)).T))
    x, y = axes[:, 1]
    return math.atan(-x / y) if abs(y) > 1e-9 else math.pi / 2, math.sqrt(spread[1] / max(spread[0], 1e-9))


def _tilt(blobs: Sequence[Points]) -> float:
    """The lean of the hand: the mean over its long blobs; upright if all are wide, as rolled thumbs are."""
    votes = 0j
    for points in blobs:
        lean, longer = _axis(points)
        if longer >= p.SLAP_LONG and abs(lean) <= p.SLAP_TILT:
            votes += len(points) * (longer - 1) * complex(math.cos(lean), math.sin(lean))
    return float(np.angle(votes))  # 0 without votes


def _lean(points: Points, tilt: float) -> float:
    """One finger's lean: its blob's, or the hand's if the blob is too round or leans too differently."""
    lean, longer = _axis(points)
    return lean if longer >= p.SLAP_LONG and abs(lean - tilt) <= p.SLAP_FAN else tilt


def _tip(mask: Mask, points: Points, angle: float) -> Tip:
    """The part of a blob above the first crease, no longer than a tip can be."""
    cosine, sine = math.cos(angle), math.sin(angle)
    across, along = points @ (cosine, sine), points @ (-sine, cosine)
    rows = np.bincount(((along - along.min()) / p.SLAP_STEP).astype(int)) * float(p.SLAP_STEP)
    width = float(np.percentile(rows[: math.ceil(len(rows) / 2)], 80))
    end = _first_joint(ndimage.uniform_filter1d(rows, 3), width) * p.SLAP_STEP
    kept = along - along.min() < end
    low, high = np.percentile(across[kept], (1, 99))
    middle, level = (low + high) / 2, (along[kept].min() + along[kept].max()) / 2
    part = np.zeros_like(mask)
    part[tuple((points[kept] / p.SLAP_STEP).astype(int).T[::-1])] = True
    x, y = cosine * middle - sine * level, sine * middle + cosine * level
    return Tip(x, y, angle, float(high - low), float(np.ptp(along[kept])), part)


def _first_joint(rows: NDArray[np.floating], width: float) -> int:
    """The row at which the tip ends. rows: width of the blob by row, in pixels."""
    start, stop = (round(part * width / p.SLAP_STEP) for part in p.SLAP_JOINT)
    narrow = np.flatnonzero(rows[start:stop] < p.SLAP_CREASE * width)
    return start + int(narrow[0]) if len(narrow) else stop


def _is_under(part: Tip, tip: Tip) -> bool:
    """Whether a blob is below a tip, on the same finger."""
    x, y = part.x - tip.x, part.y - tip.y
    return abs(math.cos(tip.angle) * x + math.sin(tip.angle) * y) < p.SLAP_BESIDE * max(tip.width, part.width)


def _without_slivers(tips: list[Tip]) -> list[Tip]:
    """Leave out prints that the picture's edge cuts to a small rest: they belong to the card's next box."""
    usual = float(np.median([tip.width * tip.length for tip in tips])) if tips else 0.0
    return [tip for tip in tips if not (_is_cut(tip) and tip.width * tip.length < p.SLAP_SLIVER * usual)]


def _is_cut(tip: Tip) -> bool:
    return bool(tip.mask[:, [0, 1, -2, -1]].any() or tip.mask[[0, 1, -2, -1]].any())


def _upright(grey: Pixels, tip: Tip) -> Pixels:
    """The tip alone, rotated upright, with a margin."""
    width, length = (math.ceil(side) + 2 * p.CROP_MARGIN for side in (tip.width, tip.length))
    reach = math.ceil(math.hypot(width, length) / 2)
    paper = int(np.percentile(grey[:: p.SLAP_STEP, :: p.SLAP_STEP], 90))
    alone = np.full_like(grey, paper)
    shown = _whole(tip.mask).repeat(p.SLAP_STEP, axis=0).repeat(p.SLAP_STEP, axis=1)
    part = alone[: shown.shape[0], : shown.shape[1]]
    np.copyto(part, grey[: shown.shape[0], : shown.shape[1]], where=shown)
    x, y = round(tip.x) + reach, round(tip.y) + reach
    square = np.pad(alone, reach, constant_values=paper)[y - reach : y + reach, x - reach : x + reach]
    rotated = Pillow.fromarray(square).rotate(math.degrees(tip.angle), Pillow.Resampling.BICUBIC, fillcolor=paper)
    left, top = reach - width // 2, reach - length // 2
    return np.asarray(rotated.crop((left, top, left + width, top + length)))


def _whole(mask: Mask) -> Mask:
    """A tip's mask with its bays filled and a thin margin added, so that no ridge of the tip is lost."""
    margin = round(p.CROP_MARGIN / 2 / p.SLAP_STEP)
    padded = np.pad(mask, p.SLAP_BAY)
    reached = ndimage.distance_transform_edt(~padded) <= p.SLAP_BAY
    kept = ndimage.distance_transform_edt(reached) > p.SLAP_BAY - margin
    return np.asarray(kept[p.SLAP_BAY : -p.SLAP_BAY, p.SLAP_BAY : -p.SLAP_BAY])
