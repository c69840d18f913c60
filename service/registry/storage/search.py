"""The table of search tokens, and its repository."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, LargeBinary, String, Table, case, delete, func, insert, select
from sqlalchemy.orm import Session

from service.kit.blind import TOKEN_BYTES
from service.kit.sql.columns import metadata, to
from service.kit.sql.data_keys import SqlDataKeys
from service.kit.sql.sealed import KEYS, place_of
from service.registry.domain.people import Demographics, Name, NameKind
from service.registry.domain.search import TokenKind
from service.registry.storage.people import person

SeenFrom = Callable[[Collection[str]], ColumnElement[bool]]
"""The condition that a row of `search_token` is of a person whom these sites enrolled."""
MOST_ROWS = 100_000
"""Rows of the index that one lookup weighs: a name that more people share is looked up among that many of them."""
_CHUNK = 1000

search_token = Table(
    "search_token",
    metadata,
    Column("token", LargeBinary(TOKEN_BYTES), primary_key=True),
    to("person", primary_key=True),
    Column("kind", String(32), nullable=False),
    sqlite_with_rowid=False,
)


class SqlPeopleIndex:
    def __init__(self, session: Session, seen_from: SeenFrom) -> None:
        self._session, self._seen_from = session, seen_from
        self._keys: SqlDataKeys = session.info[KEYS]

    def replace(self, kind: TokenKind, tokens: Mapping[int, Iterable[bytes]]) -> None:
        people = list(tokens)
        for start in range(0, len(people), _CHUNK):
            of_these = search_token.c.person_key.in_(people[start : start + _CHUNK])
            self._session.execute(delete(search_token).where(of_these, search_token.c.kind == kind))
        rows = [
            {"token": one, "person_key": key, "kind": kind.value} for key, some in tokens.items() for one in set(some)
        ]
        if rows:
            self._session.execute(insert(search_token), rows)

    def with_most(
        self, weights: Mapping[bytes, float], limit: int, sites: Collection[str] | None
    ) -> Sequence[tuple[int, float]]:
        rows = select(search_token.c.token, search_token.c.person_key).where(search_token.c.token.in_(list(weights)))
        if sites is not None:
            rows = rows.where(self._seen_from(sites))
        some = rows.limit(MOST_ROWS).subquery()
        by_weight: dict[float, list[bytes]] = {}
        for token, weight in weights.items():
            by_weight.setdefault(weight, []).append(token)
        weight_of = case(*((some.c.token.in_(tokens), weight) for weight, tokens in by_weight.items()), else_=0.0)
        total = func.sum(weight_of)
        found = select(some.c.person_key, total).group_by(some.c.person_key)
        found = found.order_by(total.desc(), some.c.person_key).limit(limit)
        return [(key, float(weight)) for key, weight in self._session.execute(found)]

    def demographics_of(self, person_keys: Collection[int]) -> Mapping[int, Demographics]:
        rows = select(person.c.key, person.c.id, person.c.sealed).where(
            person.c.key.in_(list(person_keys)), person.c.sealed.is_not(None)
        )
        found = self._session.execute(rows).all()
        texts = self._keys.open_many([(row.sealed, place_of(f"person/{row.id}")) for row in found])
        return {
            row.key: _demographics(json.loads(text)["demographics"]) for row, text in zip(found, texts, strict=True)
        }

    def people_after(self, key: int, limit: int) -> Mapping[int, UUID]:
        rows = select(person.c.key, person.c.id).where(person.c.key > key, person.c.sealed.is_not(None))
        return {row.key: row.id for row in self._session.execute(rows.order_by(person.c.key).limit(limit))}

    def count_after(self, key: int) -> int:
        rows = select(func.count()).select_from(person).where(person.c.key > key, person.c.sealed.is_not(None))
        return self._session.scalar(rows) or 0


def _demographics(stated: Mapping[str, Any]) -> Demographics:
    """The names and the birth, without the checks that `Person` is loaded with: these were checked when sealed."""
    names = tuple(Name(one["script"], one["full"], NameKind(one.get("kind", NameKind.FULL))) for one in stated["names"])
    born = stated.get("birth_date")
    return Demographics(
        names,
        birth_date=None if born is None else date.fromisoformat(born),
        birth_year=stated.get("birth_year"),
    )
