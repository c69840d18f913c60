"""A finger capture → minutiae and quality."""

import hashlib
import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from matcher import parameters as p
from matcher.errors import NotAFingerprint, TooFewFeatures
from matcher.finger.enhance import enhanced
from matcher.finger.leader import find_minutiae, ridge_box
from matcher.finger.period import ridge_period
from matcher.finger.quality import finger_quality, may_be_print, may_match
from matcher.finger.resample import grey_at_500_dpi
from matcher.finger.ridges import RidgeMap, is_negative, ridge_map, shows_ridges
from matcher.networks import MODELS, open_network
from matcher.types import Image, Minutiae, Pixels, Quality

VERSION = 3
"""Increased whenever extraction changes what it finds; part of `FingerExtractor.model`."""


class Extracted(NamedTuple):
    """What a print holds. enhanced: the minutiae of its enhanced picture, if it is poor and enough are found there."""

    minutiae: Minutiae
    quality: Quality
    enhanced: Minutiae | None


class FingerExtractor:
    """Finds minutiae. Calls may come from several threads at once.

    model: short hash of the network and of this version of extraction; minutiae of other models may differ slightly.
    """

    def __init__(self, models: Path = MODELS, threads: int = 1) -> None:
        self._network = open_network("leader", threads=threads, models=models)
        named = f"{self._network.entry.sha256} {VERSION} {p.MINUTIA_QUALITY}"
        self.model = hashlib.sha256(named.encode()).hexdigest()[:12]

    def check(self, image: Image) -> None:
        """Raise NotAFingerprint if no print could be matched by this picture.

        Takes a few hundredths of a second where ridges are clear; else as long as extraction.
        """
        grey, ridges, _ = read(image)
        _require(may_be_print(ridges))
        if not shows_ridges(ridges):
            _require(may_match(ridges, self._find(grey, ridges)))

    def minutiae(self, image: Image) -> Minutiae:
        """Every minutia of which LEADER is certain enough, in pixels of the whole image at 500 dpi.

        Any picture is accepted, also one without ridges.
        """
        grey, ridges, _ = read(image)
        return self._find(grey, ridges)

    def quality(self, image: Image, minutiae: Minutiae) -> Quality:
        """How well the print will serve. minutiae: of the same image."""
        grey, ridges, doubted = read(image)
        return finger_quality(grey, ridges, minutiae, doubted=doubted)

    def extract(self, image: Image, *, twice: bool = True) -> Extracted:
        """Minutiae and quality. Raises NotAFingerprint or TooFewFeatures.

        twice: whether poor prints get a second set, which takes as long as the first.
        """
        grey, ridges, doubted = read(image)
        _require(may_be_print(ridges))
        minutiae = self._find(grey, ridges)
        _require(may_match(ridges, minutiae))
        if len(minutiae) < p.FEWEST_MINUTIAE:
            raise TooFewFeatures(f"{len(minutiae)} minutiae found, at least {p.FEWEST_MINUTIAE} are needed")
        quality = finger_quality(grey, ridges, minutiae, doubted=doubted)
        poor = twice and quality.score < p.ENHANCED_BELOW
        return Extracted(minutiae, quality, self._again(grey, ridges) if poor else None)

    def _again(self, grey: Pixels, ridges: RidgeMap) -> Minutiae | None:
        found = find_minutiae(self._network, enhanced(grey), ridge_box(ridges, grey))
        return found if len(found) >= p.FEWEST_MINUTIAE else None

    def _find(self, grey: Pixels, ridges: RidgeMap) -> Minutiae:
        return find_minutiae(self._network, grey, ridge_box(ridges, grey))


def read(image: Image) -> tuple[Pixels, RidgeMap, bool]:
    """`find_ridges`, and whether 500 dpi are believed instead of the resolution stated.

    A print of 500 dpi that is stated as 1000 has ridges too fine to be found, or twice too near; one stated as 300 has
    ridges too coarse. Both are read at 500 dpi if they show the ridges of a finger there and not as stated.
    """
    grey, ridges = find_ridges(image)
    dpi = image.dpi or p.FINGER_DPI
    if p.USUAL_DPI[0] < dpi < p.USUAL_DPI[1] or _shows_finger(grey, ridges, dpi):
        return grey, ridges, False
    if max(image.pixels.shape[:2]) > p.UNCLEAR_LARGEST_MM / 25.4 * p.FINGER_DPI:
        return grey, ridges, False
    usual, theirs = find_ridges(replace(image, dpi=p.FINGER_DPI))
    return (usual, theirs, True) if _shows_finger(usual, theirs, p.FINGER_DPI) else (grey, ridges, False)


def _shows_finger(grey: Pixels, ridges: RidgeMap, dpi: float) -> bool:
    """Whether there are ridges, not too near for a finger's; nor too far apart, unless a low resolution is stated.

    Prints whose ridges are too far apart are found at other scales; those with ridges too near lose their minutiae.
    """
    if not shows_ridges(ridges):
        return False
    farthest = p.PERIOD_MOST if dpi >= p.FINGER_DPI else math.inf
    return p.PERIOD_LEAST <= ridge_period(grey, ridges) <= farthest


def find_ridges(image: Image) -> tuple[Pixels, RidgeMap]:
    """Grey levels at 500 dpi with dark ridges, and the map of the ridges."""
    grey = grey_at_500_dpi(image)
    ridges = ridge_map(grey)
    if not is_negative(ridges):
        return grey, ridges
    return 255 - grey, ridge_map(255 - grey)


def _require(holds: bool) -> None:
    if not holds:
        raise NotAFingerprint("the picture does not show friction ridges")
