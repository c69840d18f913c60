"""What the registry needs of the database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from service.registry.domain.areas import Area, AreaLevel
from service.registry.domain.cards import Card
from service.registry.domain.changes import Change, ChangeAbout, Version
from service.registry.domain.consents import ConsentRecord
from service.registry.domain.facts import Fact
from service.registry.domain.households import (
    Household,
    HouseholdState,
    Membership,
    Payee,
    PersonState,
)
from service.registry.domain.imports import ImportedRow
from service.registry.domain.people import Demographics, Person
from service.registry.domain.search import TokenKind
from service.tasks.ports import TaskUnit


@dataclass(frozen=True, slots=True)
class AsOf:
    """What was true on a day, as known after the change with this key.

    day None: what has no end. known None: as known now.
    """

    day: date | None = None
    known: int | None = None


class People(Protocol):
    """Methods that take many keys ask the database a constant number of times."""

    def add(self, one: Person) -> None: ...
    def by_key(self, key: int) -> Person:
        """Raises NoSuchRow."""

    def by_keys(self, keys: Iterable[int]) -> Mapping[int, Person]: ...
    def by_number(self, number: str) -> Person | None: ...
    def by_id(self, person_id: UUID) -> Person | None: ...
    def searched_after(self, key: int, limit: int) -> Sequence[Person]:
        """The next who are searched, by key."""

    def survivor_of(self, one: Person) -> Person:
        """The person all aliases lead to; the person itself if it was never merged."""

    def survivors_of(self, keys: Iterable[int]) -> Mapping[int, Person]:
        """`survivor_of` by key."""

    def aliases_of(self, person_key: int) -> list[Person]:
        """Everyone who was merged into this person, directly or through another, oldest key first."""

    def aliases_of_many(self, keys: Iterable[int]) -> Mapping[int, Sequence[Person]]:
        """`aliases_of` by key."""

    def numbers_taken(self, numbers: Collection[str]) -> Collection[str]: ...


class Households(Protocol):
    def add(self, one: Household) -> None: ...
    def by_key(self, key: int) -> Household:
        """Raises NoSuchRow."""

    def by_keys(self, keys: Iterable[int]) -> Mapping[int, Household]: ...
    def by_client_ids(self, client_ids: Collection[UUID]) -> Mapping[UUID, Household]: ...
    def by_household_ids(self, household_ids: Collection[str]) -> Mapping[str, Household]: ...
    def survivor_of(self, one: Household) -> Household:
        """The household all merges lead to; the household itself if it was never merged."""

    def survivors_of(self, keys: Iterable[int]) -> Mapping[int, Household]:
        """`survivor_of` by key."""

    def aliases_of(self, household_key: int) -> Sequence[int]:
        """The keys of all households whose IDs lead to this one by now."""

    def members(self, household_key: int) -> list[Membership]:
        """Memberships that last, oldest first."""

    def members_of_many(
        self, household_keys: Iterable[int], asked: AsOf | None = None
    ) -> Mapping[int, Sequence[Membership]]:
        """`members` by key. asked: of another day, or as known before; None: those that last."""

    def states_of_many(self, household_keys: Iterable[int], asked: AsOf | None = None) -> Mapping[int, HouseholdState]:
        """One that has none is left out: it is active."""

    def lives_of_many(self, person_keys: Iterable[int], asked: AsOf | None = None) -> Mapping[int, PersonState]:
        """One that has none is left out: they are present."""

    def payees_of_many(
        self, household_keys: Iterable[int], asked: AsOf | None = None
    ) -> Mapping[int, Sequence[Payee]]: ...
    def payee_ranks_of(self, person_keys: Iterable[int]) -> Sequence[Payee]:
        """What they are payees of now, in any household."""

    def stays_of_many(self, person_keys: Iterable[int]) -> Mapping[int, Sequence[Membership]]:
        """All stays of each person as known now, over time; also those that ended."""

    def current_of(self, person_key: int) -> Membership | None: ...
    def current_of_many(self, person_keys: Iterable[int]) -> Mapping[int, Membership]:
        """`current_of` by key; a person without a household is left out."""


class History(Protocol):
    """Changes, and the versions they recorded and superseded."""

    def add(self, *changes: Change) -> None: ...
    def by_id(self, change_id: UUID) -> Change | None: ...
    def by_key(self, key: int) -> Change:
        """Raises NoSuchRow."""

    def by_keys(self, keys: Collection[int]) -> Mapping[int, Change]: ...
    def last_recorded(self) -> datetime | None:
        """When the newest change was recorded."""

    def known_at(self, instant: datetime) -> int:
        """The key of the newest change recorded by then; 0 before the first."""

    def undone_by(self, keys: Collection[int]) -> Mapping[int, Sequence[Change]]:
        """The changes that take each of these back, oldest first."""

    def write(self, *versions: Version) -> None:
        """Add versions, and note whom and what their changes touched."""

    def touch(self, subjects: Iterable[tuple[int, int | None, int | None]]) -> None:
        """Note that changes touched households and people, by key, of which they write no version."""

    def supersede(self, versions: Iterable[Version], by: int) -> None:
        """Mark versions as replaced by a change, and flush: the database allows one home at a time."""

    def recorded(self, change_key: int) -> Sequence[Version]:
        """What a change wrote, of every kind of version."""

    def superseded(self, change_key: int) -> Sequence[Version]:
        """What a change replaced, of every kind of version."""

    def about(self, change_keys: Collection[int]) -> Mapping[int, Sequence[ChangeAbout]]:
        """Whom and what each change touched."""

    def of_households(self, keys: Collection[int], after: int, limit: int) -> Sequence[Change]:
        """Changes that touched any of these households, in the order they were recorded. after: a change's key."""

    def of_people(self, keys: Collection[int], after: int, limit: int) -> Sequence[Change]: ...


