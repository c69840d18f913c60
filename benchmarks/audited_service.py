"""The service that `benchmarks.audit` measures, with its audit or without; it ends with its standard input.

Both kinds are started on one registry, one after the other: what they answer with is the same.
"""

import json
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Collection
from pathlib import Path

import uvicorn
from sqlalchemy import select

from benchmarks.filled_registry import NOW, WHO
from service.audit.storage.trail import NotedTrail
from service.bootstrap import App, open_app
from service.kit.ids import new_uuid
from service.kit.logs import set_up
from service.registry.domain.identifiers import new_person_numbers
from service.registry.domain.people import Person, PersonStatus
from service.registry.storage.people import person
from service.settings import Settings
from service.storage import unit
from service.web import server_config


class NoTrail(NotedTrail):
    """Forgets what it is told."""

    def note(self, *arguments: object, **more: object) -> None:
        pass


def add_people(app: App, count: int) -> None:
    """People with numbers, where the registry has none yet."""

    def taken(numbers: Collection[str]) -> Collection[str]:
        return ()

    with app.store.storage.write() as uow:
        if uow.people.by_keys([1]):
            return
        for number in set(new_person_numbers(count, taken, 10)):
            uow.people.add(Person(new_uuid(), WHO, NOW, PersonStatus.ACTIVE, number))
        uow.commit()


def main() -> None:
    cli = ArgumentParser(description=__doc__)
    cli.add_argument("--people", type=int, required=True)
    cli.add_argument("--port", type=int, required=True)
    cli.add_argument("--home", type=Path, required=True)
    cli.add_argument("--database", required=True)
    cli.add_argument("--without", action="store_true", help="note nothing")
    args = cli.parse_args()
    set_up("ERROR")
    if args.without:
        vars(unit)["NotedTrail"] = NoTrail
    app = open_app(Settings(home=args.home, database_url=args.database, embedded_worker=False, most_waiting=10**9))
    add_people(app, args.people)
    server = uvicorn.Server(server_config(app, "127.0.0.1", args.port))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    if not args.without:
        app.auditor.start()
    with app.store.database.connect() as connection:
        numbers = connection.scalars(select(person.c.number).where(person.c.number.is_not(None))).all()
    print(json.dumps(list(numbers)), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
