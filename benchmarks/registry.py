"""How fast are people of another system taken in, and how fast are the pages of a registry that is full of them?

Made-up families go through the path of `jisr registry import`, sealed, indexed and audited as always. Then pages of
people and households drawn at random are asked for over the HTTP app in this process, one at a time, by an operator who
sees everyone; `site_tasks` by one who is bound to a site that enrolled no one. `page_p95_ms` is the slowest page's.

With --home the registry is kept: a later run goes on with what an earlier one took in, and measures its rows alone.
"""

import json
import os
import random
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi.testclient import TestClient
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table
from sqlalchemy import select

from benchmarks.command_line import parser
from benchmarks.contention import database_of
from benchmarks.region_names import FEMALE, MALE, spellings
from service.access.domain import AccessRole
from service.access.usecases.tokens import Bounds, create_token
from service.bootstrap import App, open_app
from service.kit.actor import system_actor
from service.kit.ids import new_uuid
from service.kit.logs import set_up
from service.registry.storage.households import household
from service.registry.storage.people import person
from service.registry.usecases.import_people import Imported, ImportOrder, import_people
from service.settings import Settings
from service.web import create_web

CONSOLE = Console(stderr=True)
ACTOR = system_actor("benchmark", "test")
SIZES = (2, 9)
"""Members of a household, 5.5 on average; notes on Djibouti's registry state 5.2 to 5.6."""
DAYS = {"as_of": "2026-01-01", "first": "2020-01-01", "last": "2026-01-01"}
DRAWN = 500
"""People and households that pages are asked for of."""
Rows = Iterator[tuple[int, dict[str, str]]]


def made_up(households: int, seed: int) -> Rows:
    """Rows as a table would have them: a head, perhaps a spouse, children; the same for the same seed."""
    rng = random.Random(seed)
    men, women = ([one[0] for one in spellings(text)] for text in (MALE, FEMALE))
    line = 1
    for home in range(households):
        father, family = rng.choice(men), rng.choice(men)
        for place in range(rng.randint(*SIZES)):
            line += 1
            female = place == 1 or (place > 1 and rng.random() < 0.5)
            year = rng.randint(1950, 1995) if place < 2 else rng.randint(2000, 2025)
            own = father if place == 0 else rng.choice(women if female else men)
            yield (
                line,
                {
                    "person": f"p{line}",
                    "household": f"h{home}",
                    "role": ("head", "spouse")[place] if place < 2 else "child",
                    "full_latin": f"{own} {family if place < 2 else father} {family}",
                    "sex": "female" if female else "male",
                    "birth_date": f"{year}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
                    "since": "2025-06-01",
                },
            )


def fill(app: App, args: Namespace) -> tuple[Imported, float]:
    """What was taken in, and in how many seconds."""
    total = sum(1 for _ in made_up(args.households, args.seed))
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=CONSOLE) as progress:
        task = progress.add_task("rows", total=total)
        began = time.perf_counter()
        done = import_people(
            made_up(args.households, args.seed),
            ImportOrder("benchmark"),
            actor=ACTOR,
            storage=app.store.storage,
            clock=app.store.clock,
            number_length=app.limits.person_number_length,
            report=lambda problem: None,
            progress=lambda rows: progress.advance(task, rows),
        )
        return done, time.perf_counter() - began


@contextmanager
def signed_in(
    app: App, http: TestClient, role: AccessRole, site: str | None = None
) -> Iterator[Callable[[str], float]]:
    """Asks for a path, and returns the seconds it took."""
    name = f"benchmark {new_uuid()}"
    store = app.store
    secret = create_token(name, role, actor=ACTOR, storage=store.storage, clock=store.clock, bounds=Bounds(site=site))
    headers = {"Authorization": f"Bearer {secret}"}

    def ask(path: str) -> float:
        began = time.perf_counter()
        answer = http.get(path, headers=headers)
        took = time.perf_counter() - began
        assert answer.status_code == httpx.codes.OK, answer.text
        return took

    yield ask


def pages(app: App, args: Namespace) -> Mapping[str, list[float]]:
    """Seconds, by page."""
    rng = random.Random(args.seed)
    with app.store.database.connect() as connection:
        numbers = list(connection.scalars(select(person.c.number).order_by(person.c.key)))
        homes = list(connection.scalars(select(household.c.household_id).order_by(household.c.key)))
    numbers, homes = rng.sample(numbers, min(DRAWN, len(numbers))), rng.sample(homes, min(DRAWN, len(homes)))
    span = f"first={DAYS['first']}&last={DAYS['last']}"
    of_all: Mapping[str, Callable[[], str]] = {
        "person": lambda: f"/v1/persons/{rng.choice(numbers)}",
        "person_timeline": lambda: f"/v1/persons/{rng.choice(numbers)}/timeline",
        "household": lambda: f"/v1/households/{rng.choice(homes)}",
        "household_timeline": lambda: f"/v1/households/{rng.choice(homes)}/timeline",
        "difference": lambda: f"/v1/households/{rng.choice(homes)}/difference?{span}",
        "as_of": lambda: f"/v1/households/{rng.choice(homes)}?as_of={DAYS['as_of']}&known_at={_now()}",
        "tasks": lambda: "/v1/tasks",
    }
    with TestClient(create_web(app)) as http:
        with signed_in(app, http, AccessRole.SUPERVISOR) as ask:
            found = {name: _times(ask, path, args.asked) for name, path in of_all.items()}
        with signed_in(app, http, AccessRole.SUPERVISOR, "a site of no one") as ask:
            found["site_tasks"] = _times(ask, of_all["tasks"], args.asked)
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _times(ask: Callable[[str], float], path: Callable[[], str], count: int) -> list[float]:
    """Without the first, which compiles statements."""
    ask(path())
    return [ask(path()) for _ in range(count)]


def measure(args: Namespace, home: Path, database: str) -> dict[str, Any]:
    url = database or f"sqlite:///{home / 'jisr.db'}"
    app = open_app(Settings(home=home, database_url=url, requests_per_minute=1_000_000))
    done, seconds = fill(app, args)
    CONSOLE.print(f"{done.added} rows taken in, {done.unchanged} as before; measuring pages")
    times = pages(app, args)
    app.store.database.dispose()
    p95 = {name: round(float(np.percentile(some, 95)) * 1e3, 1) for name, some in times.items()}
    table = Table("page", "p50 ms", "p95 ms")
    for name, some in times.items():
        table.add_row(name, f"{np.median(some) * 1e3:.1f}", f"{p95[name]:.1f}")
    CONSOLE.print(table)
    return {
        "people": done.added + done.unchanged,
        "households": args.households,
        "import_rows_per_second": round(done.added / seconds) if done.added else None,
        "page_p95_ms": max(p95.values()),
        "as_of_p95_ms": p95["as_of"],
        "pages_p95_ms": p95,
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.registry --households 85000 --database-url bundled")
    cli.add_argument("--households", type=int, default=85_000, help="of 2 to 9 people")
    cli.add_argument("--asked", type=int, default=100, help="times that each page is asked for")
    cli.add_argument("--database-url", default="", help="of an empty database, or `bundled`; SQLite otherwise")
    cli.add_argument("--home", type=Path, help="where the registry is kept; a temporary folder otherwise")
    cli.add_argument("--seed", type=int, default=1, help="of the people made up")
    cli.add_argument("--out", type=Path, help="also write the JSON there")
    args = cli.parse_args()
    set_up("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        home = args.home or Path(folder)
        with database_of(args.database_url, home) as database:
            result = measure(args, home, database)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
