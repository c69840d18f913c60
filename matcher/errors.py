"""The matcher's errors.

MatcherError
├── CaptureError                 the capture cannot be used
│   ├── CaptureUnreadable        not a picture
│   │   ├── CaptureEmpty         no bytes
│   │   └── CaptureDamaged       cut short or damaged
│   ├── CaptureTooLarge          more bytes than are read
│   │   └── TooManyPixels        more pixels than are decoded
│   ├── NoFace
│   ├── SeveralFaces
│   ├── NotAFingerprint
│   ├── SlapIncomplete           more or fewer fingers than expected
│   └── TooFewFeatures           a print with too little to compare
├── MatcherBusy                  other captures take all memory that captures may take
├── ModelMissing                 a file of the manifest is missing
├── ModelAltered                 a file has another hash than the manifest states
├── GalleryDamaged               a snapshot does not read back as it was written
├── TemplateDamaged              packed bytes do not read back as they were written
├── TemplatesIncomparable        made by different models
└── CalibrationUnusable          the curves are missing, damaged or belong to other models
"""


class MatcherError(Exception):
    """The base of all errors of the matcher."""


class CaptureError(MatcherError):
    """The capture cannot be used."""


class CaptureUnreadable(CaptureError):
    """The file is not a picture that can be read completely."""


class CaptureEmpty(CaptureUnreadable):
    """The file has no bytes."""


class CaptureDamaged(CaptureUnreadable):
    """The picture is cut short or damaged."""


class CaptureTooLarge(CaptureError):
    """The file has more bytes or pixels than are accepted."""


class TooManyPixels(CaptureTooLarge):
    """The file states more pixels than are decoded."""


class NoFace(CaptureError):
    """No face was found in the picture."""


class SeveralFaces(CaptureError):
    """More than one face was found in the picture."""


class NotAFingerprint(CaptureError):
    """The picture does not show friction ridges."""


class SlapIncomplete(CaptureError):
    """The slap does not show the fingers that were expected."""


class TooFewFeatures(CaptureError):
    """The print shows too little to be compared."""


class MatcherBusy(MatcherError):
    """Other captures take all memory that captures may take; the same call may succeed later."""


class ModelMissing(MatcherError):
    """A model file named in the manifest is missing."""


class ModelAltered(MatcherError):
    """A model file differs from the hash in the manifest."""


class GalleryDamaged(MatcherError):
    """A gallery snapshot does not read back as it was written."""


class TemplatesIncomparable(MatcherError):
    """Templates made by different models cannot be compared."""


class TemplateDamaged(MatcherError):
    """A packed template does not read back as it was written."""


class CalibrationUnusable(MatcherError):
    """The calibration curves are missing, damaged or belong to other models."""
