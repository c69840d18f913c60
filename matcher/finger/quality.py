"""How well a print will serve, 0 to 100, and what a person at the counter can correct.

The measures follow NFIQ 2 (ISO/IEC 29794-4): minutiae and their certainty, ridge area, clarity of the ridge flow, grey
levels. Prints that fail to match are those with few certain minutiae, so these make the score; the other measures
explain why it is low.
"""

import math
from collections.abc import Mapping

import numpy as np

from matcher import parameters as p
from matcher.finger.period import ridge_period
from matcher.finger.ridges import RidgeMap, shows_ridges
from matcher.finger.several import shows_several
from matcher.types import Minutiae, Pixels, Quality

ADVICE: Mapping[str, str] = {
    "too_small_area": "Press the whole pad of the finger flat on the reader.",
    "too_dry": "Moisten the finger a little and press more firmly.",
    "too_wet": "Dry the finger and press more lightly.",
    "smudged": "Clean finger and reader; lay the finger down and lift it without sliding.",
    "not_a_finger": "Lay one bare finger on the reader.",
    "not_clear_print": "Clean finger and reader, press the finger flat, hold it still, and capture it again.",
    "slap_as_finger": "Capture one finger at a time, or send the picture as a slap.",
    "resolution_doubtful": "Check the resolution that the reader or the file states.",
}
"""Reason code to a sentence for the counter, in English. Codes are stable: translations depend on them."""


def finger_quality(grey: Pixels, ridges: RidgeMap, minutiae: Minutiae, *, doubted: bool = False) -> Quality:
    """Judge a print by its grey levels (H, W) at 500 dpi, their ridges and minutiae.

    Components: ridge_area_mm2; ridge_clarity, 0 to 1; ridge_skew of grey levels, negative for thin ink;
    ridge_period_px, 0 if unclear; sure_minutiae, each weighted by its certainty. Reasons whatever the score is:
    slap_as_finger, resolution_doubtful, not_clear_print where minutiae alone show that it is a print. If it is below
    QUALITY_GOOD: too_small_area, too_dry, too_wet, smudged. If nothing could match: not_a_finger alone, with score 0.
    doubted: another resolution than the one stated is believed.
    """
    sure = _sure_minutiae(minutiae)
    any_ridge = bool(ridges.ridge.any())
    components = {
        "ridge_area_mm2": ridges.area_mm2,
        "ridge_clarity": float(ridges.strength[ridges.ridge].mean()) if any_ridge else 0.0,
        "ridge_skew": float(ridges.skew[ridges.ridge].mean()) if any_ridge else 0.0,
        "ridge_period_px": ridge_period(grey, ridges),
        "sure_minutiae": sure,
    }
    if not may_match(ridges, minutiae):
        return Quality(0, ("not_a_finger",), components)
    score = _score(sure)
    wrongly_sent = ("slap_as_finger",) if shows_several(grey, ridges) else ()
    unclear = () if shows_ridges(ridges) else ("not_clear_print",)
    resolution = ("resolution_doubtful",) if doubted else _doubtful(components)
    reasons = (*wrongly_sent, *resolution, *unclear, *_reasons(score, components))
    return Quality(score, reasons, components)


def may_match(ridges: RidgeMap, minutiae: Minutiae) -> bool:
    """Whether a picture is a print of which another impression could be found.

    Its ridges show it, or else enough sure minutiae: the network finds them in prints too blurred or noisy for the map
    of the ridges. minutiae: of the same picture.
    """
    if shows_ridges(ridges):
        return True
    enough = len(minutiae) >= p.FEWEST_CYLINDERS and _sure_minutiae(minutiae) >= p.UNCLEAR_SURE
    return enough and may_be_print(ridges)


def may_be_print(ridges: RidgeMap) -> bool:
    """Whether minutiae may still show that a picture is a print: never of blank or of large ones without clear ridges.

    The network takes seconds for large ones, and no reader of single fingers makes them.
    """
    largest = p.UNCLEAR_LARGEST_MM / 25.4 * p.FINGER_DPI / p.RIDGE_STEP
    small = max(ridges.live.shape) <= largest
    return (small and bool(ridges.live.any())) or shows_ridges(ridges)


def minutiae_quality(minutiae: Minutiae) -> Quality:
    """Judge a print by its minutiae alone: the score is computed from `sure_minutiae` as for a picture.

    There are no reasons: minutiae do not show why a print is poor. Minutiae that are all stated as certain score high.
    """
    sure = _sure_minutiae(minutiae)
    return Quality(_score(sure), (), {"sure_minutiae": sure})


def _sure_minutiae(minutiae: Minutiae) -> float:
    """The number of minutiae, each weighted by its certainty."""
    return float(np.clip((minutiae.quality - p.SURE_FROM) / (1 - p.SURE_FROM), 0, 1).sum())


def _score(sure: float) -> int:
    return round(100 * (1 - math.exp(-sure / p.SURE_SCALE)))


def _doubtful(measured: Mapping[str, float]) -> tuple[str, ...]:
    """The reason if the ridges are too near or too far apart for the stated resolution."""
    period = measured["ridge_period_px"]
    return ("resolution_doubtful",) if period and not p.PERIOD_LEAST <= period <= p.PERIOD_MOST else ()


def _reasons(score: int, measured: dict[str, float]) -> tuple[str, ...]:
    """The reasons for a low score, worst first: every measure below its limit, or else the one nearest to its limit."""
    if score >= p.QUALITY_GOOD:
        return ()
    shares = {
        "too_small_area": measured["ridge_area_mm2"] / p.QUALITY_SMALL_AREA,
        _appearance(measured["ridge_skew"]): measured["ridge_clarity"] / p.QUALITY_CLEAR,
    }
    worst_first = sorted(shares, key=shares.__getitem__)
    return tuple(reason for reason in worst_first if shares[reason] < 1) or (worst_first[0],)


def _appearance(skew: float) -> str:
    """The reason for unclear ridges: thin ink, closed valleys, or neither."""
    if skew < p.QUALITY_DRY_SKEW:
        return "too_dry"
    return "too_wet" if skew > p.QUALITY_WET_SKEW else "smudged"
