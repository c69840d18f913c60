"""Are people found by name in a large registry, however it is spelled, and how long does a search take?

A registry of made-up people is written to a database as the service seals and indexes them: three names each (given,
father's, grandfather's), three quarters drawn by Zipf's law from a list, the others formed of roots and patterns, and a
birth year. Each is registered in one spelling, most in French, and asked for in another (`name_spellings.py`), with a
birth year that is at most two years off, as the rules of the search allow. A person counts as found who is among the
first ten shown. Beside it: the same with one letter mistyped in one name, without the birth year, and by two names.

The time is of the whole use case, the entry in the audit among it, by the clock, one search at a time.
"""

import json
import os
import platform
import random
import tempfile
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import insert, text

from benchmarks.command_line import parser
from benchmarks.contention import database_of
from benchmarks.filled_registry import ACTOR, NOW
from benchmarks.name_spellings import FEMALE, LANGUAGES, MALE, PATTERNS, ROOTS, mistyped, spelled
from service.bootstrap import open_store
from service.kit.ids import new_uuid
from service.kit.sealing import KeyClass
from service.kit.sql.sealed import place_of, text_of
from service.registry.domain.people import Demographics, Name, PersonStatus
from service.registry.domain.search import TokenKind, texts_of
from service.registry.storage.people import person
from service.registry.usecases.search import PersonQuery, search_people
from service.settings import Settings
from service.storage.unit import SqlStorage, SqlUnitOfWork

BATCH = 10_000
LISTED = 0.75
REGISTERED = {"french": 0.6, "somali": 0.15, "arabic": 0.15, "english": 0.1}
YEARS = (1940, 2024)
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Being:
    names: tuple[str, str, str]
    year: int
    language: str


