"""Fingerprints: capture → minutiae and quality → cylinders → comparison scores."""

from matcher.finger.cylinders import Prepared, Prints, prepare, prepare_columns, prepare_many
from matcher.finger.extract import FingerExtractor
from matcher.finger.matching import compare, compare_many, paired_minutiae
from matcher.finger.seeing import minutiae_picture, pairs_picture, segmentation_picture

__all__ = [
    "FingerExtractor",
    "Prepared",
    "Prints",
    "compare",
    "compare_many",
    "minutiae_picture",
    "paired_minutiae",
    "pairs_picture",
    "prepare",
    "prepare_columns",
    "prepare_many",
    "segmentation_picture",
]
