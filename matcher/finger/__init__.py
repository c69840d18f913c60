"""Fingerprints: capture → minutiae and quality → cylinders → comparison scores."""

from matcher.finger.cylinders import Prepared, prepare
from matcher.finger.extract import FingerExtractor
from matcher.finger.matching import compare, paired_minutiae

__all__ = ["FingerExtractor", "Prepared", "compare", "paired_minutiae", "prepare"]
