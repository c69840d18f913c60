"""Grey levels → where ridges are, how strong, which way and how far apart: one small spectrum per window.

A window over friction ridges is nearly one plane wave; hair, print, noise and skin elsewhere are not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.types import Pixels

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class RidgeMap:
    """Windows of 32 × 32 pixels every 16, (rows, columns) of them; row 0 is centred on pixel row 8.

    ridge: bool, the window shows ridges. strength: 0 to 1, the share of the spectrum in the strongest wave.
    orientation: radians in [0, π), of the wave's normal, y down. wavelength: pixels. mean, contrast: grey levels.
    """

    ridge: NDArray[np.bool_]
    strength: Map
    orientation: Map
    wavelength: Map
    mean: Map
    contrast: Map

    @property
    def area(self) -> int:
        """Pixels covered by ridges."""
        return int(self.ridge.sum()) * p.RIDGE_STEP**2


def ridge_map(grey: Pixels) -> RidgeMap:
    """Measure every window of an image (H, W) at 500 dpi."""
    windows = _windows(grey)
    mean = windows.mean(axis=(2, 3))
    centred = windows - mean[..., None, None]
    contrast = np.sqrt((centred**2).mean(axis=(2, 3)))
    spectrum = np.abs(np.fft.rfft2(centred * _HANN)) ** 2
    spectrum = spectrum.astype(np.float32).reshape(*mean.shape, -1)
    band = spectrum[..., _BAND]
    at = band.argmax(axis=-1)
    total = (spectrum * _TWICE).sum(axis=-1)
    wave = (band @ _NEAR)[(*np.indices(at.shape), at)]
    strength = wave / np.maximum(total, 1e-6)
    ridge = (strength >= p.RIDGE_PEAK) & (contrast >= p.RIDGE_CONTRAST)
    return RidgeMap(_largest_smooth(ridge), strength, _ORIENTATION[at], _WAVELENGTH[at], mean, contrast)


def _windows(grey: Pixels) -> Map:
    margin = (p.RIDGE_WINDOW - p.RIDGE_STEP) // 2
    height, width = (max(1, -(-side // p.RIDGE_STEP)) * p.RIDGE_STEP for side in grey.shape)
    after = (height - grey.shape[0] + margin, width - grey.shape[1] + margin)
    padded = np.pad(grey, ((margin, after[0]), (margin, after[1])), mode="edge").astype(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(padded, (p.RIDGE_WINDOW, p.RIDGE_WINDOW))
    return np.asarray(views[:: p.RIDGE_STEP, :: p.RIDGE_STEP])


def _largest_smooth(ridge: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A majority of each 3 × 3 neighbourhood: drops lone windows, fills lone holes."""
    padded = np.pad(ridge, 1).astype(np.int8)
    votes = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).sum(axis=(2, 3))
    return np.asarray(votes >= 5)


def _waves() -> tuple[NDArray[np.intp], Map, Map, Map, Map]:
    """Of the half spectrum: which entries are ridge waves, each one's orientation and wavelength, and who is near whom.

    The weights count an entry twice where its mirror image is not stored.
    """
    fy = np.fft.fftfreq(p.RIDGE_WINDOW)[:, None] + np.zeros(p.RIDGE_WINDOW // 2 + 1)
    fx = np.fft.rfftfreq(p.RIDGE_WINDOW)[None, :] + np.zeros((p.RIDGE_WINDOW, 1))
    fy, fx = fy.ravel(), fx.ravel()
    twice = np.where((fx == 0) | (fx == 0.5), 1, 2).astype(np.float32)
    frequency = np.hypot(fx, fy)
    inside = (frequency >= 1 / p.RIDGE_LONGEST) & (frequency <= 1 / p.RIDGE_SHORTEST)
    band = np.flatnonzero(inside)
    u, v = fx[band] * p.RIDGE_WINDOW, fy[band] * p.RIDGE_WINDOW
    apart = np.minimum(np.hypot(u[:, None] - u, v[:, None] - v), np.hypot(u[:, None] + u, v[:, None] + v))
    near = (apart < 1.6) * twice[band][:, None]
    orientation = np.mod(np.arctan2(v, u), np.pi).astype(np.float32)
    return band, near.astype(np.float32), orientation, (1 / frequency[band]).astype(np.float32), twice


_HANN = np.outer(np.hanning(p.RIDGE_WINDOW + 2)[1:-1], np.hanning(p.RIDGE_WINDOW + 2)[1:-1]).astype(np.float32)
_BAND, _NEAR, _ORIENTATION, _WAVELENGTH, _TWICE = _waves()
