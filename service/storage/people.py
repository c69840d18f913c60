"""Queries on people and their templates."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from service.domain.people import Person
from service.ports import TemplateRecord
from service.storage.tables import person, template


class SqlPeople:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Person) -> None:
        self._session.add(one)

    def by_key(self, key: int) -> Person:
        return self._session.get_one(Person, key)

    def by_number(self, number: str) -> Person | None:
        return self._session.scalar(select(Person).where(person.c.number == number))

    def survivor_of(self, one: Person) -> Person:
        while one.survivor_key is not None:
            one = self.by_key(one.survivor_key)
        return one

    def aliases_of(self, person_key: int) -> list[Person]:
        """Everybody who was merged into this person, directly or through another."""
        found: list[Person] = []
        wave = [person_key]
        while wave:
            rows = select(Person).where(person.c.survivor_key.in_(wave)).order_by(person.c.key)
            merged = list(self._session.scalars(rows))
            found += merged
            wave = [one.key for one in merged]
        return found

    def number_taken(self, number: str) -> bool:
        return bool(self._session.scalar(select(exists().where(person.c.number == number))))

    def add_templates(self, person_key: int, templates: Sequence[TemplateRecord]) -> None:
        if templates:
            rows = [
                {
                    "person_key": person_key,
                    "capture_key": one.capture_key,
                    "position": one.position,
                    "model": one.model,
                    "content": one.content,
                }
                for one in templates
            ]
            self._session.execute(insert(template), rows)

    def templates(self, person_keys: Sequence[int]) -> Mapping[int, list[TemplateRecord]]:
        found: defaultdict[int, list[TemplateRecord]] = defaultdict(list)
        rows = select(template).where(template.c.person_key.in_(person_keys)).order_by(template.c.key)
        for row in self._session.execute(rows):
            found[row.person_key].append(TemplateRecord(row.capture_key, row.position, row.model, row.content))
        return found

    def move_templates(self, loser_key: int, survivor_key: int) -> None:
        self._session.execute(
            update(template).where(template.c.person_key == loser_key).values(person_key=survivor_key)
        )
