"""`jisr forget` and `jisr privacy`, beside a running service and through a kill."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from scripts.fetch_captures import capture_path
from scripts.running import Running, enrolment_files, running
from service.cli import app

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import os, signal
from service.cli import app
from service.privacy.usecases.finish import Finisher
Finisher._list = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
app()
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home")) as one:
        yield one


def jisr(service: Running, *arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(app, arguments, env=service.environment, **more)


def enrolled(service: Running, shot: str, name: str) -> str:
    """A person's number."""
    with service.client("enroller") as client:
        files = enrolment_files(name, {"right_index": capture_path(shot)})
        answer = client.post("/v1/enrolments?wait=60", files=files)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    number: str = answer.json()["person_number"]
    return number


def status_of(service: Running, number: str) -> int:
    with service.client("social_worker") as client:
        return client.get(f"/v1/persons/{number}").status_code


@pytest.mark.slow
def test_a_person_is_forgotten_beside_a_running_service(service: Running, tmp_path: Path) -> None:
    number, file = enrolled(service, "p1_1.png", "Zeinab Planted"), tmp_path / "certificate.json"
    shown = jisr(service, "forget", number, "--dry-run")
    assert (shown.exit_code, number in shown.stderr, "1 templates" in shown.stderr) == (0, True, True), shown.output
    assert jisr(service, "forget", number).exit_code == 1
    assert jisr(service, "forget", number, "--ground", "objected", input="n\n").exit_code == 1
    assert status_of(service, number) == 200
    exported = jisr(service, "privacy", "export", number)
    held = json.loads(exported.stdout)
    assert held["records"][0]["demographics"]["names"] == [{"full": "Zeinab Planted", "kind": "full", "script": "Latn"}]
    assert [one["position"] for one in held["templates"]] == ["right_index"]
    assert held["enrolments"][0]["captures"][0]["picture_kept"]

    done = jisr(service, "forget", number, "--ground", "objected", "--certificate", str(file), input="y\n")
    assert done.exit_code == 0, done.output
    assert f"The person with the number {number} was erased" in done.stderr
    assert status_of(service, number) == 410
    again = jisr(service, "forget", number, "--ground", "objected")
    assert again.stdout == file.read_text()
    assert jisr(service, "privacy", "verify", str(file)).exit_code == 0
    file.write_text(again.stdout.replace(number, number[::-1]))
    refused = jisr(service, "privacy", "verify", str(file))
    assert (refused.exit_code, "not signed" in refused.stderr) == (1, True)
    counted = jisr(service, "privacy", "purge", "--dry-run")
    assert counted.stdout == "0 captures; 0 refused; 0 findings\n"
    assert "0 captures; 0 refused; 0 findings; 0 files and 0 keys destroyed" in jisr(service, "privacy", "purge").stdout
    assert "Zeinab" not in (service.home / "log").read_text()


@pytest.mark.slow
def test_an_erasure_that_was_killed_goes_on_in_the_running_service(service: Running) -> None:
    number = enrolled(service, "p2_1.png", "Zeinab Planted")
    command = [sys.executable, "-c", KILLED, "forget", number, "--ground", "objected", "--yes"]
    killed = subprocess.run(command, env=service.environment | {"PYTHONPATH": str(ROOT)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert status_of(service, number) == 410
    with service.client("data_protection_officer") as client:
        until = time.monotonic() + 30
        while not (found := client.get(f"/v1/persons/{number}/erasure").json())["done"]:
            assert time.monotonic() < until
            time.sleep(0.1)
    assert json.loads(found["certificate"]["statement"])["people"][0]["number"] == number
