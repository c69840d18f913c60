"""The distance from ridge to ridge, by which a wrong resolution shows.

It is measured on larger windows and in a wider band than the ridge map, so that it is right also where a print is shown
at half or twice its size.
"""

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.finger.ridges import RidgeMap, hann, waves
from matcher.types import Pixels


def ridge_period(grey: Pixels, ridges: RidgeMap) -> float:
    """The median distance from ridge to ridge in pixels of `grey` (H, W); 0 if no window shows a clear wave.

    ridges: the map of the same picture.
    """
    windows = _windows(grey, ridges)
    centred = windows - windows.mean(axis=(1, 2), keepdims=True)
    spectrum = (np.abs(np.fft.rfft2(centred * _HANN)) ** 2).reshape(len(windows), _WAVES.twice.size)
    band = spectrum[:, _WAVES.band]
    near = _WAVES.near[band.argmax(axis=1)] * band
    strength = near.sum(axis=1)
    clear = strength >= p.PERIOD_PEAK * np.maximum(spectrum @ _WAVES.twice, 1e-6)
    if not clear.any():
        return 0.0
    return float(1 / np.median((near[clear] @ (1 / _WAVES.wavelength)) / strength[clear]))


def _windows(grey: Pixels, ridges: RidgeMap) -> NDArray[np.float32]:
    """At most PERIOD_WINDOWS of the picture, (n, 64, 64), none of them mostly blank, evenly spread."""
    step, side = p.RIDGE_STEP, p.PERIOD_WINDOW
    rows, columns = (size // 2 * 2 for size in ridges.live.shape)
    live = ridges.live[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2).sum(axis=(1, 3))
    places = np.argwhere(live >= 3)
    places = places[:: len(places) // p.PERIOD_WINDOWS + 1]
    margin = (side - 2 * step) // 2
    height, width = (2 * step * (size // 2) + 2 * margin for size in ridges.live.shape)
    after = (max(0, height - margin - grey.shape[0]), max(0, width - margin - grey.shape[1]))
    padded = np.pad(grey, ((margin, after[0]), (margin, after[1])), mode="edge")
    parts = [padded[2 * step * row :, 2 * step * column :][:side, :side] for row, column in places]
    return np.asarray(parts, np.float32).reshape(len(parts), side, side)


_HANN, _WAVES = hann(p.PERIOD_WINDOW), waves(p.PERIOD_WINDOW, p.PERIOD_SHORTEST, p.PERIOD_LONGEST)
