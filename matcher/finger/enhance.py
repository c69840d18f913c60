"""Grey levels with the ridges made clearer, for a second look at poor prints.

In small windows the spectrum is multiplied by a power of its own magnitude, so that the strongest wave, the ridges,
outgrows the rest (C. I. Watson, G. T. Candela, P. J. Grother, "Comparison of FFT fingerprint filtering methods for
neural network classification", NISTIR 5493, 1994). LEADER finds other minutiae in such a picture: neither set is
better on all prints, and the better match of both is better than each.
"""

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.types import Pixels

Grey = NDArray[np.float32]


def enhanced(grey: Pixels) -> Pixels:
    """The same picture, uint8 (H, W) at 500 dpi: even in grey, its ridges filtered along their own waves."""
    from scipy import ndimage  # slow to import

    def deviation(values: Grey, size: int) -> Grey:
        return np.sqrt(np.maximum(ndimage.uniform_filter(values * values, size), 0))

    levels = grey.astype(np.float32)
    levels -= ndimage.uniform_filter(levels, p.ENHANCE_EVEN)
    filtered = _filtered(levels / (deviation(levels, p.ENHANCE_EVEN) + p.ENHANCE_FLAT))
    spread = deviation(filtered, p.ENHANCE_CONTRAST)
    clear = filtered / (spread + p.ENHANCE_FAINT * spread.mean() + np.finfo(np.float32).tiny)
    return np.asarray(np.clip(128 + p.ENHANCE_GAIN * clear, 0, 255), np.uint8)


def _filtered(levels: Grey) -> Grey:
    """Windows that overlap, each filtered by its own spectrum; their weighted sum, in no particular unit."""
    size, step = p.ENHANCE_WINDOW, p.ENHANCE_STEP
    height, width = levels.shape
    sides = [(size, size + -side % size) for side in levels.shape]
    padded = np.pad(levels, sides, mode="edge")
    total = np.zeros_like(padded)
    weight, band = _weight(), _band()
    for top in range(0, size, step):
        for left in range(0, size, step):  # windows that start here lie side by side
            tiles = _tiles(padded[top:, left:])
            spectrum = np.fft.rfft2(tiles * weight)
            spectrum *= np.sqrt(np.abs(spectrum)) * band
            again = np.fft.irfft2(spectrum, s=(size, size)) * weight
            into = total[top:, left:]
            _tiles(into)[...] += again
    return total[size : size + height, size : size + width]


def _tiles(grey: Grey) -> Grey:
    """A view (rows, columns, size, size) of the windows side by side; what is left over is not among them."""
    size = p.ENHANCE_WINDOW
    rows, columns = grey.shape[0] // size, grey.shape[1] // size
    down, right = grey.strides
    return np.lib.stride_tricks.as_strided(
        grey, (rows, columns, size, size), (size * down, size * right, down, right), writeable=True
    )


def _weight() -> Grey:
    """The root of Hann's window, for before and after the filter: the squares of all windows add up to a constant."""
    hann = np.hanning(p.ENHANCE_WINDOW + 1)[:-1]
    return np.sqrt(np.outer(hann, hann)).astype(np.float32)


def _band() -> Grey:
    """1 for the waves that ridges may have, else 0: (size, size // 2 + 1)."""
    down, right = np.fft.fftfreq(p.ENHANCE_WINDOW), np.fft.rfftfreq(p.ENHANCE_WINDOW)
    frequency = np.hypot(down[:, None], right)
    return np.asarray((frequency >= 1 / p.ENHANCE_LONGEST) & (frequency <= 1 / p.ENHANCE_SHORTEST), np.float32)
