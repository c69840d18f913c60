"""The tables of households and of who lives in them, and their repository."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Uuid, func, select, text
from sqlalchemy.orm import Session

from service.kit.sql.columns import Instant, Key, key, mapper, metadata, to, word
from service.kit.sql.unit import row_of
from service.registry.domain.households import (
    Household,
    HouseholdEvent,
    HouseholdEventKind,
    HouseholdState,
    HouseholdStatus,
    LifeStatus,
    Membership,
    Payee,
    PayeeRank,
    PersonState,
    Role,
)
from service.registry.ports import AsOf
from service.registry.storage.chains import survivors
from service.registry.storage.versions import at, map_versions, version_columns

V = TypeVar("V")

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

# That a person lives in one place at a time is a trigger on SQLite and an exclusion constraint on PostgreSQL: 0017.
membership = Table(
    "membership",
    metadata,
    key(),
    to("household"),
    to("person"),
    Column("role", word(Role), nullable=False),
    Column("resides", Boolean, nullable=False),
    *version_columns(),
    sqlite_autoincrement=True,
)

household_state = Table(
    "household_state",
    metadata,
    key(),
    to("household"),
    Column("status", word(HouseholdStatus), nullable=False),
    Column("into_key", Key, ForeignKey("household.key"), index=True),
    *version_columns(),
    sqlite_autoincrement=True,
)

person_state = Table(
    "person_state",
    metadata,
    key(),
    to("person"),
    Column("status", word(LifeStatus), nullable=False),
    *version_columns(),
    sqlite_autoincrement=True,
)

_PRINCIPAL = text("rank = 'principal' AND superseded_by IS NULL AND valid_to IS NULL")
payee = Table(
    "payee",
    metadata,
    key(),
    to("household", index=False),
    to("person"),
    Column("rank", word(PayeeRank), nullable=False),
    *version_columns(),
    sqlite_autoincrement=True,
)
Index("ix_payee_household_key", payee.c.household_key)
Index("uq_payee_principal", payee.c.household_key, unique=True, sqlite_where=_PRINCIPAL, postgresql_where=_PRINCIPAL)

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

mapper.map_imperatively(Household, household)
mapper.map_imperatively(HouseholdEvent, household_event)
map_versions(Membership, membership)
map_versions(HouseholdState, household_state)
map_versions(PersonState, person_state)
map_versions(Payee, payee)


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
        return survivors(self._session, Household, household, keys)

    def members(self, household_key: int) -> list[Membership]:
        return list(self.members_of_many([household_key]).get(household_key, ()))

    def members_of_many(
        self, household_keys: Iterable[int], asked: AsOf | None = None
    ) -> Mapping[int, Sequence[Membership]]:
        rows = select(Membership).where(membership.c.household_key.in_(list(household_keys)), at(membership, asked))
        return _grouped(self._session.scalars(rows.order_by(membership.c.key)), "household_key")

    def states_of_many(self, household_keys: Iterable[int], asked: AsOf | None = None) -> Mapping[int, HouseholdState]:
        rows = select(HouseholdState).where(
            household_state.c.household_key.in_(list(household_keys)), at(household_state, asked)
        )
        return {one.household_key: one for one in self._session.scalars(rows)}

    def lives_of_many(self, person_keys: Iterable[int], asked: AsOf | None = None) -> Mapping[int, PersonState]:
        rows = select(PersonState).where(person_state.c.person_key.in_(list(person_keys)), at(person_state, asked))
        return {one.person_key: one for one in self._session.scalars(rows)}

    def payees_of_many(self, household_keys: Iterable[int], asked: AsOf | None = None) -> Mapping[int, Sequence[Payee]]:
        rows = select(Payee).where(payee.c.household_key.in_(list(household_keys)), at(payee, asked))
        return _grouped(self._session.scalars(rows.order_by(payee.c.key)), "household_key")

    def payee_ranks_of(self, person_keys: Iterable[int]) -> Sequence[Payee]:
        rows = select(Payee).where(payee.c.person_key.in_(list(person_keys)), at(payee, None))
        return self._session.scalars(rows.order_by(payee.c.key)).all()

    def heads_of_many(self, household_keys: Iterable[int]) -> Mapping[int, int]:
        rows = (
            select(membership.c.household_key, func.count())
            .where(
                membership.c.household_key.in_(list(household_keys)),
                at(membership, None),
                membership.c.role == Role.HEAD,
            )
            .group_by(membership.c.household_key)
        )
        return {row[0]: row[1] for row in self._session.execute(rows)}

    def stays_of_many(self, person_keys: Iterable[int]) -> Mapping[int, Sequence[Membership]]:
        rows = select(Membership).where(
            membership.c.person_key.in_(list(person_keys)), membership.c.superseded_by.is_(None)
        )
        return _grouped(self._session.scalars(rows.order_by(membership.c.valid_from, membership.c.key)), "person_key")

    def add_event(self, one: HouseholdEvent) -> None:
        self._session.add(one)

    def events(self, household_key: int) -> Sequence[HouseholdEvent]:
        rows = select(HouseholdEvent).where(household_event.c.household_key == household_key)
        return self._session.scalars(rows.order_by(household_event.c.key)).all()

    def current_of(self, person_key: int) -> Membership | None:
        return self.current_of_many([person_key]).get(person_key)

    def current_of_many(self, person_keys: Iterable[int]) -> Mapping[int, Membership]:
        rows = select(Membership).where(
            membership.c.person_key.in_(list(person_keys)), at(membership, None), membership.c.resides
        )
        return {one.person_key: one for one in self._session.scalars(rows)}


def _grouped(versions: Iterable[V], by: str) -> Mapping[int, Sequence[V]]:
    found: defaultdict[int, list[V]] = defaultdict(list)
    for one in versions:
        found[getattr(one, by)].append(one)
    return found
