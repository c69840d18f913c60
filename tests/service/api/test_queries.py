"""A page costs a constant number of queries, however much is behind it, on both kinds of database.

`pytest -s` prints how many.
"""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from service.access.domain import AccessRole
from service.access.usecases.tokens import create_token
from service.adjudication.domain.cases import Decision
from service.adjudication.domain.evidence import Candidate, Hypothesis, PositionEvidence, Thresholds
from service.adjudication.steps.open_case import open_case
from service.api.app import NOUNS
from service.api.last_use import THREAD
from service.bootstrap import App, Recognition, open_store, wire
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.kit.ids import new_uuid
from service.kit.turns import Lock, Sign, Turn
from service.privacy.domain.erasures import Ground, Order
from service.privacy.usecases.erase import begin_erasure
from service.registry.domain.cards import Card, CardReason, new_serial
from service.registry.domain.households import Household, Role
from service.registry.domain.identifiers import new_household_ids, new_person_numbers
from service.registry.domain.people import Person, PersonStatus
from service.settings import Settings
from service.storage.unit import SqlStorage, SqlUnitOfWork
from service.tasks.domain.tasks import TaskKind, of_household
from service.tasks.steps.open import Wanted, open_tasks
from service.web import create_web
from tests.conftest import new_database
from tests.service.made_up import AMINA, NOW, TESTER, lives, sent, stored_capture

MOST = 18
"""Statements that one answer may take, authentication and its entry in the audit among them."""
CASES = 50
CANDIDATES = 10
POSITIONS = ("face", "right_thumb", "right_index", "left_thumb", "left_index")


@dataclass(frozen=True)
class Names:
    """What a test asks for; behind each is as much as there is.

    number, household: of the last alias in a chain of merges. enrolment, case: of a subject merged since.
    card: the newest of the household.
    task: of a household. erased: an old number of a person who was erased with all merged into them.
    """

    number: str
    household: str
    enrolment: UUID
    case: UUID
    task: UUID
    erased: str
    change: UUID
    card: str


PATHS: dict[str, Callable[[Names], str]] = {
    "/v1/enrolments": lambda names: "/v1/enrolments?limit=200",
    "/v1/enrolments/{enrolment_id}": lambda names: f"/v1/enrolments/{names.enrolment}",
    "/v1/persons/{number}": lambda names: f"/v1/persons/{names.number}",
    "/v1/persons/{number}/accesses": lambda names: f"/v1/persons/{names.number}/accesses?limit=200",
    "/v1/persons/{number}/erasure": lambda names: f"/v1/persons/{names.erased}/erasure",
    "/v1/households/{household_id}": lambda names: f"/v1/households/{names.household}",
    "/v1/households/{household_id}/timeline": lambda names: f"/v1/households/{names.household}/timeline?limit=200",
    "/v1/households/{household_id}/difference": lambda names: (
        f"/v1/households/{names.household}/difference?first=2020-01-01&last=2030-01-01"
    ),
    "/v1/persons/{number}/timeline": lambda names: f"/v1/persons/{names.number}/timeline?limit=200",
    "/v1/changes/{change_id}": lambda names: f"/v1/changes/{names.change}",
    "/v1/persons/{number}/facts": lambda names: f"/v1/persons/{names.number}/facts",
    "/v1/households/{household_id}/facts": lambda names: f"/v1/households/{names.household}/facts",
    "/v1/persons/{number}/consents": lambda names: f"/v1/persons/{names.number}/consents",
    "/v1/persons/{number}/consents/check": lambda names: f"/v1/persons/{names.number}/consents/check?purpose=food",
    "/v1/areas": lambda names: "/v1/areas?closed=true&limit=1000",
    "/v1/households/{household_id}/cards": lambda names: f"/v1/households/{names.household}/cards",
    "/v1/cards/{serial}/pdf": lambda names: f"/v1/cards/{names.card}/pdf",
    "/v1/enrolments/{enrolment_id}/receipt": lambda names: f"/v1/enrolments/{names.enrolment}/receipt",
    "/v1/cases": lambda names: "/v1/cases?limit=200",
    "/v1/cases/{case_id}": lambda names: f"/v1/cases/{names.case}",
    "/v1/findings": lambda names: "/v1/findings?limit=200",
    "/v1/tasks": lambda names: "/v1/tasks?limit=200",
    "/v1/tasks/{task_id}": lambda names: f"/v1/tasks/{names.task}",
    "/healthz": lambda names: "/healthz",
    "/readyz": lambda names: "/readyz",
    "/metrics": lambda names: "/metrics",
}
SIGN_IN = {"/v1/passkeys", "/v1/sessions", "/v1/sessions/oidc", "/v1/sessions/oidc/callback"}
"""Pages for who signs in, which show nothing of the registry."""
ROUTES = sorted(
    route.path
    for noun in NOUNS
    for route in noun.router.routes
    if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.path not in SIGN_IN
)


