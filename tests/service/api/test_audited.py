"""Every route leaves an entry of its request, but for those that show and change nothing of a person."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pyotp import TOTP
from sqlalchemy import Engine, select

from service.access.domain import AccessRole
from service.access.usecases.operators import create_operator
from service.api.app import NOUNS
from service.audit.domain.actions import WORDS, Action
from service.audit.domain.entries import Entry
from service.audit.steps import refusals
from service.audit.steps.refusals import Refusals
from service.audit.steps.words import words_of
from service.audit.storage import tables
from service.bootstrap import App
from service.kit.ids import new_uuid
from service.oversight.domain.findings import Found, Kind, Pattern, Subject, new_finding
from service.registry.domain.cards import Card
from service.storage.unit import SqlStorage
from service.tasks.domain.tasks import TaskKind, of_person
from service.tasks.steps.open import open_task
from service.web import create_web
from tests.service.access.authenticator import Authenticator
from tests.service.access.issuer import local_issuer
from tests.service.api.browser import MFA, Browser, activated, openid_settings, operator
from tests.service.api.counter import AGAIN, FIRST, Client, enrolment, files
from tests.service.api.passkey_holder import PASSKEYS, holder
from tests.service.api.serving import with_settings
from tests.service.made_up import NOW, TESTER

Answer = Any
UNNOTED = {
    "GET /healthz": "states that the process answers",
    "GET /readyz": "states that the service is ready, and counts",
    "GET /metrics": "counts only",
    "POST /v1/passkeys/begin": "states what to ask an authenticator",
    "POST /v1/sessions/passkey/begin": "states what to ask an authenticator",
    "GET /v1/sessions/oidc": "sends whoever asks to the issuer; who comes back is noted",
}
ROUTES = sorted(
    f"{method} {route.path}"
    for noun in NOUNS
    for route in noun.router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
)


def entries(database: Engine) -> list[Entry]:
    with database.connect() as connection:
        found = connection.execute(select(tables.entry).order_by(tables.entry.c.at, tables.entry.c.number))
        return [Entry(**row._mapping) for row in found]


@pytest.fixture
def auditor(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.AUDITOR)


@pytest.fixture
def session(jisr: App, http: TestClient) -> Callable[[str], Answer]:
    """Calls by name: an operator who chooses a password, signs in, changes it, and signs out."""
    store, name, password = jisr.store, "an operator", "correct horse battery"
    code = create_operator(name, AccessRole.AUDITOR, None, actor=TESTER, storage=store.storage, clock=store.clock)
    known: dict[str, str] = {}

    def call(what: str) -> Answer:
        if what == "activate":
            sent = {"name": name, "code": code, "password": password}
            answer = http.post("/v1/operators/activation", json=sent)
            known["secret"] = answer.json()["totp_secret"]
        elif what == "sign in":
            sent = {"name": name, "password": password, "code": TOTP(known["secret"]).now()}
            answer = http.post("/v1/sessions", json=sent)
            known["token"] = answer.json()["token"]
        elif what == "change password":
            next_code = TOTP(known["secret"]).at(datetime.now(UTC) + timedelta(seconds=30))
            sent = {"former": password, "password": "lampe fjord ocre tambour", "code": next_code}
            answer = Client(http, known["token"]).call("PUT", "/v1/operators/own/password", json=sent)
        else:
            answer = Client(http, known["token"]).call("DELETE", "/v1/sessions/current")
        return answer

    return call


@pytest.fixture
def openid(jisr: App) -> Iterator[Callable[[str], Answer]]:
    """Calls by name: operators who come back from an issuer, with a second factor and without."""
    with local_issuer() as issuer:
        web = create_web(with_settings(jisr, **openid_settings(issuer)))
        browser = Browser(TestClient(web, base_url="https://testserver"))
        operator(jisr, "s1", issuer)
        app = activated(jisr, operator(jisr, "s2", issuer))

        def call(what: str) -> Answer:
            issuer.person = {"sub": "s1", **MFA} if what == "arrive" else {"sub": "s2"}
            answer = browser.sign_in()
            return answer if what == "arrive" else browser.send_code(app.now(), answer.json()["ticket"])

        yield call


@pytest.fixture
def passkeys(jisr: App) -> Callable[[str], Answer]:
    """Calls by name: an operator who adds a passkey, signs in with it, revokes it, and ends sessions."""
    web = create_web(with_settings(jisr, public_url="https://registry.example"))
    one = holder(jisr, TestClient(web), Authenticator("https://registry.example"))

    def call(what: str) -> Answer:
        if what in ("add", "sign in"):
            return one.add() if what == "add" else one.sign_in()
        if what == "end others":
            return one.session.call("DELETE", "/v1/sessions")
        if what in ("sessions", "end session"):
            held = one.session.call("GET", "/v1/sessions")
            last = held.json()["sessions"][-1]["id"]
            return held if what == "sessions" else one.session.call("DELETE", f"/v1/sessions/{last}")
        listed = one.session.call("GET", PASSKEYS)
        return (
            listed if what == "list" else one.session.call("DELETE", f"{PASSKEYS}/{listed.json()['passkeys'][0]['id']}")
        )

    return call


People = tuple[Callable[[str], Answer], Callable[[str], Answer], Callable[[str], Answer]]


@pytest.fixture
def people(
    session: Callable[[str], Answer], openid: Callable[[str], Answer], passkeys: Callable[[str], Answer]
) -> People:
    """Who sign in, each way of signing in."""
    return session, openid, passkeys


def finding(jisr: App) -> str:
    with jisr.store.storage.write() as uow:
        device = Subject(Kind.DEVICE, "a counter's", "a site")
        found = Found(Pattern.POOR_PRINTS_BURST, device, "", count=1, of=1, expected=0, since=NOW, until=NOW)
        made = new_finding(new_uuid(), found, NOW)
        uow.findings.add(made)
        uow.commit()
    return str(made.id)


def task(jisr: App, number: str) -> str:
    with jisr.store.storage.write() as uow:
        who = uow.people.by_number(number)
        assert who is not None
        made = open_task(uow, TaskKind.TURNING_18, of_person(who.key), now=NOW)
        uow.commit()
    return str(made.id)


def issued(jisr: App) -> Card:
    with jisr.store.storage.read() as uow:
        (one,) = uow.cards.of_households([1, 2, 3])
        assert one.payload
        return one


def card(jisr: App) -> str:
    return issued(jisr).serial


def payload(jisr: App) -> str:
    return issued(jisr).payload or ""


@dataclass(frozen=True)
class Callers:
    """One of each role that the routes need."""

    counter: Client
    desk: Client
    auditor: Client
    officer: Client
    team: Client
    session: Callable[[str], Answer]
    openid: Callable[[str], Answer]
    passkeys: Callable[[str], Answer]


def calls(jisr: App, by: Callers) -> dict[str, Callable[[], Answer]]:
    """Every route, called so that it succeeds, in an order in which it can."""
    first = by.counter.enrol(FIRST, household={"id": str(new_uuid()), "role": "head"})
    second = by.counter.enrol(AGAIN, person={"names": [{"full": "Another Name"}]})
    erased = by.counter.enrol({"right_index": "p2_1.png"}, person={"names": [{"full": "Another Name"}]})[
        "person_number"
    ]
    number, case, found = first["person_number"], second["case"], finding(jisr)
    face = {"face": "obama2.jpg"}
    closing = {"reason": "seen"}
    waiting = task(jisr, number)
    role = {"kind": "role_changed", "household": first["household_id"], "person": number, "role": "spouse"}
    order = {"id": str(new_uuid()), "effective": str(datetime.now(UTC).date()), "intention": role}

    def get(path: str) -> Callable[[], Answer]:
        return lambda: by.desk.call("GET", path)

    def post(path: str, **sent: Any) -> Callable[[], Answer]:
        return lambda: by.desk.call("POST", path, **sent)

    return {
        "POST /v1/enrolments": lambda: by.counter.post_enrolment(enrolment(), {"face": "biden.jpg"}, wait=0),
        "GET /v1/enrolments": get("/v1/enrolments"),
        "GET /v1/enrolments/{enrolment_id}": get(f"/v1/enrolments/{first['id']}?wait=1"),
        "POST /v1/persons/search": post("/v1/persons/search", json={"name": "Amina"}),
        "GET /v1/persons/{number}": get(f"/v1/persons/{number}"),
        "POST /v1/persons/check": post("/v1/persons/check", json={"names": [{"full": "Amina Hassan"}]}),
        "GET /v1/persons/{number}/accesses": lambda: by.auditor.call("GET", f"/v1/persons/{number}/accesses"),
        "POST /v1/persons/{number}/captures": lambda: by.counter.add_captures(number, {"face": "obama3.jpg"}),
        "POST /v1/persons/{number}/erasure": lambda: by.officer.call(
            "POST", f"/v1/persons/{erased}/erasure", json={"ground": "objected"}
        ),
        "GET /v1/persons/{number}/erasure": lambda: by.officer.call("GET", f"/v1/persons/{erased}/erasure"),
        "GET /v1/households/{household_id}": get(f"/v1/households/{first['household_id']}"),
        "GET /v1/households/{household_id}/timeline": get(f"/v1/households/{first['household_id']}/timeline"),
        "GET /v1/households/{household_id}/difference": get(
            f"/v1/households/{first['household_id']}/difference?first=2020-01-01&last=2026-01-01"
        ),
        "GET /v1/persons/{number}/timeline": get(f"/v1/persons/{number}/timeline"),
        "POST /v1/changes/preview": lambda: by.team.call("POST", "/v1/changes/preview", json=order),
        "POST /v1/changes": lambda: by.team.call("POST", "/v1/changes", json=order),
        "GET /v1/changes/{change_id}": get(f"/v1/changes/{order['id']}"),
        "POST /v1/changes/{change_id}/undo": lambda: by.team.call(
            "POST", f"/v1/changes/{order['id']}/undo", json={"id": str(new_uuid()), "words": "Amina Hassan came"}
        ),
        "GET /v1/persons/{number}/facts": get(f"/v1/persons/{number}/facts"),
        "GET /v1/households/{household_id}/facts": get(f"/v1/households/{first['household_id']}/facts"),
        "POST /v1/persons/{number}/consents": lambda: by.team.call(
            "POST",
            f"/v1/persons/{number}/consents",
            json={"id": str(new_uuid()), "purpose": "food", "given": True, "words": "Amina Hassan came"},
        ),
        "GET /v1/persons/{number}/consents": get(f"/v1/persons/{number}/consents"),
        "GET /v1/persons/{number}/consents/check": get(f"/v1/persons/{number}/consents/check?purpose=food"),
        "GET /v1/areas": get("/v1/areas"),
        "POST /v1/identify": post("/v1/identify", files=files(face)),
        "POST /v1/verify": post("/v1/verify", files=files(face, number=number.encode())),
        "POST /v1/quality": post("/v1/quality", files=files(face)),
        "GET /v1/cases": get("/v1/cases"),
        "GET /v1/cases/{case_id}": get(f"/v1/cases/{case}"),
        "POST /v1/cases/{case_id}/decision": lambda: by.desk.decide(case, "distinct"),
        "GET /v1/findings": get("/v1/findings"),
        "POST /v1/findings/{finding_id}/close": post(f"/v1/findings/{found}/close", json=closing),
        "POST /v1/households/{household_id}/cards": lambda: by.team.call(
            "POST", f"/v1/households/{first['household_id']}/cards", json={"id": str(new_uuid())}
        ),
        "GET /v1/households/{household_id}/cards": get(f"/v1/households/{first['household_id']}/cards"),
        "GET /v1/cards/{serial}/pdf": lambda: by.team.call("GET", f"/v1/cards/{card(jisr)}/pdf"),
        "POST /v1/cards/verify": lambda: by.team.call("POST", "/v1/cards/verify", json={"payload": payload(jisr)}),
        "POST /v1/cards/{serial}/revoke": lambda: by.team.call("POST", f"/v1/cards/{card(jisr)}/revoke"),
        "GET /v1/enrolments/{enrolment_id}/receipt": get(f"/v1/enrolments/{first['id']}/receipt"),
        "GET /v1/tasks": lambda: by.team.call("GET", "/v1/tasks"),
        "GET /v1/tasks/{task_id}": lambda: by.team.call("GET", f"/v1/tasks/{waiting}"),
        "POST /v1/tasks/{task_id}/assign": lambda: by.team.call(
            "POST", f"/v1/tasks/{waiting}/assign", json={"owner": "role:supervisor"}
        ),
        "POST /v1/tasks/{task_id}/close": lambda: by.team.call(
            "POST", f"/v1/tasks/{waiting}/close", json={"outcome": "other", "words": "Amina Hassan came"}
        ),
        "POST /v1/operators/activation": lambda: by.session("activate"),
        "POST /v1/sessions": lambda: by.session("sign in"),
        "PUT /v1/operators/own/password": lambda: by.session("change password"),
        "DELETE /v1/sessions/current": lambda: by.session("sign out"),
        "GET /v1/sessions/oidc/callback": lambda: by.openid("arrive"),
        "POST /v1/sessions/oidc/code": lambda: by.openid("send code"),
        "POST /v1/passkeys": lambda: by.passkeys("add"),
        "POST /v1/sessions/passkey": lambda: by.passkeys("sign in"),
        "GET /v1/sessions": lambda: by.passkeys("sessions"),
        "DELETE /v1/sessions/{session_id}": lambda: by.passkeys("end session"),
        "DELETE /v1/sessions": lambda: by.passkeys("end others"),
        "GET /v1/passkeys": lambda: by.passkeys("list"),
        "DELETE /v1/passkeys/{passkey_id}": lambda: by.passkeys("revoke"),
    }


def test_every_route_leaves_an_entry_of_its_request_that_names_nobody(
    jisr: App, client_as: Callable[[AccessRole], Client], people: People
) -> None:
    roles = (AccessRole.ENROLLER, AccessRole.ADJUDICATOR, AccessRole.AUDITOR, AccessRole.DATA_PROTECTION_OFFICER)
    counter, desk, auditor, officer = map(client_as, roles)
    known = calls(jisr, Callers(counter, desk, auditor, officer, client_as(AccessRole.SUPERVISOR), *people))
    assert sorted(known.keys() | UNNOTED.keys()) == ROUTES
    for route, call in known.items():
        answer = call()
        assert answer.is_success, (route, answer.text)
        noted = [one for one in entries(jisr.store.database) if one.request_id == answer.headers["X-Request-ID"]]
        assert noted, f"{route} leaves no entry"
        assert all(one.actor.startswith(("token:", "operator:")) and one.address == "testclient" for one in noted)
    text = repr(entries(jisr.store.database))
    assert not any(name in text for name in ("Amina", "Hassan", "Another Name", "portraits"))


def test_what_concerns_a_person_is_told_to_them_in_words(counter: Client, auditor: Client) -> None:
    first = counter.enrol(FIRST)
    path = f"/v1/persons/{first['person_number']}"
    counter.get(path)
    told = auditor.get(f"{path}/accesses")
    actions = ["enrolment.receive", "enrolment.conclude", "enrolment.read", "person.read"]
    assert [one["action"] for one in told["accesses"]] == actions
    assert [one["what"] for one in told["accesses"]] == [WORDS[one] for one in actions]
    assert told["next"] is None
    page = auditor.get(f"{path}/accesses?limit=2")
    again = auditor.get(page["next"])
    assert [one["action"] for one in (*page["accesses"], *again["accesses"])] == actions
    assert auditor.call("GET", f"{path}/accesses?after=1-999").status_code == 404


def test_every_action_that_can_concern_a_person_has_words() -> None:
    silent = {
        Action.TOKEN_CREATE, Action.TOKEN_ROTATE, Action.TOKEN_REVOKE, Action.TOKEN_LIST, Action.SIGN_IN_FAILED,
        Action.OPERATOR_CREATE, Action.OPERATOR_RESET, Action.OPERATOR_DISABLE, Action.OPERATOR_LIST,
        Action.OPERATOR_ACTIVATE, Action.OPERATOR_BIND, Action.SESSION_OPEN, Action.SESSION_CLOSE,
        Action.SESSION_LIST, Action.SESSION_END, Action.PASSWORD_CHANGE, Action.CARD_REVOKED,
        Action.PASSKEY_ADD, Action.PASSKEY_LIST, Action.PASSKEY_REVOKE, Action.SITE_ASSIGN, Action.SITE_LIST,
        Action.ACCESS_REFUSED, Action.AREAS_IMPORT, Action.AREA_LIST,
        Action.CAPTURE_JUDGE, Action.STATEMENTS_REINDEX, Action.WALK_BEGIN, Action.WALK_FINISH, Action.RATES_MEASURE,
        Action.GALLERY_STATUS, Action.GALLERY_REBUILD, Action.GALLERY_COMPACT, Action.KEYS_STATUS, Action.KEYS_ROTATE,
        Action.DOCTOR, Action.STORE_VERIFY, Action.STORE_DELETE, Action.AUDIT_VERIFY, Action.ERASURE_VERIFY,
        Action.ERASURES_REAPPLY,
    }  # fmt: skip
    assert set(Action) - silent == WORDS.keys()


def test_a_decision_states_the_evidence_and_what_became_of_whom(jisr: App, counter: Client, desk: Client) -> None:
    first, second = counter.enrol(FIRST), counter.enrol(AGAIN)
    person = desk.get(f"/v1/persons/{first['person_number']}")["id"]
    desk.decide(second["case"], "same_person", survivor=person)
    (decided,) = [one for one in entries(jisr.store.database) if one.action == Action.CASE_DECIDE]
    details = json.loads(decided.details)
    assert decided.target_id == second["case"]
    assert b"portraits" not in (decided.payload or b"")
    with jisr.store.storage.read() as uow:
        assert words_of(decided, uow.keys) == "compared both portraits"
    assert person in decided.people
    assert details["after"]["people"][person] == {"status": "active", "number": first["person_number"]}
    (candidate,) = details["candidates"]
    assert (candidate["person"], candidate["band"]) == (person, "duplicate")
    assert details["thresholds"].keys() == {"review_at", "duplicate_at"}
    assert len(details["models"]) == 2
    assert details["index"] > 0


# Who is turned away


def counts(database: Engine, action: Action) -> list[tuple[str, str | None, int]]:
    return [
        (one.actor, one.address, json.loads(one.details)["count"]) for one in entries(database) if one.action == action
    ]


def test_wrong_tokens_are_counted_per_address_and_minute(jisr: App, http: TestClient) -> None:
    jisr.store.refusals._clock = Minutes()
    for secret in ("wrong", "also wrong", "and again"):
        assert http.get("/v1/cases", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert http.get("/v1/cases").status_code == 401
    jisr.store.refusals.flush(all_of_them=True)
    noted = counts(jisr.store.database, Action.SIGN_IN_FAILED)
    assert noted == [("unknown", "testclient", 1), ("unknown", "testclient", 4)]


def test_who_may_not_is_noted_with_their_token(jisr: App, counter: Client) -> None:
    assert counter.call("GET", "/v1/cases").status_code == 403
    ((actor, _, count),) = counts(jisr.store.database, Action.ACCESS_REFUSED)
    assert (actor.startswith("token:a enroller"), count) == (True, 1)


class Minutes:
    """A clock whose minutes pass when told to."""

    def __init__(self) -> None:
        self.minute = 0

    def now(self) -> datetime:
        return datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(minutes=self.minute, seconds=30)


def flood(counted: Refusals, addresses: Sequence[str], times: int) -> None:
    for address in addresses:
        for _ in range(times):
            counted.count(Action.SIGN_IN_FAILED, replace(TESTER, id="unknown", address=address))


def test_a_flood_from_anywhere_leaves_a_bounded_number_of_entries(
    storage: SqlStorage, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST", 5)
    clock = Minutes()
    counted = Refusals(storage, clock)
    flood(counted, [f"192.{n}.2.{n}" for n in range(50)], 3)
    flood(counted, [f"2001:db8:{n:x}::1" for n in range(50)], 3)
    assert len(entries(database)) == 11
    clock.minute = 1
    counted.flush()
    found = counts(database, Action.SIGN_IN_FAILED)
    assert len(found) == 22
    assert sum(count for _, _, count in found[11:]) == 300
    assert ("others", None, 270) in found


def test_many_addresses_of_one_network_hide_nobody(
    storage: SqlStorage, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST", 5)
    clock = Minutes()
    counted = Refusals(storage, clock)
    flood(counted, [f"192.0.2.{n}" for n in range(50)], 2)
    flood(counted, [f"2001:db8:{n:x}::1" for n in range(50)], 2)
    flood(counted, ["198.51.100.7"], 2)
    for n in range(50):
        counted.count(Action.ACCESS_REFUSED, replace(TESTER, address=f"203.0.113.{n}"))
    counted.count(Action.ACCESS_REFUSED, replace(TESTER, id="token:another", address="203.0.113.1"))
    clock.minute = 1
    counted.flush()
    wide = {address: count for _, address, count in counts(database, Action.SIGN_IN_FAILED) if count > 2}
    assert wide == {"192.0.0.0/16": 90, "2001:db8::/32": 100}
    assert ("unknown", "198.51.0.0/16", 2) in counts(database, Action.SIGN_IN_FAILED)
    inside = counts(database, Action.ACCESS_REFUSED)
    assert (TESTER.id, None, 45) in inside
    assert ("token:another", None, 1) in inside


def test_refusals_from_many_threads_are_all_counted(storage: SqlStorage, database: Engine) -> None:
    counted = Refusals(storage, Minutes())
    threads = [threading.Thread(target=flood, args=(counted, ["192.0.2.1"], 20)) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    counted.flush(all_of_them=True)
    assert counts(database, Action.SIGN_IN_FAILED) == [("unknown", "192.0.2.1", 1), ("unknown", "192.0.2.1", 160)]


def test_a_comparison_that_finds_nothing_in_common_is_noted_too(jisr: App, counter: Client) -> None:
    """It shows that there is such a person, and with which captures."""
    number = counter.enrol({"face": "obama.jpg"})["person_number"]
    sent = files({"left_little": "p1_1.png"}, number=number.encode())
    answer = counter.call("POST", "/v1/verify", files=sent)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/nothing-to-compare")
    noted = [one for one in entries(jisr.store.database) if one.request_id == answer.headers["X-Request-ID"]]
    assert [one.action for one in noted] == [Action.PERSON_VERIFY]
