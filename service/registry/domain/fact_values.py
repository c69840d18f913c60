"""What facts state, one class for each kind."""

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from service.registry.domain.people import Name, Sex


@dataclass(frozen=True, slots=True)
class Value:
    """What a fact states. Kinds of which a household or a person may have several tell them apart by `which`."""

    @property
    def which(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Named(Value):
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Born(Value):
    """birth_year alone where the day is unknown; estimated where it is a guess."""

    birth_date: date | None = None
    birth_year: int | None = None
    birth_estimated: bool = False


@dataclass(frozen=True, slots=True)
class OfSex(Value):
    sex: Sex


@dataclass(frozen=True, slots=True)
class InArea(Value):
    """code: of an area on the list."""

    code: str


@dataclass(frozen=True, slots=True)
class Address(Value):
    """How to find the place, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class Coordinates(Value):
    """WGS 84, in degrees; accuracy_m: radius in metres, as the receiver states it."""

    latitude: float
    longitude: float
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Phone(Value):
    """number: in the form of ITU-T E.164 once it is recorded."""

    number: str

    @property
    def which(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class Document(Value):
    """type: a code of `service.registry.domain.documents`. valid_until: its last day, None: valid for ever."""

    type: str
    number: str
    issuer: str
    valid_from: date | None = None
    valid_until: date | None = None

    @property
    def which(self) -> str:
        return f"{self.type}|{self.issuer}|{self.number}"

    def expired(self, day: date) -> bool:
        return self.valid_until is not None and self.valid_until < day


@dataclass(frozen=True, slots=True)
class Language(Value):
    """code: of ISO 639-1 or 639-3."""

    code: str

    @property
    def which(self) -> str:
        return self.code


class RelationshipType(StrEnum):
    """What the person is to the other one."""

    PARENT_OF = "parent_of"
    CHILD_OF = "child_of"
    SPOUSE_OF = "spouse_of"
    SIBLING_OF = "sibling_of"
    GRANDPARENT_OF = "grandparent_of"
    GRANDCHILD_OF = "grandchild_of"
    GUARDIAN_OF = "guardian_of"
    WARD_OF = "ward_of"
    OTHER_RELATIVE_OF = "other_relative_of"


_PAIRS = (
    (RelationshipType.PARENT_OF, RelationshipType.CHILD_OF),
    (RelationshipType.GRANDPARENT_OF, RelationshipType.GRANDCHILD_OF),
    (RelationshipType.GUARDIAN_OF, RelationshipType.WARD_OF),
)
INVERSE = {one: one for one in RelationshipType} | dict(_PAIRS) | {second: first for first, second in _PAIRS}
"""What the other one is to the person."""


@dataclass(frozen=True, slots=True)
class Relationship(Value):
    type: RelationshipType

    @property
    def which(self) -> str:
        return self.type


class Difficulty(StrEnum):
    """The four answers of the Washington Group Short Set on Functioning."""

    NONE = "no_difficulty"
    SOME = "some_difficulty"
    A_LOT = "a_lot_of_difficulty"
    CANNOT = "cannot_do_at_all"


@dataclass(frozen=True, slots=True)
class Disability(Value):
    """Answers to the Washington Group Short Set on Functioning: six domains; None: not answered. From age 5 on.

    Washington Group on Disability Statistics, "The Washington Group Short Set on Functioning (WG-SS)", 2022.
    """

    seeing: Difficulty | None = None
    hearing: Difficulty | None = None
    walking: Difficulty | None = None
    remembering: Difficulty | None = None
    self_care: Difficulty | None = None
    communicating: Difficulty | None = None

    @property
    def disabled(self) -> bool | None:
        """At least one domain with a lot of difficulty or more; None: not all were answered, and none has.

        The cut-off that the Washington Group recommends for international comparison: "Analytic Guidelines: Creating
        Disability Identifiers Using the WG-SS", 2020, DISABILITY3.
        """
        answers = [getattr(self, one.name) for one in fields(self)]
        if any(one in (Difficulty.A_LOT, Difficulty.CANNOT) for one in answers):
            return True
        return None if None in answers else False


DOMAINS = tuple(one.name for one in fields(Disability))


class TargetGroup(StrEnum):
    """Whom programmes of partners are for."""

    CHILD_WITHOUT_FAMILY_SUPPORT = "child_without_family_support"
    CHILD_IN_STREET_SITUATION = "child_in_street_situation"
    WOMAN_IN_DIFFICULT_SITUATION = "woman_in_difficult_situation"
    PERSON_WITH_DISABILITY = "person_with_disability"
    ELDERLY_PERSON_VULNERABLE_OR_HOMELESS = "elderly_person_vulnerable_or_homeless"


@dataclass(frozen=True, slots=True)
class InGroup(Value):
    group: TargetGroup

    @property
    def which(self) -> str:
        return self.group
