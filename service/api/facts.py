"""Facts about households and people, as clients state them and as they are shown."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from service.api.shapes import AsText, Date, HijriDate, NameIn, NameShape, Sent
from service.api.text import Line, Writable
from service.registry.domain import fact_values as values
from service.registry.domain.facts import FactKind, Source, Verification
from service.registry.domain.hijri import hijri_of
from service.registry.domain.intentions import StatedFact
from service.registry.domain.people import Sex
from service.registry.steps.shown_facts import ShownFact

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
AnyDate = Annotated[Date, Field(ge=EARLIEST, le=LATEST)]
MOST_FACTS = 50


class StatedIn(Sent):
    """What all facts have. A field that may be left out may also be null, which means the same."""

    source: AsText[Source] = Field(description="who or what states it")
    source_name: Line | None = Field(None, description="which system or document, in a word")
    verification: AsText[Verification] = Verification.DECLARED
    checked_on: AnyDate | None = Field(None, description="when it was verified")

    def value(self) -> values.Value:
        raise NotImplementedError

    def fact(self) -> StatedFact:
        other: str | None = getattr(self, "other", None)
        return StatedFact(self.value(), self.source, self.source_name, self.verification, self.checked_on, other)


class NamesFactIn(StatedIn):
    """Names that take the place of those on the record, in every script."""

    kind: Literal["names"]
    names: list[NameIn] = Field(min_length=1, max_length=8)

    def value(self) -> values.Value:
        return values.Named(tuple(one.name() for one in self.names))


class BirthFactIn(StatedIn):
    """A birth date, or a birth year alone."""

    kind: Literal["birth"]
    birth_date: Date | None = None
    birth_hijri: HijriDate | None = None
    birth_year: int | None = None
    birth_estimated: bool = False

    @model_validator(mode="after")
    def _one_date(self) -> Self:
        if None not in (self.birth_date, self.birth_hijri):
            raise ValueError("give birth_date or birth_hijri, not both")
        return self

    def value(self) -> values.Value:
        return values.Born(self.birth_date or self.birth_hijri, self.birth_year, self.birth_estimated)


class SexFactIn(StatedIn):
    kind: Literal["sex"]
    sex: AsText[Sex]

    def value(self) -> values.Value:
        return values.OfSex(self.sex)


class AreaFactIn(StatedIn):
    kind: Literal["area"]
    code: Line = Field(description="of an area of `GET /v1/areas`")

    def value(self) -> values.Value:
        return values.InArea(self.code)


class AddressFactIn(StatedIn):
    kind: Literal["address"]
    text: Annotated[Writable, Field(min_length=1, max_length=1000)] = Field(description="how to find the place")

    def value(self) -> values.Value:
        return values.Address(self.text)


class CoordinatesFactIn(StatedIn):
    """WGS 84."""

    kind: Literal["coordinates"]
    latitude: float = Field(allow_inf_nan=False, description="in degrees, north positive")
    longitude: float = Field(allow_inf_nan=False, description="in degrees, east positive")
    accuracy_m: float | None = Field(None, allow_inf_nan=False, description="radius in metres")

    def value(self) -> values.Value:
        return values.Coordinates(self.latitude, self.longitude, self.accuracy_m)


class PhoneFactIn(StatedIn):
    kind: Literal["phone"]
    number: Line = Field(description="with the country's code, or one of JISR_PHONE_REGION; kept in the form of E.164")

    def value(self) -> values.Value:
        return values.Phone(self.number)


class DocumentFactIn(StatedIn):
    kind: Literal["document"]
    type: Line = Field(examples=["national_id"])
    number: Line = Field(description="kept in capitals, without what stands between letters and digits")
    issuer: Line = Field(description="such as the code of the country", examples=["DJI"])
    valid_from: AnyDate | None = None
    valid_until: AnyDate | None = Field(None, description="the last day of its validity")

    def value(self) -> values.Value:
        return values.Document(self.type, self.number, self.issuer, self.valid_from, self.valid_until)


class LanguageFactIn(StatedIn):
    kind: Literal["language"]
    code: Line = Field(description="ISO 639-1 or 639-3", examples=["som"])

    def value(self) -> values.Value:
        return values.Language(self.code)


class RelationshipFactIn(StatedIn):
    kind: Literal["relationship"]
    type: AsText[values.RelationshipType] = Field(description="what the person is to the other one")
    other: Line = Field(description="the other's person number, or the ID of a person who has none yet")

    def value(self) -> values.Value:
        return values.Relationship(self.type)


class DisabilityFactIn(StatedIn):
    """Answers to the Washington Group Short Set on Functioning; null where a question was not answered."""

    kind: Literal["disability"]
    seeing: AsText[values.Difficulty] | None = None
    hearing: AsText[values.Difficulty] | None = None
    walking: AsText[values.Difficulty] | None = None
    remembering: AsText[values.Difficulty] | None = None
    self_care: AsText[values.Difficulty] | None = None
    communicating: AsText[values.Difficulty] | None = None

    def value(self) -> values.Value:
        domains = (self.seeing, self.hearing, self.walking, self.remembering, self.self_care, self.communicating)
        return values.Disability(*domains)


class TargetGroupFactIn(StatedIn):
    kind: Literal["target_group"]
    group: AsText[values.TargetGroup]

    def value(self) -> values.Value:
        return values.InGroup(self.group)


FactIn = Annotated[
    NamesFactIn
    | BirthFactIn
    | SexFactIn
    | AreaFactIn
    | AddressFactIn
    | CoordinatesFactIn
    | PhoneFactIn
    | DocumentFactIn
    | LanguageFactIn
    | RelationshipFactIn
    | DisabilityFactIn
    | TargetGroupFactIn,
    Field(discriminator="kind"),
]


class NamesOut(BaseModel):
    names: list[NameShape]


class BirthOut(BaseModel):
    birth_date: date | None
    birth_hijri: str | None = Field(description="the same day in the Hijri calendar")
    birth_year: int | None
    birth_estimated: bool


class RelationshipOut(BaseModel):
    type: values.RelationshipType = Field(description="what the person is to the other one")
    other: str | None = Field(description="the other's number; null of people whom this token may not see")


class DisabilityOut(BaseModel):
    seeing: values.Difficulty | None
    hearing: values.Difficulty | None
    walking: values.Difficulty | None
    remembering: values.Difficulty | None
    self_care: values.Difficulty | None
    communicating: values.Difficulty | None
    disabled: bool | None = Field(
        description="a lot of difficulty or more in a domain; null: not all were answered, and none has"
    )


ValueOut = (
    NamesOut
    | BirthOut
    | values.OfSex
    | values.InArea
    | values.Address
    | values.Coordinates
    | values.Phone
    | values.Document
    | values.Language
    | RelationshipOut
    | DisabilityOut
    | values.InGroup
)


_AS_THEY_ARE = (
    values.OfSex,
    values.InArea,
    values.Address,
    values.Coordinates,
    values.Phone,
    values.Document,
    values.Language,
    values.InGroup,
)


class FactOut(BaseModel):
    """One fact. Those of one kind stand in the order in which they are to be shown."""

    id: UUID
    kind: FactKind
    value: ValueOut
    source: Source
    source_name: str | None
    verification: Verification
    checked_on: date | None
    valid_from: date
    valid_to: date | None = Field(description="from when on it is so no more")
    change: UUID = Field(description="that recorded it")
    recorded_at: datetime
    recorded_by: str
    conflict: bool = Field(description="another source states something else")
    disputed: bool = Field(description="the document is stated of another person too")

    @classmethod
    def of(cls, shown: ShownFact) -> "FactOut":
        one = shown.fact
        return cls(
            id=one.id,
            kind=one.kind,
            value=_value_out(shown),
            source=one.source,
            source_name=one.source_name,
            verification=one.verification,
            checked_on=one.checked_on,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
            change=shown.change.id,
            recorded_at=shown.change.recorded_at,
            recorded_by=shown.change.by,
            conflict=shown.conflict,
            disputed=shown.disputed,
        )


class FactsOut(BaseModel):
    facts: list[FactOut]


def _value_out(shown: ShownFact) -> ValueOut:
    match shown.value:
        case values.Named() as one:
            return NamesOut(names=[NameShape.of(each) for each in one.names])
        case values.Born() as one:
            hijri = hijri_of(one.birth_date)
            return BirthOut(
                birth_date=one.birth_date,
                birth_hijri=hijri,
                birth_year=one.birth_year,
                birth_estimated=one.birth_estimated,
            )
        case values.Relationship() as one:
            return RelationshipOut(type=one.type, other=None if shown.other is None else shown.other.number)
        case values.Disability() as one:
            domains = {name: getattr(one, name) for name in values.DOMAINS}
            return DisabilityOut(**domains, disabled=one.disabled)
        case one:
            assert isinstance(one, _AS_THEY_ARE)
            return one