@dataclass(frozen=True, slots=True)
class AreaQuery:
    """A page of areas, by code. level, parent: only these. closed: also those that are. after: a code."""

    level: AreaLevel | None = None
    parent: str | None = None
    closed: bool = False
    after: str | None = None
    limit: int = 200


class Areas(Protocol):
    def add(self, one: Area) -> None: ...
    def all(self) -> Sequence[Area]:
        """Also those that are closed."""

    def by_codes(self, codes: Collection[str]) -> Mapping[str, Area]: ...
    def page(self, query: AreaQuery) -> Sequence[Area]: ...


class Facts(Protocol):
    """Methods that take many keys ask the database a constant number of times. asked None: those that stand."""

    def of_people(self, keys: Collection[int], asked: AsOf | None = None) -> Sequence[Fact]: ...
    def of_households(self, keys: Collection[int], asked: AsOf | None = None) -> Sequence[Fact]: ...
    def of_others(self, keys: Collection[int], asked: AsOf | None = None) -> Sequence[Fact]:
        """Relationships that others state to one of these people."""

    def standing(self, ids: Collection[UUID]) -> Mapping[UUID, Fact]: ...
    def touched(self, change_key: int) -> Sequence[Fact]:
        """Versions that a change replaced or wrote."""

    def claims(self, tokens: Collection[bytes]) -> Sequence[Fact]:
        """Documents with these tokens that stand, also those that are disputed."""


class Cards(Protocol):
    def add(self, one: Card) -> None: ...
    def by_id(self, card_id: UUID) -> Card | None: ...
    def by_serial(self, serial: str) -> Card | None: ...
    def any(self) -> bool:
        """Whether a card was ever issued."""

    def of_households(self, keys: Sequence[int]) -> Sequence[Card]:
        """Oldest first, revoked ones too."""

    def revoked(self) -> Sequence[str]:
        """The serials of all that were revoked, in order."""


class CardSigner(Protocol):
    """Signs cards by Ed25519; keys and signatures in hexadecimal."""

    @property
    def public_key(self) -> str: ...
    def sign(self, statement: str) -> str: ...


class PeopleIndex(Protocol):
    """By which people are found. People are named by key; those who were merged are there under their own."""

    def replace(self, kind: TokenKind, tokens: Mapping[int, Iterable[bytes]]) -> None:
        """Have these people be found by these tokens, and by no others of this kind."""

    def with_most(
        self, weights: Mapping[bytes, float], limit: int, sites: Collection[str] | None
    ) -> Sequence[tuple[int, float]]:
        """Those with the most weight of these tokens, and how much; the lowest key first where it is the same.

        sites: only people whom these enrolled; None: everyone.
        """

    def demographics_of(self, person_keys: Collection[int]) -> Mapping[int, Demographics]:
        """Names and birth alone, quicker than by `People`; an erased person is left out."""

    def people_after(self, key: int, limit: int) -> Mapping[int, UUID]:
        """The next of whom something is stated, by key; their IDs."""

    def count_after(self, key: int) -> int: ...


class Consents(Protocol):
    def add(self, one: ConsentRecord) -> None: ...
    def by_id(self, consent_id: UUID) -> ConsentRecord | None: ...
    def of_people(self, keys: Collection[int]) -> Sequence[ConsentRecord]:
        """Oldest first."""


class Origins(Protocol):
    """Where people were enrolled, which the context of enrolments keeps."""

    def enrolled_at(self, sites: Collection[str], person_keys: Collection[int]) -> Collection[int]:
        """Those of these people who have an enrolment of one of these sites."""

    def never_enrolled(self, person_keys: Collection[int]) -> Collection[int]:
        """Those of these people who have no enrolment at all, such as a child born since."""


class Imports(Protocol):
    """Rows that were taken in from other systems' tables."""

    def by_tokens(self, tokens: Collection[bytes]) -> Mapping[bytes, ImportedRow]: ...
    def add(self, some: Sequence[ImportedRow]) -> None: ...


class RegistryUnit(TaskUnit, Protocol):
    @property
    def people(self) -> People: ...
    @property
    def households(self) -> Households: ...
    @property
    def history(self) -> History: ...
    @property
    def cards(self) -> Cards: ...
    @property
    def origins(self) -> Origins: ...
    @property
    def areas(self) -> Areas: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def index(self) -> PeopleIndex: ...
    @property
    def consents(self) -> Consents: ...
    @property
    def imports(self) -> Imports: ...
