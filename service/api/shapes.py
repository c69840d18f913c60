"""Shapes that several nouns share."""

import unicodedata
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from service.adjudication.domain.evidence import PositionEvidence, Thresholds


def _writable(text: str) -> str:
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter != "\n" for letter in text):
        raise ValueError("has control characters")
    return text


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("has several lines")
    return text


Writable = Annotated[str, AfterValidator(_writable)]
Line = Annotated[Writable, AfterValidator(_one_line), Field(min_length=1, max_length=200)]


class Sent(BaseModel):
    """What clients send: an unknown field is a mistake worth reporting."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NameShape(Sent):
    script: str = Field("Latn", pattern=r"^[A-Z][a-z]{3}$", description="ISO 15924: Latn, Arab", examples=["Latn"])
    full: Line = Field(description="the whole name, as the person writes it", examples=["Amina Hassan Ali"])


class LivenessShape(Sent):
    """What the capture device found (ISO/IEC 30107-3). Operators see it; nothing is decided by it."""

    score: float = Field(allow_inf_nan=False, description="in the vendor's own scale")
    vendor: Line
    level: Line | None = Field(None, description="what the device was tested to", examples=["iBeta level 2"])


class EvidenceOut(BaseModel):
    score: float = Field(description="the modality's own, 0 to 1")
    log10_lr: float = Field(description="log10 of the likelihood ratio; 2 is a hundred times likelier if mated")
    found_at: str | None = Field(None, description="the enrolled finger it matched, in a position-free search")

    @classmethod
    def by_position(cls, evidence: Mapping[str, PositionEvidence]) -> "dict[str, EvidenceOut]":
        return {
            position: cls(score=round(one.score, 4), log10_lr=round(one.log10_lr, 3), found_at=one.found_at)
            for position, one in evidence.items()
        }


class ThresholdsOut(BaseModel):
    """log10 likelihood ratios from which on evidence falls into a band."""

    review: float
    duplicate: float

    @classmethod
    def of(cls, one: Thresholds) -> "ThresholdsOut":
        return cls(review=round(one.review_at, 3), duplicate=round(one.duplicate_at, 3))
