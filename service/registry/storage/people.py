"""The table of people, and its repository."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Column, ForeignKey, String, Table, Uuid, select
from sqlalchemy.orm import Session, aliased

from service.kit.sealing import KeyClass
from service.kit.sql.columns import Instant, Key, key, mapper, metadata, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
from service.kit.sql.unit import row_of
from service.registry.domain.people import SEARCHED, Demographics, Person, PersonStatus
from service.registry.storage.chains import survivors

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

mapper.map_imperatively(Person, person, properties={ATTRIBUTE: person.c.sealed})
_SEALED = {"demographics": Field(Demographics, Demographics(())), "stated": Field(Demographics | None, None)}
seal(Person, Sealed("person", KeyClass.PERSON, _SEALED))


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

    def by_id(self, person_id: UUID) -> Person | None:
        return self._session.scalar(select(Person).where(person.c.id == person_id))

    def searched_after(self, key: int, limit: int) -> Sequence[Person]:
        rows = select(Person).where(person.c.key > key, person.c.status.in_(SEARCHED))
        return self._session.scalars(rows.order_by(person.c.key).limit(limit)).all()

    def survivor_of(self, one: Person) -> Person:
        return one if one.survivor_key is None else self.survivors_of([one.key])[one.key]

    def survivors_of(self, keys: Iterable[int]) -> Mapping[int, Person]:
        return survivors(self._session, Person, person, keys)

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
