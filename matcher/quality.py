"""What a person at the counter can do about each reason for a low quality."""

from collections.abc import Mapping

from matcher.face import quality as face
from matcher.finger import quality as finger
from matcher.within import ADVICE as WITHIN

ADVICE: Mapping[str, str] = {**face.ADVICE, **finger.ADVICE, **WITHIN}
"""Reason code of a Quality to a sentence in English."""
