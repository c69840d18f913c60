"""Grey levels → location, strength, direction and wavelength of ridges: one small spectrum per window.

A window over friction ridges shows nearly one plane wave, and its neighbours show nearly the same wave. Hair, letters,
noise and other skin do not.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.types import Pixels

Map = NDArray[np.float32]
_ROWS = 8
"""Of windows, measured at a time: they take some 200 bytes per pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class RidgeMap:
    """Windows of 32 × 32 pixels every 16, (rows, columns) of them; row 0 is centred on pixel row 8.

    ridge: bool, the window and most of its neighbours show ridges. live: bool, the window is not blank.
    strength: 0 to 1, the share of the spectrum in the strongest wave.
    orientation: radians in [0, π), of the wave's normal, clockwise as seen.
    mean, skew: of grey levels; skew is far below 0 for thin ink on white.
    showing: number of windows that show ridges, regardless of their neighbours.
    agreeing: number of pairs of neighbouring windows that show nearly the same wave.
    """

    ridge: NDArray[np.bool_]
    live: NDArray[np.bool_]
    strength: Map
    orientation: Map
    mean: Map
    skew: Map
    showing: int
    agreeing: int

    @property
    def area_mm2(self) -> float:
        return float(self.ridge.sum()) * (p.RIDGE_STEP * 25.4 / p.FINGER_DPI) ** 2


def ridge_map(grey: Pixels) -> RidgeMap:
    """Measure every window of an image (H, W) at 500 dpi."""
    windows = _windows(grey)
    parts = [_measured(windows[top : top + _ROWS]) for top in range(0, len(windows), _ROWS)]
    mean, skew, strength, live, at = (np.concatenate(part) for part in zip(*parts, strict=True))
    shows = live & (strength >= p.RIDGE_PEAK)
    orientation, wavelength = _WAVES.orientation[at], _WAVES.wavelength[at]
    counts = int(shows.sum()), _agreeing(shows, orientation, wavelength)
    return RidgeMap(_majority(shows), live, strength, orientation, mean, skew, *counts)


def _measured(windows: Map) -> tuple[Map, Map, Map, NDArray[np.bool_], NDArray[np.intp]]:
    """Mean, skew, strength, live and the strongest wave's place in the band, of windows (rows, columns, 32, 32)."""
    mean = windows.mean(axis=(2, 3))
    centred = windows - mean[..., None, None]
    square = centred * centred
    contrast = np.sqrt(square.mean(axis=(2, 3)))
    skew = np.einsum("ijkl,ijkl->ij", square, centred) / p.RIDGE_WINDOW**2 / np.maximum(contrast, 1) ** 3
    spectrum = np.abs(np.fft.rfft2(centred * _HANN)) ** 2
    spectrum = spectrum.astype(np.float32).reshape(*mean.shape, -1)
    band = spectrum[..., _WAVES.band]
    at = band.argmax(axis=-1)
    strength = np.einsum("ijk,ijk->ij", band, _WAVES.near[at]) / np.maximum(spectrum @ _WAVES.twice, 1e-6)
    return mean, skew, strength, contrast >= p.RIDGE_CONTRAST, at


def shows_ridges(ridges: RidgeMap) -> bool:
    """Whether a picture is a print: it has enough ridges, which agree, bend somewhere, and are not letters on paper."""
    if ridges.agreeing < max(p.PRINT_LEAST_AGREEING, p.PRINT_FLOW * ridges.showing) or not ridges.ridge.any():
        return False
    bend = 1 - abs(np.exp(2j * ridges.orientation[ridges.ridge]).mean())
    ink = np.median(ridges.skew[ridges.ridge])
    letters = ink < p.LETTERS_SKEW and ridges.agreeing < p.LETTERS_FLOW * ridges.live.sum()
    return bool(bend >= p.PRINT_BEND and not letters)


def is_negative(ridges: RidgeMap) -> bool:
    """Whether ridges are light on dark: then the blank background is darker than the mean of ridges and valleys."""
    blank = ~ridges.live
    if blank.mean() < p.NEGATIVE_BLANK or not ridges.ridge.any():
        return False
    return bool(ridges.mean[blank].mean() < ridges.mean[ridges.ridge].mean() - p.NEGATIVE_DARKER)


def _windows(grey: Pixels) -> Map:
    margin = (p.RIDGE_WINDOW - p.RIDGE_STEP) // 2
    height, width = (max(1, -(-side // p.RIDGE_STEP)) * p.RIDGE_STEP for side in grey.shape)
    after = (height - grey.shape[0] + margin, width - grey.shape[1] + margin)
    padded = np.pad(grey, ((margin, after[0]), (margin, after[1])), mode="edge").astype(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(padded, (p.RIDGE_WINDOW, p.RIDGE_WINDOW))
    return np.asarray(views[:: p.RIDGE_STEP, :: p.RIDGE_STEP])


def _majority(shows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The majority of each 3 × 3 neighbourhood: removes single windows, fills single holes."""
    padded = np.pad(shows, 1).astype(np.int8)
    votes = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).sum(axis=(2, 3))
    return np.asarray(votes >= 5)


def _agreeing(shows: NDArray[np.bool_], orientation: Map, wavelength: Map) -> int:
    wave = np.exp(2j * orientation)
    found = 0
    for a, b in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        parallel = (wave[a] * wave[b].conj()).real > p.AGREE_COSINE
        ratio = wavelength[a] / wavelength[b]
        found += int((shows[a] & shows[b] & parallel & (ratio < p.AGREE_RATIO) & (ratio > 1 / p.AGREE_RATIO)).sum())
    return found


class Waves(NamedTuple):
    """The waves of a band in the half spectrum of a square window, m of its n entries.

    band: intp (m,), the entries. near: float32 (m, m), the weights of a wave's neighbours and its own.
    orientation: radians (m,). wavelength: pixels (m,). twice: float32 (n,), the weights of all entries: 2 for those
    with a mirror image that is not stored, else 1.
    """

    band: NDArray[np.intp]
    near: Map
    orientation: Map
    wavelength: Map
    twice: Map


def waves(window: int, shortest: float, longest: float) -> Waves:
    """All waves of these wavelengths in pixels. window: side in pixels."""
    fy = np.fft.fftfreq(window)[:, None] + np.zeros(window // 2 + 1)
    fx = np.fft.rfftfreq(window)[None, :] + np.zeros((window, 1))
    fy, fx = fy.ravel(), fx.ravel()
    twice = np.where((fx == 0) | (fx == 0.5), 1, 2).astype(np.float32)
    frequency = np.hypot(fx, fy)
    band = np.flatnonzero((frequency >= 1 / longest) & (frequency <= 1 / shortest))
    u, v = fx[band] * window, fy[band] * window
    apart = np.minimum(np.hypot(u[:, None] - u, v[:, None] - v), np.hypot(u[:, None] + u, v[:, None] + v))
    near = (apart < 1.6) * twice[band]
    orientation = np.mod(np.arctan2(v, u), np.pi).astype(np.float32)
    return Waves(band, near.astype(np.float32), orientation, (1 / frequency[band]).astype(np.float32), twice)


def hann(window: int) -> Map:
    """The weights (window, window) that fade a window out towards its edges."""
    weights = np.hanning(window + 2)[1:-1]
    return np.outer(weights, weights).astype(np.float32)


_HANN, _WAVES = hann(p.RIDGE_WINDOW), waves(p.RIDGE_WINDOW, p.RIDGE_SHORTEST, p.RIDGE_LONGEST)
