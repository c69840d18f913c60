"""Findings over HTTP, on both kinds of database."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from benchmarks.registry_rows import Rows
from service.access.domain import AccessRole
from service.adjudication.domain.evidence import Hypothesis
from service.bootstrap import App
from service.kit.clock import SystemClock
from service.oversight.domain.findings import Pattern
from service.oversight.usecases.find_patterns import find_patterns
from tests.service.api.counter import FIRST, Client
from tests.service.api.test_bad_input import assert_problem
from tests.service.made_up import TESTER

PLANTED = ("token:a", "token:b")


def plant(jisr: App, senders: Sequence[str] = PLANTED) -> dict[str, list[UUID]]:
    """400 people of an honest sender, and by each of these senders six enrolments that name one of them.

    Their cases, by sender.
    """
    rows, at = Rows(), datetime.now(UTC) - timedelta(days=3)
    people = [rows.person(at) for _ in range(400)]
    for one in people:
        rows.enrolment(at, "scanner", "token:honest", subject=one)
    cases: dict[str, list[UUID]] = {}
    for target, sender in enumerate(senders, start=1):
        for _ in range(6):
            subject = rows.person(at)
            enrolled = rows.enrolment(at, f"scanner of {sender}", sender, subject=subject)
            named = {target: Hypothesis.AS_STATED}
            cases.setdefault(sender, []).append(rows.case(enrolled, subject, at, named))
    rows.write(jisr.store.database)
    return cases


def search(jisr: App) -> None:
    find_patterns(actor=TESTER, storage=jisr.store.storage, clock=SystemClock())


def close(desk: Client, finding: Any, reason: Any = "the operator's own finger") -> Any:
    return desk.call("POST", f"/v1/findings/{finding}/close", json={"reason": reason})


def test_findings_are_listed_mark_their_cases_and_are_closed_once(jisr: App, desk: Client) -> None:
    cases = plant(jisr)
    assert desk.get("/v1/findings") == {"findings": [], "next": None}
    search(jisr)
    first, second = desk.get("/v1/findings?status=open")["findings"]
    assert (first["pattern"], first["status"], first["closed"]) == ("sender_in_enrolments", "open", None)
    assert first["subject"] == {"kind": "sender", "name": "token:a", "site": None}
    assert (first["count"], first["of"], len(first["enrolments"])) == (6, 6, 6)
    assert first["expected"] < 1
    case = desk.get(f"/v1/cases/{cases['token:a'][0]}")
    assert [one["code"] for one in case["marks"]] == ["sender_findings"]
    assert case["enrolment"] in first["enrolments"]
    assert case["status"] == "open"

    closed = close(desk, first["id"])
    assert closed.status_code == 200
    assert closed.json()["closed"]["reason"] == "the operator's own finger"
    assert closed.json()["closed"]["by"].startswith("token:a adjudicator")
    assert_problem(close(desk, first["id"]), 409, "finding-closed")
    search(jisr)
    assert [one["id"] for one in desk.get("/v1/findings?status=open")["findings"]] == [second["id"]]
    assert [one["id"] for one in desk.get("/v1/findings?status=closed")["findings"]] == [first["id"]]


def test_pages_and_patterns(jisr: App, desk: Client) -> None:
    plant(jisr)
    search(jisr)
    page = desk.get("/v1/findings?limit=1&pattern=sender_in_enrolments")
    following = desk.get(page["next"])
    assert [one["subject"]["name"] for one in page["findings"] + following["findings"]] == list(PLANTED)
    assert desk.get("/v1/findings?pattern=resolution_drift")["findings"] == []
    unknown = desk.call("GET", f"/v1/findings?after={uuid4()}")
    assert_problem(unknown, 404, "no-such-finding")


def test_the_figure_counts_open_findings_by_pattern(jisr: App, http: TestClient, desk: Client) -> None:
    def figures() -> list[str]:
        lines = http.get("/metrics").text.splitlines()
        return [line for line in lines if line.startswith("jisr_findings{")]

    assert figures() == [f'jisr_findings{{pattern="{one}"}} 0.0' for one in Pattern]
    plant(jisr)
    search(jisr)
    assert 'jisr_findings{pattern="sender_in_enrolments"} 2.0' in figures()
    close(desk, desk.get("/v1/findings")["findings"][0]["id"])
    assert 'jisr_findings{pattern="sender_in_enrolments"} 1.0' in figures()


@pytest.mark.parametrize("reason", [None, "", "ab", 7, "x" * 2001])
def test_a_reason_is_needed(desk: Client, reason: Any) -> None:
    assert close(desk, uuid4(), reason).status_code == 422


def test_what_is_not_there_is_not_closed(desk: Client) -> None:
    assert_problem(close(desk, uuid4()), 404, "no-such-finding")


def test_a_counter_sees_none(counter: Client, client_as: Callable[[AccessRole], Client]) -> None:
    assert counter.call("GET", "/v1/findings").status_code == 403
    assert close(counter, uuid4()).status_code == 403
    assert client_as(AccessRole.AUDITOR).get("/v1/findings")["findings"] == []


def test_captures_state_the_resolution_and_the_ridge_period(counter: Client, desk: Client) -> None:
    first = counter.enrol(FIRST, captures={"right_index": {"dpi": 500}})
    again = counter.enrol(FIRST)
    face, finger = first["captures"]
    assert (face["position"], face["dpi"], face["ridge_period_px"]) == ("face", None, None)
    assert finger["dpi"] == 500
    assert 6.5 < finger["ridge_period_px"] < 12.5
    shown = desk.get(f"/v1/cases/{again['case']}")["captures"][1]
    assert (shown["dpi"], shown["ridge_period_px"]) == (None, finger["ridge_period_px"])
