"""What the registry needs of the database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from service.registry.domain.households import Household, HouseholdEvent, Membership
from service.registry.domain.people import Person
from service.tasks.ports import TaskUnit


class People(Protocol):
    """Methods that take many keys ask the database a constant number of times."""

    def add(self, one: Person) -> None: ...
    def by_key(self, key: int) -> Person:
        """Raises NoSuchRow."""

    def by_keys(self, keys: Iterable[int]) -> Mapping[int, Person]: ...
    def by_number(self, number: str) -> Person | None: ...
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

    def add_membership(self, one: Membership) -> None: ...
    def members(self, household_key: int) -> list[Membership]:
        """Memberships that last, oldest first."""

    def heads_of_many(self, household_keys: Iterable[int]) -> Mapping[int, int]:
        """How many heads live in each household now; one without is left out."""

    def add_event(self, one: HouseholdEvent) -> None: ...
    def events(self, household_key: int) -> Sequence[HouseholdEvent]:
        """Oldest first."""

    def current_of(self, person_key: int) -> Membership | None: ...
    def current_of_many(self, person_keys: Iterable[int]) -> Mapping[int, Membership]:
        """`current_of` by key; a person without a household is left out."""


class Origins(Protocol):
    """Where people were enrolled, which the context of enrolments keeps."""

    def enrolled_at(self, sites: Collection[str], person_keys: Collection[int]) -> Collection[int]:
        """Those of these people who have an enrolment of one of these sites."""


class RegistryUnit(TaskUnit, Protocol):
    @property
    def people(self) -> People: ...
    @property
    def households(self) -> Households: ...
    @property
    def origins(self) -> Origins: ...
