"""Recognition and 1:N search: arrays in, arrays out. Nothing here knows a database, HTTP or the environment.

This is the door: all that `service` may import. An Extractor makes templates, a Comparator compares a few of them, and
a SearchIndex searches everyone enrolled. They share only a TemplateFormat, so each can run in a process of its own.

These classes alone decide who uses the cores. Networks run single-threaded, one capture per core. FAISS is
single-threaded too: a SearchIndex shares the blocks and minutiae of a search among threads of its own. A Comparator
stays in its caller's thread.
"""

from matcher.comparator import Comparator, Comparison
from matcher.cores import yield_cores
from matcher.errors import (
    CalibrationUnusable,
    CaptureError,
    CaptureTooLarge,
    CaptureUnreadable,
    GalleryDamaged,
    MatcherBusy,
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
from matcher.extractor import Capture, CutSlap, Extractor
from matcher.gallery import Seal, Unseal
from matcher.gallery.sealed_file import MAGIC as SEALED_FILE_MAGIC
from matcher.networks import MODELS
from matcher.packing import template_from_bytes, template_to_bytes
from matcher.parameters import PIXELS_AT_ONCE
from matcher.quality import ADVICE
from matcher.readings import Reading, Readings
from matcher.search_index import SearchIndex
from matcher.types import (
    FINGERS,
    SLAPS,
    Candidate,
    CaptureWarning,
    Evidence,
    Hypothesis,
    Minutiae,
    Position,
    Quality,
    Template,
    TemplateFormat,
    WarningCode,
)
from matcher.within import same_fingers

__all__ = [
    "ADVICE",
    "FINGERS",
    "MODELS",
    "PIXELS_AT_ONCE",
    "SEALED_FILE_MAGIC",
    "SLAPS",
    "CalibrationUnusable",
    "Candidate",
    "Capture",
    "CaptureError",
    "CaptureTooLarge",
    "CaptureUnreadable",
    "CaptureWarning",
    "Comparator",
    "Comparison",
    "CutSlap",
    "Evidence",
    "Extractor",
    "GalleryDamaged",
    "Hypothesis",
    "MatcherBusy",
    "MatcherError",
    "Minutiae",
    "ModelAltered",
    "ModelMissing",
    "NoFace",
    "NotAFingerprint",
    "Position",
    "Quality",
    "Reading",
    "Readings",
    "Seal",
    "SearchIndex",
    "SeveralFaces",
    "SlapIncomplete",
    "Template",
    "TemplateDamaged",
    "TemplateFormat",
    "TemplatesIncomparable",
    "TooFewFeatures",
    "Unseal",
    "WarningCode",
    "same_fingers",
    "template_from_bytes",
    "template_to_bytes",
    "yield_cores",
]
