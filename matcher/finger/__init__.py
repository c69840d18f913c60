"""Fingerprints: capture → minutiae and quality → cylinders → comparison scores."""

from matcher.finger.compare import compare, paired_minutiae
from matcher.finger.cylinders import Prepared, prepare
from matcher.finger.extract import FingerExtractor

__all__ = ["FingerExtractor", "Prepared", "compare", "paired_minutiae", "prepare"]
