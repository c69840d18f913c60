"""Recognition and 1:N search: arrays in, arrays out. Nothing here knows a database, HTTP or the environment.

This is the door: all that `service` may import.
"""

from matcher.engine import Capture, Comparison, Engine
from matcher.errors import (
    CalibrationUnusable,
    CaptureError,
    CaptureTooLarge,
    CaptureUnreadable,
    GalleryDamaged,
    MatcherError,
    ModelAltered,
    ModelMissing,
    NoFace,
    NotAFingerprint,
    SeveralFaces,
    SlapIncomplete,
    TemplateDamaged,
    TemplatesIncomparable,
    TooFewFeatures,
)
from matcher.networks import MODELS
from matcher.packing import template_from_bytes, template_to_bytes
from matcher.quality import ADVICE
from matcher.types import FINGERS, SLAPS, Candidate, Evidence, Minutiae, Position, Quality, Template

__all__ = [
    "ADVICE",
    "FINGERS",
    "MODELS",
    "SLAPS",
    "CalibrationUnusable",
    "Candidate",
    "Capture",
    "CaptureError",
    "CaptureTooLarge",
    "CaptureUnreadable",
    "Comparison",
    "Engine",
    "Evidence",
    "GalleryDamaged",
    "MatcherError",
    "Minutiae",
    "ModelAltered",
    "ModelMissing",
    "NoFace",
    "NotAFingerprint",
    "Position",
    "Quality",
    "SeveralFaces",
    "SlapIncomplete",
    "Template",
    "TemplateDamaged",
    "TemplatesIncomparable",
    "TooFewFeatures",
    "template_from_bytes",
    "template_to_bytes",
]
