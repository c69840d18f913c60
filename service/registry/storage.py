"""The tables of people and households, and their repositories."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, String, Table, Uuid, func, select, text
from sqlalchemy.orm import Session, aliased

from service.kit.sealing import KeyClass
from service.kit.sql.columns import Instant, Key, key, mapper, metadata, to, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
from service.kit.sql.unit import Row, row_of
from service.registry.domain.households import Household, HouseholdEvent, HouseholdEventKind, Membership, Role
from service.registry.domain.people import SEARCHED, Demographics, Person, PersonStatus

person = Table(
    "person",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("status", word(PersonStatus), nullable=False),
    Column("number", String(20), unique=True),
    Column("survivor_key", Key, ForeignKey("person.key"), index=True),
    sealed(),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

household = Table(
    "household",
    metadata,
    key(),
    Column("client_id", Uuid, unique=True),
    Column("household_id", String(20), unique=True),
    Column("survivor_key", Key, ForeignKey("household.key")),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

membership = Table(
    "membership",
    metadata,
    key(),
    to("household"),
    to("person", index=False),
    Column("role", word(Role), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    # One home at a time.
    Index(
        "uq_membership_current",
        "person_key",
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
    sqlite_autoincrement=True,
)

household_event = Table(
    "household_event",
    metadata,
    key(),
    to("household"),
    to("person", index=False),
    Column("kind", word(HouseholdEventKind), nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

mapper.map_imperatively(Person, person, properties={ATTRIBUTE: person.c.sealed})
seal(Person, Sealed("person", KeyClass.PERSON, {"demographics": Field(Demographics, Demographics(()))}))
mapper.map_imperatively(Household, household)
mapper.map_imperatively(Membership, membership)
mapper.map_imperatively(HouseholdEvent, household_event)


class SqlPeople:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Person) -> None:
        self._session.add(one)

    def by_key(self, key: int) -> Person:
        return row_of(self._session, Person, key)

    def by_keys(self, keys: Iterable[int]) -> Mapping[int, Person]:
        rows = self._session.scalars(select(Person).where(person.c.key.in_(list(keys))))
        return {one.key: one for one in rows}

    def by_number(self, number: str) -> Person | None:
        return self._session.scalar(select(Person).where(person.c.number == number))

    def searched_after(self, key: int, limit: int) -> Sequence[Person]:
        rows = select(Person).where(person.c.key > key, person.c.status.in_(SEARCHED))
        return self._session.scalars(rows.order_by(person.c.key).limit(limit)).all()

    def survivor_of(self, one: Person) -> Person:
        return one if one.survivor_key is None else self.survivors_of([one.key])[one.key]

    def survivors_of(self, keys: Iterable[int]) -> Mapping[int, Person]:
        return _survivors(self._session, Person, person, keys)

    def aliases_of(self, person_key: int) -> list[Person]:
        return list(self.aliases_of_many([person_key]).get(person_key, ()))

    def aliases_of_many(self, keys: Iterable[int]) -> Mapping[int, Sequence[Person]]:
        start = select(person.c.survivor_key.label("asked"), person.c.key)
        tree = start.where(person.c.survivor_key.in_(list(keys))).cte("tree", recursive=True)
        merged = aliased(person)
        tree = tree.union_all(select(tree.c.asked, merged.c.key).where(merged.c.survivor_key == tree.c.key))
        rows = select(tree.c.asked, Person).join(person, person.c.key == tree.c.key).order_by(person.c.key)
        found: defaultdict[int, list[Person]] = defaultdict(list)
        for asked, one in self._session.execute(rows):
            found[asked].append(one)
        return found

    def numbers_taken(self, numbers: Collection[str]) -> Collection[str]:
        return self._session.scalars(select(person.c.number).where(person.c.number.in_(numbers))).all()


class SqlHouseholds:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Household) -> None:
        self._session.add(one)

    def by_key(self, key: int) -> Household:
        return row_of(self._session, Household, key)

    def by_keys(self, keys: Iterable[int]) -> Mapping[int, Household]:
        rows = self._session.scalars(select(Household).where(household.c.key.in_(list(keys))))
        return {one.key: one for one in rows}

    def by_client_ids(self, client_ids: Collection[UUID]) -> Mapping[UUID, Household]:
        rows = self._session.scalars(select(Household).where(household.c.client_id.in_(client_ids)))
        return {one.client_id: one for one in rows if one.client_id is not None}

    def by_household_ids(self, household_ids: Collection[str]) -> Mapping[str, Household]:
        rows = self._session.scalars(select(Household).where(household.c.household_id.in_(household_ids)))
        return {one.household_id: one for one in rows if one.household_id is not None}

    def survivor_of(self, one: Household) -> Household:
        return one if one.survivor_key is None else self.survivors_of([one.key])[one.key]

    def survivors_of(self, keys: Iterable[int]) -> Mapping[int, Household]:
        return _survivors(self._session, Household, household, keys)

    def add_membership(self, one: Membership) -> None:
        self._session.add(one)

    def members(self, household_key: int) -> list[Membership]:
        rows = (
            select(Membership)
            .where(membership.c.household_key == household_key, membership.c.until.is_(None))
            .order_by(membership.c.key)
        )
        return list(self._session.scalars(rows))

    def heads_of_many(self, household_keys: Iterable[int]) -> Mapping[int, int]:
        rows = (
            select(membership.c.household_key, func.count())
            .where(
                membership.c.household_key.in_(list(household_keys)),
                membership.c.until.is_(None),
                membership.c.role == Role.HEAD,
            )
            .group_by(membership.c.household_key)
        )
        return {row[0]: row[1] for row in self._session.execute(rows)}

    def add_event(self, one: HouseholdEvent) -> None:
        self._session.add(one)

    def events(self, household_key: int) -> Sequence[HouseholdEvent]:
        rows = select(HouseholdEvent).where(household_event.c.household_key == household_key)
        return self._session.scalars(rows.order_by(household_event.c.key)).all()

    def current_of(self, person_key: int) -> Membership | None:
        return self.current_of_many([person_key]).get(person_key)

    def current_of_many(self, person_keys: Iterable[int]) -> Mapping[int, Membership]:
        rows = select(Membership).where(membership.c.person_key.in_(list(person_keys)), membership.c.until.is_(None))
        return {one.person_key: one for one in self._session.scalars(rows)}


def _survivors(session: Session, kind: type[Row], table: Table, keys: Iterable[int]) -> Mapping[int, Row]:
    """Where the merges of each of these rows lead, by key, in one query however long the chains are."""
    start = select(table.c.key.label("asked"), table.c.key, table.c.survivor_key)
    chain = start.where(table.c.key.in_(list(keys))).cte("chain", recursive=True)
    step = select(chain.c.asked, table.c.key, table.c.survivor_key).where(table.c.key == chain.c.survivor_key)
    chain = chain.union_all(step)
    rows = select(chain.c.asked, kind).join(table, table.c.key == chain.c.key)
    found = session.execute(rows.where(chain.c.survivor_key.is_(None)))
    return {row[0]: row[1] for row in found}
