"""Entries and checkpoints as they are stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, insert, select, text, tuple_, union, update
from sqlalchemy.orm import Session

from service.audit.domain.actions import Action
from service.audit.domain.checkpoints import Checkpoint, Head
from service.audit.domain.entries import Entry
from service.audit.ports import EntryQuery
from service.audit.storage.tables import checkpoint, concern, entry, lane, sent


class SqlAuditRecords:
    def __init__(self, session: Session) -> None:
        self._session = session

    def heads(self) -> Mapping[int, Head]:
        rows = self._session.execute(select(lane).order_by(lane.c.lane))
        return {row.lane: Head(row.number, row.hash) for row in rows}

    def page(self, lane: int, after: int, limit: int) -> Sequence[Entry]:
        wanted = select(entry).where(entry.c.lane == lane, entry.c.number > after).order_by(entry.c.number)
        return _entries(self._session.execute(wanted.limit(limit)))

    def last_number(self, lane: int) -> int:
        return self._session.scalar(select(func.max(entry.c.number)).where(entry.c.lane == lane)) or 0

    def concerned(self, lane: int, first: int, last: int) -> Mapping[int, set[UUID]]:
        found: defaultdict[int, set[UUID]] = defaultdict(set)
        wanted = select(concern.c.number, concern.c.person).where(
            concern.c.lane == lane, concern.c.number.between(first, last)
        )
        for number, person in self._session.execute(wanted):
            found[number].add(person)
        return found

    def find(self, query: EntryQuery) -> Sequence[Entry]:
        wanted = select(entry).order_by(entry.c.at, entry.c.lane, entry.c.number).limit(query.limit)
        if query.since is not None:
            wanted = wanted.where(entry.c.at >= query.since)
        if query.until is not None:
            wanted = wanted.where(entry.c.at < query.until)
        if query.action is not None:
            wanted = wanted.where(entry.c.action == query.action)
        if query.people is not None:
            wanted = wanted.where(_about(query.people))
        if query.after is not None:
            place = (query.after.at, query.after.lane, query.after.number)
            wanted = wanted.where(tuple_(entry.c.at, entry.c.lane, entry.c.number) > place)
        return _entries(self._session.execute(wanted))

    def at(self, lane: int, number: int) -> Entry | None:
        found = self._session.execute(select(entry).where(entry.c.lane == lane, entry.c.number == number))
        return next(iter(_entries(found)), None)

    def checkpoints(self, after: int, limit: int) -> Sequence[Checkpoint]:
        wanted = select(checkpoint).where(checkpoint.c.number > after).order_by(checkpoint.c.number).limit(limit)
        return [Checkpoint(**row) for row in self._session.execute(wanted).mappings()]

    def last_checkpoint(self) -> Checkpoint | None:
        row = self._session.execute(select(checkpoint).order_by(checkpoint.c.number.desc()).limit(1)).mappings().first()
        return None if row is None else Checkpoint(**row)

    def add_checkpoint(self, one: Checkpoint) -> None:
        self._session.execute(insert(checkpoint).values(asdict(one)))

    def sent(self) -> Mapping[int, int]:
        return {row.lane: row.number for row in self._session.execute(select(sent))}

    def set_sent(self, lane: int, number: int) -> None:
        known = self._session.scalar(
            update(sent).where(sent.c.lane == lane).values(number=number).returning(sent.c.lane)
        )
        if known is None:
            self._session.execute(insert(sent).values(lane=lane, number=number))


def _entries(rows: Iterable[Row[Any]]) -> list[Entry]:
    return [Entry(**row._mapping) for row in rows]


def _about(people: Iterable[UUID]) -> ColumnElement[bool]:
    """Entries that concern these people, or an enrolment of theirs, from before they were people too."""
    theirs = concern.c.person.in_(list(people))
    concluded = entry.alias("concluded")
    enrolments = (
        select(concluded.c.target_id)
        .join(concern, (concern.c.lane == concluded.c.lane) & (concern.c.number == concluded.c.number))
        .where(theirs, concluded.c.action == Action.ENROLMENT_CONCLUDE.value)
    )
    of_enrolments = entry.alias("of_enrolments")
    places = select(concern.c.lane, concern.c.number).where(theirs)
    earlier = select(of_enrolments.c.lane, of_enrolments.c.number).where(
        of_enrolments.c.target_kind == text("'enrolment'"), of_enrolments.c.target_id.in_(enrolments)
    )
    return tuple_(entry.c.lane, entry.c.number).in_(union(places, earlier))