@dataclass(frozen=True)
class Filled:
    """A service whose registry is filled, and the names under which to ask it."""

    http: TestClient
    token: str
    auditor: str
    officer: str
    database: Engine
    names: Names
    storage: SqlStorage
    turn: Turn

    def cost(self, path: str) -> tuple[int, int]:
        """Statements that an answer takes, and its size in bytes."""
        with self.storage.write() as uow:
            uow.turns.show(self.turn, Sign(datetime.now(UTC), None))  # of a worker, so that the service is ready
            uow.commit()
        with counted(self.database) as statements:
            others = {"accesses": self.auditor, "erasure": self.officer}
            bearer = others.get(path.partition("?")[0].rpartition("/")[2], self.token)
            answer = self.http.get(path, headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status_code == 200, answer.text
        return len(statements), len(answer.content)


@contextmanager
def counted(database: Engine) -> Iterator[list[str]]:
    """The statements sent in this block, without the beginnings and ends of transactions."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        beside = threading.current_thread().name.startswith(THREAD)  # no answer waits for it
        if statement.split()[0] not in ("BEGIN", "COMMIT", "ROLLBACK") and not beside:
            statements.append(statement)

    event.listen(database, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database, "before_cursor_execute", note)


def fill(app: App, size: int) -> Names:
    """`size` cases of ten candidates, people merged in a chain, households likewise, and members of the last."""
    with app.store.storage.write() as uow:
        candidates, chain = _people(uow, CANDIDATES), _people(uow, size)
        ids = new_household_ids(size, lambda drawn: ())
        homes = [Household(new_uuid(), NOW, household_id) for household_id in ids]
        for home in homes:
            uow.households.add(home)
        uow.flush()
        for one in (chain[-1], *_people(uow, size)):
            stay = lives(uow, homes[-1], one.key, Role.OTHER_RELATIVE)
        change = uow.history.by_key(stay.recorded_by).id
        names = [_case(uow, one, candidates) for one in chain]
        for one, survivor in pairwise(chain):
            one.merge_into(survivor)
        for home, remains in pairwise(homes):
            home.survivor_key = remains.key
        for one in candidates[1:]:
            one.merge_into(candidates[0])
        card = _cards(uow, homes[-1], chain[-1], size)
        about = [of_household(home.key, who.key) for home, who in zip(homes, chain, strict=True)]
        tasks = open_tasks(uow, [Wanted(TaskKind.HEAD_MISSING, one) for one in about], NOW)
        erased = _people(uow, size)
        for one, survivor in pairwise(erased):
            one.merge_into(survivor)
        uow.commit()
    enrolment, case = names[0]
    assert chain[0].number is not None
    assert erased[0].number is not None
    store, order = app.store, Order(Ground.OBJECTED)
    begin_erasure(erased[0].number, order, actor=TESTER, storage=store.storage, clock=store.clock)
    return Names(chain[0].number, ids[0], enrolment, case, tasks[0].id, erased[0].number, change, card)


def _cards(uow: SqlUnitOfWork, home: Household, head: Person, count: int) -> str:
    """The serial of the last of many cards."""
    for _ in range(count):
        made = Card(home.key, head.key, new_serial(), NOW.date(), TESTER.id, CardReason.LOST, ("Amina",), "JISR1:0")
        uow.cards.add(made)
    return made.serial


def _people(uow: SqlUnitOfWork, count: int) -> list[Person]:
    numbers = new_person_numbers(count, uow.people.numbers_taken)
    some = [Person(new_uuid(), AMINA, NOW, PersonStatus.ACTIVE, number) for number in numbers]
    for one in some:
        uow.people.add(one)
    uow.flush()
    return some


def _case(uow: SqlUnitOfWork, subject: Person, candidates: Sequence[Person]) -> tuple[UUID, UUID]:
    """The IDs of an enrolment and of its case, decided."""
    enrolment = sent(status=EnrolmentStatus.ENROLLED, person_key=subject.key)
    uow.enrolments.add(enrolment)
    uow.flush()
    for position in POSITIONS:
        stored_capture(uow, enrolment, position)
    evidence = {"face": PositionEvidence(0.7, 5.5)}
    shown = [Candidate(one.key, 5.5, 5.5, Hypothesis.AS_STATED, evidence) for one in candidates]
    case = open_case(
        uow,
        subject.key,
        shown,
        thresholds=Thresholds(4, 6),
        gallery_size=9,
        now=NOW,
        enrolment_key=enrolment.key,
    )
    case.decide(Decision.SAME_PERSON, "compared", TESTER.id, NOW)
    case.survivor_key = candidates[0].key
    return enrolment.id, case.id


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, loaded_recognition: Recognition, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Filled, Filled]]:
    """Two services on each kind of database, the second with twice as much behind it."""

    def url(home: Path) -> str:
        if request.param == "sqlite":
            shutil.copy(request.getfixturevalue("migrated_sqlite"), home / "jisr.db")
            return ""
        return new_database(request.getfixturevalue("postgresql"), request.getfixturevalue("migrated_postgresql"))

    def opened(size: int) -> Filled:
        home = tmp_path_factory.mktemp("filled")
        settings = Settings(home=home, database_url=url(home), embedded_worker=False)
        app = wire(open_store(settings), loaded_recognition)
        stack.callback(app.store.database.dispose)
        token, auditor, officer = (
            create_token(role, role, actor=TESTER, storage=app.store.storage, clock=app.store.clock)
            for role in (AccessRole.SUPERVISOR, AccessRole.AUDITOR, AccessRole.DATA_PROTECTION_OFFICER)
        )
        names = fill(app, size)
        with app.store.lock(Lock.WORKER) as turn:
            assert turn is not None
        http = stack.enter_context(TestClient(create_web(app)))
        return Filled(http, token, auditor, officer, app.store.database, names, app.store.storage, turn)

    with ExitStack() as stack:
        yield opened(CASES), opened(2 * CASES)


@pytest.mark.parametrize("route", ROUTES)
def test_a_page_costs_few_queries_and_no_more_when_the_data_doubles(filled: tuple[Filled, Filled], route: str) -> None:
    (once, size), (twice, double) = (one.cost(PATHS[route](one.names)) for one in filled)
    print(f"{filled[0].database.dialect.name} {route}: {once} statements, {size} and {double} bytes")  # noqa: T201
    assert once == twice <= MOST


def test_every_page_of_the_openapi_document_is_measured(filled: tuple[Filled, Filled]) -> None:
    document = filled[0].http.get("/openapi.json").json()
    pages = {path for path, methods in document["paths"].items() if "get" in methods}
    assert pages - SIGN_IN == set(PATHS) == set(ROUTES)


def test_the_data_is_behind_the_pages(filled: tuple[Filled, Filled]) -> None:
    """Otherwise the counts above would be of nothing."""
    for one, size in zip(filled, (CASES, 2 * CASES), strict=True):

        def page(route: str, one: Filled = one) -> Any:
            headers = {"Authorization": f"Bearer {one.token}"}
            return one.http.get(PATHS[route](one.names), headers=headers).json()

        cases = page("/v1/cases")["cases"]
        assert len(cases) == size
        assert {(len(case["candidates"]), len(case["captures"])) for case in cases} == {(CANDIDATES, len(POSITIONS))}
        assert len(page("/v1/tasks")["tasks"]) == size
        assert len(page("/v1/persons/{number}")["aliases"]) == size - 1
        assert len(page("/v1/households/{household_id}")["members"]) == size + 1
        assert page("/v1/enrolments/{enrolment_id}")["person_number"] not in (None, one.names.number)
