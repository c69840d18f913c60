"""What counters send of an enrolment, and of captures that are added to a person."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from matcher import Position
from service.api.json_body import parsed
from service.api.problems import malformed
from service.api.shapes import (
    AsText,
    Date,
    HijriDate,
    Instant,
    LivenessIn,
    NameIn,
    Sent,
)
from service.api.text import Line
from service.enrolment.domain.enrolments import (
    Consent,
    EnrolCommand,
    ExceptionReason,
    Liveness,
    PositionException,
)
from service.enrolment.steps.captures import PARTS
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.people import PARENTS, Demographics, NoName, Sex
from service.registry.usecases.look_up import checked_household

EARLIEST_BIRTH = 1880
EARLIEST_CAPTURE = 2000
CLOCK_SKEW = timedelta(days=1)
"""How far a mobile counter's clock may be ahead."""


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


Shape = TypeVar("Shape", bound="AddedIn")
Part = Annotated[str, AfterValidator(_part)]
RecentInstant = Annotated[Instant, AfterValidator(_recent)]


class PersonIn(Sent):
    """Who the person states they are. Give a birth date, of either calendar, or a birth year, or none."""

    no_name: AsText[NoName] | None = Field(None, description="in place of names: why there is none")
    names: list[NameIn] = Field(default_factory=list, max_length=8, validate_default=True)
    sex: AsText[Sex] = Sex.UNKNOWN
    birth_date: Date | None = None
    birth_hijri: HijriDate | None = None
    birth_year: int | None = None
    birth_estimated: bool = Field(False, description="the date or year is a guess")

    @field_validator("names")
    @classmethod
    def _names_or_why_none(cls, value: list[NameIn], info: ValidationInfo) -> list[NameIn]:
        if bool(value) == (info.data.get("no_name") is not None) and "no_name" in info.data:
            raise PydanticCustomError("names_missing", "give at least one name, or in no_name why there is none")
        return value

    @field_validator("birth_date", "birth_hijri")
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
        if sum(one is not None for one in (self.birth_date, self.birth_hijri, self.birth_year)) > 1:
            raise ValueError("give one of birth_date, birth_hijri and birth_year")
        return self

    @field_validator("names")
    @classmethod
    def _of_the_person(cls, value: list[NameIn]) -> list[NameIn]:
        if value and all(one.kind in PARENTS for one in value):
            raise ValueError("one of the names is the person's own")
        return value

    def demographics(self) -> Demographics:
        names = tuple(one.name() for one in self.names)
        born = self.birth_date or self.birth_hijri
        return Demographics(names, self.sex, born, self.birth_year, self.birth_estimated, self.no_name)


class ConsentIn(Sent):
    given: bool
    at: RecentInstant | None = None
    reference: Line | None = Field(None, description="the paper or recording that shows it")

    @field_validator("given")
    @classmethod
    def _was_given(cls, value: bool) -> bool:
        if not value:
            raise ValueError("no one is enrolled without consent")
        return value


class HouseholdIn(Sent):
    id: str = Field(description="a UUID of the client's making, or a household ID already issued")
    role: AsText[Role]


class ExceptionIn(Sent):
    position: AsText[Position]
    reason: AsText[ExceptionReason]


class CaptureIn(Sent):
    dpi: float | None = Field(
        None, gt=50, lt=2500, description="resolution, where the file does not state it or is wrong"
    )
    liveness: LivenessIn | None = None

    def evidence(self) -> Liveness | None:
        return None if self.liveness is None else Liveness(**self.liveness.model_dump())


class AddedIn(Sent):
    """The part `enrolment` where captures are added to a person who is there."""

    id: AsText[UUID] = Field(description="chosen by the client: sending the same enrolment again does no harm")
    site: Line
    device: Line
    captured_at: RecentInstant = Field(description="with its offset from UTC")
    consent: ConsentIn
    exceptions: list[ExceptionIn] = Field(
        default_factory=list, max_length=len(Position), description="positions that cannot be captured, and why"
    )
    captures: dict[Part, CaptureIn] = Field(default_factory=dict, description="what is known of each capture")

    @field_validator("captures", mode="before")
    @classmethod
    def _no_more_than_parts(cls, value: object) -> object:
        """Before each name is looked at: a name that is no part takes time, and there may be any number."""
        if isinstance(value, dict) and len(value) > len(PARTS):
            raise ValueError(f"has {len(value):,} names; there are {len(PARTS)} positions")
        return value

    @field_validator("exceptions")
    @classmethod
    def _each_once(cls, value: list[ExceptionIn]) -> list[ExceptionIn]:
        positions = [one.position for one in value]
        if len(set(positions)) < len(positions):
            raise ValueError("names a position twice")
        return value

    def adding(self, number: str) -> EnrolCommand:
        """number: of the person to whom the captures are added."""
        return replace(self._of(Demographics(names=())), adds_to=number)

    def _of(self, who: Demographics) -> EnrolCommand:
        return EnrolCommand(
            id=self.id,
            site=self.site,
            device=self.device,
            captured_at=self.captured_at,
            consent=Consent(self.consent.given, self.consent.at, self.consent.reference),
            demographics=who,
            exceptions=tuple(PositionException(one.position.value, one.reason) for one in self.exceptions),
        )


class EnrolmentIn(AddedIn):
    """The part `enrolment` of an enrolment. A field that may be left out may also be null, which means the same."""

    person: PersonIn
    household: HouseholdIn | None = None

    def command(self) -> EnrolCommand:
        """Raises MalformedHousehold."""
        claim = None
        if self.household is not None:
            claim = HouseholdClaim(checked_household(self.household.id, "enrolment.household.id"), self.household.role)
        return replace(self._of(self.person.demographics()), claim=claim)


def parse(shape: type[Shape], text: str) -> Shape:
    """The part `enrolment`. Raises Malformed."""
    try:
        return shape.model_validate(parsed(text, "enrolment"))
    except ValidationError as error:
        raise malformed(error, "enrolment") from None
