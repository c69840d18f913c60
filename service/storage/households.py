"""Queries on households and who lives in them."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.domain.households import Household, Membership
from service.storage.tables import household, membership


class SqlHouseholds:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Household) -> None:
        self._session.add(one)

    def by_key(self, key: int) -> Household:
        return self._session.get_one(Household, key)

    def by_client_id(self, client_id: UUID) -> Household | None:
        return self._session.scalar(select(Household).where(household.c.client_id == client_id))

    def by_registry_id(self, registry_id: str) -> Household | None:
        return self._session.scalar(select(Household).where(household.c.registry_id == registry_id))

    def survivor_of(self, one: Household) -> Household:
        while one.survivor_key is not None:
            one = self.by_key(one.survivor_key)
        return one

    def registry_id_taken(self, registry_id: str) -> bool:
        return bool(self._session.scalar(select(exists().where(household.c.registry_id == registry_id))))

    def add_membership(self, one: Membership) -> None:
        self._session.add(one)

    def members(self, household_key: int) -> list[Membership]:
        rows = (
            select(Membership)
            .where(membership.c.household_key == household_key, membership.c.until.is_(None))
            .order_by(membership.c.key)
        )
        return list(self._session.scalars(rows))

    def current_of(self, person_key: int) -> Membership | None:
        return self._session.scalar(
            select(Membership).where(membership.c.person_key == person_key, membership.c.until.is_(None))
        )
