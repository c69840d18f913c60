"""Fingerprints: capture → minutiae and quality → cylinders → comparison scores."""

from matcher.finger.cylinders import Columns, Prepared, Prints, prepare, prepare_many
from matcher.finger.extract import Extracted, FingerExtractor
from matcher.finger.matching import compare, compare_many, paired_minutiae, search_scores
from matcher.finger.overlays import minutiae_overlay, pairs_overlay, segmentation_overlay

__all__ = [
    "Columns",
    "Extracted",
    "FingerExtractor",
    "Prepared",
    "Prints",
    "compare",
    "compare_many",
    "minutiae_overlay",
    "paired_minutiae",
    "pairs_overlay",
    "prepare",
    "prepare_many",
    "search_scores",
    "segmentation_overlay",
]