class MadeUp:
    """Names of a seed; the same each time."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # not for secrets
        self._lists = [some.split() for some in (MALE, FEMALE)]
        self._weights = [list(accumulate(1 / (rank + 2) for rank in range(len(some)))) for some in self._lists]

    def being(self) -> Being:
        names = (self._name(self.rng.random() < 0.5), self._name(False), self._name(False))
        language = self.rng.choices(list(REGISTERED), list(REGISTERED.values()))[0]
        return Being(names, self.rng.randint(*YEARS), language)

    def _name(self, female: bool) -> str:
        if self.rng.random() < LISTED:
            return self.rng.choices(self._lists[female], cum_weights=self._weights[female])[0]
        formed = self.rng.choice(PATTERNS).format(*self.rng.sample(ROOTS, 3))
        return formed + "ah" if female else formed


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.names --people 450000 --database-url bundled")
    cli.add_argument("--people", type=int, default=20_000, help="in the registry")
    cli.add_argument("--searches", type=int, default=400, help="of each kind and spelling")
    cli.add_argument("--database-url", help="of an empty database, or `bundled`; SQLite otherwise")
    cli.add_argument("--work", type=Path, help="where it is kept meanwhile; a temporary folder otherwise")
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--out", type=Path, help="also write the JSON there")
    args = cli.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=args.work) as folder,
        database_of(args.database_url or "", Path(folder)) as database,
    ):
        result = measure(args, Path(folder), database)
    settings = {**vars(args), "work": None, "out": None}
    if args.out:
        args.out.write_text(json.dumps({"settings": settings, **result}, indent=1, default=str) + "\n")
    print(json.dumps({"settings": settings, **result}, default=str))


def measure(args: Namespace, home: Path, database: str) -> dict[str, Any]:
    store = open_store(Settings(home=home, database_url=database, embedded_worker=False))
    made = MadeUp(args.seed)
    began = time.monotonic()
    people = fill(store.storage, args.people, made)
    filled = time.monotonic() - began
    if store.database.dialect.name == "postgresql":
        with store.database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    kinds = ("spelled otherwise", "mistyped", "without the year", "two names")
    table = Table("search", "spelling", "searches", "recall at 10", "p50 ms", "p95 ms", "p99 ms")
    found: dict[str, dict[str, Any]] = {}
    times: dict[str, list[float]] = defaultdict(list)
    hits: dict[str, list[bool]] = defaultdict(list)
    for kind in kinds:
        for language in LANGUAGES:
            ran = [
                search(store.storage, made.rng.choice(people), (kind, language), made.rng)
                for _ in track(range(args.searches), f"{kind}, {language}", console=Console(stderr=True))
            ]
            some = figures([hit for hit, _ in ran], [took for _, took in ran])
            found.setdefault(kind, {})[language] = some
            table.add_row(kind, language, str(len(ran)), *map(str, some.values()))
            hits[kind] += [hit for hit, _ in ran]
            times[kind] += [took for _, took in ran]
    Console(width=120).print(table)
    overall = {kind: figures(hits[kind], times[kind]) for kind in kinds}
    wanted = overall["spelled otherwise"]
    size = (home / "jisr.db").stat().st_size if (home / "jisr.db").exists() else None
    store.database.dispose()
    return {
        "p95_ms": wanted["p95_ms"],
        "recall_at_10": wanted["recall_at_10"],
        "overall": overall,
        "by_spelling": found,
        "filled_seconds": round(filled),
        "database_bytes": size,
        "database": store.database.dialect.name,
        "machine": {"cpu": platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]},
    }


def fill(storage: SqlStorage, count: int, made: MadeUp) -> list[tuple[int, Being]]:
    """Everyone with their key, in an empty registry."""
    people: list[tuple[int, Being]] = []
    for start in track(range(0, count, BATCH), "people", console=Console(stderr=True)):
        some = [made.being() for _ in range(min(BATCH, count - start))]
        stated = [_stated(one, made.rng) for one in some]
        ids = [new_uuid() for _ in some]
        with storage.write() as uow:
            keys = uow.keys.of_owners([f"person/{one}" for one in ids], KeyClass.PERSON)
            rows = [
                {
                    "id": one,
                    "status": PersonStatus.ACTIVE,
                    "number": None,
                    "sealed": keys[f"person/{one}"].seal(_sealed(who), place_of(f"person/{one}")),
                    "created_at": NOW,
                }
                for one, who in zip(ids, stated, strict=True)
            ]
            uow._session.execute(insert(person), rows)
            insert_tokens(uow, stated, start + 1)
            uow.commit()
        people += enumerate(some, start + 1)
    return people


def insert_tokens(uow: SqlUnitOfWork, stated: Sequence[Demographics], first: int) -> None:
    """As `index_people` does, past the objects of SQLAlchemy; in the order of the index."""
    texts = [(one, key) for key, who in enumerate(stated, first) for one in texts_of(who)]
    tokens = uow.blind.tokens(TokenKind.NAME, [one for one, _ in texts])
    rows = sorted((token, key, TokenKind.NAME.value) for token, (_, key) in zip(tokens, texts, strict=True))
    connection = uow._session.connection()
    place = "?" if connection.dialect.name == "sqlite" else "%s"
    connection.exec_driver_sql(f"INSERT INTO search_token VALUES ({place}, {place}, {place})", rows)


def _stated(one: Being, rng: random.Random) -> Demographics:
    script = "Arab" if one.language == "arabic" else "Latn"
    written = " ".join(spelled(name, one.language, rng) for name in one.names)
    return Demographics((Name(script, written),), birth_year=one.year)


def _sealed(who: Demographics) -> bytes:
    names = [{"script": one.script, "full": one.full, "kind": one.kind} for one in who.names]
    stated = {"names": names, "sex": who.sex, "birth_date": None, "birth_year": who.birth_year}
    return text_of({"demographics": stated | {"birth_estimated": False}})


def search(
    storage: SqlStorage, person: tuple[int, Being], how: tuple[str, str], rng: random.Random
) -> tuple[bool, float]:
    """Whether the person is among the first ten, and the seconds that it took."""
    (key, one), (kind, language) = person, how
    names = [spelled(name, language, rng) for name in one.names]
    if kind == "two names":
        names = names[:2]
    if kind == "mistyped":
        place = rng.randrange(3)
        names[place] = mistyped(names[place], rng)
    year = None if kind == "without the year" else one.year + rng.choice((0, 0, 0, 0, -1, 1, -2, 2))
    query = PersonQuery(name=" ".join(names), birth_year=year, limit=SHOWN)
    began = time.perf_counter()
    done = search_people(query, actor=ACTOR, storage=storage)
    took = time.perf_counter() - began
    return any(found.view.person.key == key for found in done.found), took


def figures(hits: Sequence[bool], seconds: Sequence[float]) -> dict[str, float]:
    times = np.percentile(np.array(seconds) * 1e3, (50, 95, 99))
    shown = dict(zip(("p50_ms", "p95_ms", "p99_ms"), (round(float(one), 1) for one in times), strict=True))
    return {"recall_at_10": round(float(np.mean(hits)), 4), **shown}


if __name__ == "__main__":
    main()
