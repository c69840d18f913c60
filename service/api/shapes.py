"""Shapes that several nouns share."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from service.adjudication.domain.evidence import FieldEvidence, PositionEvidence, Thresholds
from service.adjudication.domain.marks import MARKS, Mark
from service.api.text import FullName, Line
from service.deduplication.domain.comparison import LEVELS
from service.enrolment.steps.captures import WARNING_CODES, Warnings
from service.registry.domain.hijri import gregorian_of
from service.registry.domain.people import Name, NameKind

T = TypeVar("T")
RARITY = "a comparison of different people reaches r with a probability of at most 10^-r; the thresholds are of this"
LOG10_LR = "log10 of the likelihood ratio of the same person against different people"
HYPOTHESIS = "how the captures may be the person's: what explains the evidence best"
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*")


def _iso_date(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and ISO_DATE.fullmatch(value.strip())):
        return value
    raise PydanticCustomError("not_a_date", "a date is written as text, such as 1990-02-01")


def _iso_instant(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and ISO_INSTANT.fullmatch(value.strip())):
        return value
    raise PydanticCustomError("not_an_instant", "an instant is written as text, such as 2025-01-15T09:30:00+03:00")


AsText = Annotated[T, Field(strict=False)]
"""A word of an enumeration or a UUID: JSON has text for them, which alone is read."""
Date = Annotated[AsText[date], BeforeValidator(_iso_date)]
Instant = Annotated[AsText[AwareDatetime], BeforeValidator(_iso_instant)]
"""Numbers are neither dates nor instants: 0 is not the first of January 1970."""

AnyDay = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 1, 1))]
AnyInstant = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 2, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]
"""In queries."""


class Sent(BaseModel):
    """What clients send: an unknown field is a mistake worth reporting, and so is a value of another type of JSON.

    A field that may be left out may also be null, which means the same.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, sent: Any) -> Any:
        if not isinstance(sent, Mapping):
            return sent
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: value for name, value in sent.items() if value is not None or name not in optional}


class NameIn(Sent):
    script: str = Field("Latn", pattern=r"^[A-Z][a-z]{3}$", description="ISO 15924: Latn, Arab", examples=["Latn"])
    full: FullName = Field(
        description="the name, as the person writes it, in any script; whole unless `kind` states which part",
        examples=["Amina Hassan Ali"],
    )
    kind: AsText[NameKind] = Field(
        NameKind.FULL, description="`full`: all of it; or a part, `given`, `family`; or the name of `father`, `mother`"
    )

    def name(self) -> Name:
        return Name(self.script, self.full, self.kind)


def _hijri(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("not_a_date", "a Hijri date is written as text, such as 1410-09-15")
    try:
        return gregorian_of(value)
    except ValueError as error:
        raise PydanticCustomError("not_a_hijri_date", "{sentence}", {"sentence": str(error)}) from None


HijriDate = Annotated[
    date,
    BeforeValidator(_hijri, json_schema_input_type=str),
    Field(description="in place of birth_date: a Hijri date (Umm al-Qura), 1343 to 1500", examples=["1410-09-15"]),
]
"""Sent as text, read as the Gregorian day."""


class NameShape(BaseModel):
    """As it was kept, whatever is asked of new ones."""

    script: str = Field(description="ISO 15924")
    full: str = Field(description="the name, in Unicode's composed form (NFC)")
    kind: NameKind

    @classmethod
    def of(cls, one: Name) -> "NameShape":
        return cls(script=one.script, full=one.full, kind=one.kind)


class LivenessIn(Sent):
    """What the capture device found (ISO/IEC 30107-3). Operators see it; nothing is decided by it."""

    score: float = Field(allow_inf_nan=False, description="in the vendor's own scale")
    vendor: Line
    level: Line | None = Field(None, description="what the device was tested to", examples=["iBeta level 2"])


class LivenessShape(BaseModel):
    """What the capture device found, as it was kept."""

    score: float
    vendor: str
    level: str | None


class WarningOut(BaseModel):
    """One odd thing about a capture that is used all the same."""

    code: str = Field(description=f"stable, for programs; today {', '.join(WARNING_CODES)}")
    detail: str = Field(description="a sentence for people")


class MarkOut(BaseModel):
    """What is suspect about an enrolment by itself, whomever it resembles."""

    code: str = Field(description=f"stable, for programs; today {', '.join(MARKS)}")
    positions: list[str] = Field(description="of the captures that it is about")
    sentence: str = Field(description="for people, in English")

    @classmethod
    def of_all(cls, marks: Iterable[Mark]) -> "list[MarkOut]":
        return [cls(code=one.code, positions=list(one.positions), sentence=one.sentence) for one in marks]


class CaptureWarningsOut(BaseModel):
    """A capture that was searched or compared with."""

    position: str
    warnings: list[WarningOut] = Field(description="what was odd about the file; empty where nothing was")

    @classmethod
    def by_position(cls, warnings: Warnings) -> "list[CaptureWarningsOut]":
        return [
            cls(position=position, warnings=[WarningOut(code=one.code, detail=one.detail) for one in some])
            for position, some in warnings.items()
        ]


class FieldOut(BaseModel):
    """How far two people agree in one field of what they state. What they state is not shown."""

    level: str = Field(description="by field: " + "; ".join(f"{name}: {', '.join(LEVELS[name])}" for name in LEVELS))
    log10_lr: float = Field(description="what it weighs; below 0 it speaks against one person")

    @classmethod
    def by_field(cls, evidence: Mapping[str, FieldEvidence]) -> "dict[str, FieldOut]":
        return {name: cls(level=one.level, log10_lr=round(one.log10_lr, 3)) for name, one in evidence.items()}


class EvidenceOut(BaseModel):
    score: float = Field(description="the modality's own, 0 to 1")
    log10_lr: float = Field(description="log10 of the likelihood ratio; 2 is a hundred times likelier if mated")
    found_at: str | None = Field(
        None, description="the enrolled finger it matched, where positions are not as stated; null: the same position"
    )
    scale: float | None = Field(
        None, description="by which the print was enlarged, where another resolution than stated is believed; null: 1"
    )

    @classmethod
    def by_position(cls, evidence: Mapping[str, PositionEvidence]) -> "dict[str, EvidenceOut]":
        return {
            position: cls(
                score=round(one.score, 4),
                log10_lr=round(one.log10_lr, 3),
                found_at=one.found_at,
                scale=None if one.scale is None else round(one.scale, 3),
            )
            for position, one in evidence.items()
        }


class ThresholdsOut(BaseModel):
    """The rarities from which on evidence falls into a band."""

    review: float
    duplicate: float

    @classmethod
    def of(cls, one: Thresholds) -> "ThresholdsOut":
        return cls(review=round(one.review_at, 3), duplicate=round(one.duplicate_at, 3))
