"""The shapes of what clients send."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from matcher import Position
from service.domain.cases import Verdict
from service.domain.enrolments import (
    Consent,
    ExceptionReason,
    HouseholdClaim,
    Liveness,
    PositionException,
)
from service.domain.households import Role
from service.domain.people import Demographics, Name, Sex
from service.usecases.adjudicate import Ruling
from service.usecases.captures import PARTS
from service.usecases.enrol import EnrolCommand
from service.usecases.lookup import checked_household

EARLIEST_BIRTH = 1880
EARLIEST_CAPTURE = 2000
CLOCK_SKEW = timedelta(days=1)
"""How far a mobile counter's clock may be ahead."""


def _writable(text: str) -> str:
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter != "\n" for letter in text):
        raise ValueError("has control characters")
    return text


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("has several lines")
    return text


def _recent(value: datetime) -> datetime:
    if value > datetime.now(UTC) + CLOCK_SKEW:
        raise ValueError("is more than a day in the future: check the device's clock")
    if value.year < EARLIEST_CAPTURE:
        raise ValueError(f"is before {EARLIEST_CAPTURE}: check the device's clock")
    return value


def _part(name: str) -> str:
    if name not in PARTS:
        raise ValueError(f"is none of {', '.join(sorted(PARTS))}")
    return name


Part = Annotated[str, AfterValidator(_part)]
Writable = Annotated[str, AfterValidator(_writable)]
Line = Annotated[Writable, AfterValidator(_one_line), Field(min_length=1, max_length=200)]
RecentInstant = Annotated[AwareDatetime, AfterValidator(_recent)]


class Sent(BaseModel):
    """What clients send: unknown fields are mistakes worth hearing of."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NameSchema(Sent):
    script: str = Field("Latn", pattern=r"^[A-Z][a-z]{3}$", description="ISO 15924: Latn, Arab", examples=["Latn"])
    full: Line = Field(description="the whole name, as the person writes it", examples=["Amina Hassan Ali"])


class PersonIn(Sent):
    """Who the person says they are. Give a birth date, or a birth year, or neither."""

    names: list[NameSchema] = Field(min_length=1, max_length=8)
    sex: Sex = Sex.UNKNOWN
    birth_date: date | None = None
    birth_year: int | None = None
    birth_estimated: bool = Field(False, description="the date or year is a guess")

    @field_validator("birth_date")
    @classmethod
    def _born_by_now(cls, value: date | None) -> date | None:
        if value is not None and value > datetime.now(UTC).date():
            raise PydanticCustomError("birth_in_future", "{date} is in the future", {"date": str(value)})
        if value is not None and value.year < EARLIEST_BIRTH:
            raise ValueError(f"{value} is before {EARLIEST_BIRTH}")
        return value

    @field_validator("birth_year")
    @classmethod
    def _year_by_now(cls, value: int | None) -> int | None:
        if value is not None and not EARLIEST_BIRTH <= value <= datetime.now(UTC).year:
            raise ValueError(f"{value} is not a year from {EARLIEST_BIRTH} to the present one")
        return value

    @model_validator(mode="after")
    def _one_birth(self) -> Self:
        if self.birth_date is not None and self.birth_year is not None:
            raise ValueError("give birth_date or birth_year, not both")
        return self


class ConsentIn(Sent):
    given: bool
    at: RecentInstant | None = None
    reference: Line | None = Field(None, description="the paper or recording that shows it")

    @field_validator("given")
    @classmethod
    def _was_given(cls, value: bool) -> bool:
        if not value:
            raise ValueError("nobody is enrolled without consent")
        return value


class HouseholdIn(Sent):
    id: str = Field(description="a UUID of the client's making, or a registry ID already issued")
    role: Role


class ExceptionIn(Sent):
    position: Position
    reason: ExceptionReason


class LivenessSchema(Sent):
    """What the capture device found (ISO/IEC 30107-3). Carried along for operators to see; nothing is decided by it."""

    score: float = Field(allow_inf_nan=False, description="in the vendor's own scale")
    vendor: Line
    level: Line | None = Field(None, description="what the device was tested to", examples=["iBeta level 2"])


class CaptureIn(Sent):
    dpi: float | None = Field(None, gt=50, lt=2500, description="dots an inch, where the file does not say or is wrong")
    liveness: LivenessSchema | None = None

    def evidence(self) -> Liveness | None:
        return None if self.liveness is None else Liveness(**self.liveness.model_dump())


class EnrolmentIn(Sent):
    """The part `enrolment` of an enrolment."""

    id: UUID = Field(description="chosen by the client: sending the same enrolment again does no harm")
    site: Line
    device: Line
    captured_at: RecentInstant = Field(description="with its offset from UTC")
    consent: ConsentIn
    person: PersonIn
    household: HouseholdIn | None = None
    exceptions: list[ExceptionIn] = Field(
        default_factory=list, description="positions that cannot be captured, and why"
    )
    captures: dict[Part, CaptureIn] = Field(default_factory=dict, description="what there is to say of a capture")

    @field_validator("exceptions")
    @classmethod
    def _each_once(cls, value: list[ExceptionIn]) -> list[ExceptionIn]:
        positions = [one.position for one in value]
        if len(set(positions)) < len(positions):
            raise ValueError("names a position twice")
        return value

    def command(self) -> EnrolCommand:
        """Raises MalformedHousehold."""
        claim = None
        if self.household is not None:
            claim = HouseholdClaim(checked_household(self.household.id, "enrolment.household.id"), self.household.role)
        person = self.person
        return EnrolCommand(
            id=self.id,
            site=self.site,
            device=self.device,
            captured_at=self.captured_at,
            consent=Consent(self.consent.given, self.consent.at, self.consent.reference),
            demographics=Demographics(
                tuple(Name(one.script, one.full) for one in person.names),
                person.sex,
                person.birth_date,
                person.birth_year,
                person.birth_estimated,
            ),
            claim=claim,
            exceptions=tuple(PositionException(one.position.value, one.reason) for one in self.exceptions),
        )


class DecisionIn(Sent):
    """What an operator decides."""

    verdict: Verdict
    reason: Annotated[Writable, Field(min_length=3, max_length=2000)] = Field(
        description="why, in the operator's words"
    )
    survivor: UUID | None = Field(None, description="for same_person: the ID of the person who remains")
    merged: list[UUID] = Field(
        default_factory=list,
        description="for same_person: the IDs of the others who are that person; needed only where several could be",
    )

    def ruling(self, by: str) -> Ruling:
        return Ruling(self.verdict, self.reason, by, self.survivor, tuple(self.merged))
