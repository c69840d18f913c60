"""`jisr patterns`, on a registry of its own; in processes of its own, as it sends the log elsewhere."""

import json
import os
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.registry_rows import Rows
from scripts.running import JISR, running
from service.adjudication.domain.evidence import Hypothesis
from service.bootstrap import open_store
from service.cli import app
from service.kit.turns import Lock
from service.settings import Settings


def jisr(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*JISR, "patterns", *arguments],
        env={**os.environ, "JISR_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def plant(home: Path) -> None:
    store, rows, at = open_store(Settings(home=home)), Rows(), datetime.now(UTC) - timedelta(days=3)
    for one in [rows.person(at) for _ in range(200)]:
        rows.enrolment(at, "scanner", "token:honest", subject=one)
    for _ in range(6):
        subject = rows.person(at)
        named = {1: Hypothesis.AS_STATED}
        rows.case(rows.enrolment(at, "another", "token:desk", subject=subject), subject, at, named)
    rows.write(store.database)
    store.database.dispose()


@pytest.mark.slow
def test_patterns_are_found_once_and_the_last_line_is_json(tmp_path: Path) -> None:
    plant(tmp_path)
    outcomes = []
    for _ in range(2):
        ran = jisr(tmp_path, "--json")
        assert ran.returncode == 0, ran.stderr
        outcomes.append(json.loads(ran.stdout.splitlines()[-1]))
    first, second = outcomes
    assert (first["new"], first["marked"], second["new"], second["marked"]) == (1, 6, 0, 0)
    assert first["open"] == second["open"]
    (one,) = first["open"]
    assert (one["pattern"], one["kind"], one["name"]) == ("sender_in_enrolments", "sender", "token:desk")
    plain = jisr(tmp_path)
    assert plain.stdout.splitlines()[-1] == "0 new findings, 1 open; 0 cases marked"
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert "1 open" in jisr(tmp_path, "--since", f"{tomorrow:%Y-%m-%d}").stdout


@pytest.mark.slow
def test_two_do_not_search_at_the_same_time(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    with store.lock(Lock.PATTERNS):
        busy = jisr(tmp_path)
    store.database.dispose()
    assert (busy.returncode, "another process" in busy.stderr) == (1, True)


@pytest.mark.slow
def test_a_service_that_never_searched_does_so_when_it_starts(tmp_path: Path) -> None:
    plant(tmp_path)
    with running(tmp_path) as service, service.client("adjudicator") as client:
        until = time.monotonic() + 60
        while 'jisr_findings{pattern="sender_in_enrolments"} 1.0' not in client.get("/metrics").text:
            assert time.monotonic() < until
            time.sleep(0.1)
    store = open_store(Settings(home=tmp_path))
    with store.storage.read() as uow:
        assert uow.turns.last_sign(Lock.PATTERNS) is not None
    store.database.dispose()


def test_help_teaches() -> None:
    text = CliRunner().invoke(app, ["patterns", "--help"]).stdout
    for word in ("poor_prints_burst", "resolution_drift", "accuses no one", "--since", "--json"):
        assert word in text
