"""The commands, against a real service in a process of its own."""

import csv
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmarks.running import JISR, Running, running
from matcher import Engine, Position
from scripts.fetch_captures import capture_path
from service.bootstrap import open_store
from service.cli import app
from service.client import read_folder
from service.settings import Settings
from tests.matcher.made_up import again
from tests.service.registry import enrolled, of_engine


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home")) as one:
        yield one


def jisr(service: Running, *arguments: str, **settings: str) -> Result:
    """Run a command in this process: starting one takes seconds."""
    return CliRunner().invoke(app, arguments, env={**service.environment, **settings})


def folder(tmp_path: Path) -> Path:
    (tmp_path / "moussa").mkdir()
    for name, source in {
        "amina_face.jpg": "obama.jpg",
        "amina_right_index.png": "p1_1.png",
        "moussa/face.jpg": "biden.jpg",
        "cat-left_thumb.jpg": "p1_1.png",
    }.items():
        (tmp_path / name).write_bytes(capture_path(source).read_bytes())
    (tmp_path / "cat-left_thumb.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not a capture")
    (tmp_path / "moussa" / "enrolment.json").write_text(json.dumps({"person": {"names": [{"full": "Moussa Ali"}]}}))
    return tmp_path


def test_a_folder_is_read_by_person(tmp_path: Path) -> None:
    people = {one.name: one for one in read_folder(folder(tmp_path))}
    assert {name: sorted(one.captures) for name, one in people.items()} == {
        "amina": ["face", "right_index"],
        "moussa": ["face"],
        "cat": ["left_thumb"],
    }
    assert people["moussa"].details == {"person": {"names": [{"full": "Moussa Ali"}]}}


def test_a_folder_is_enrolled_once_however_often_it_is_sent(service: Running, tmp_path: Path) -> None:
    token = jisr(service, "token", "create", "a counter", "--role", "enroller").stdout.strip()
    send = ["enrol", str(folder(tmp_path)), "--url", service.url, "--token", token, "--consent", "form 1"]
    first, second = jisr(service, *send), jisr(service, *send)
    assert first.exit_code == second.exit_code == 1  # the cat
    assert first.stdout.count("enrolled") == second.stdout.count("enrolled") == 2
    assert "left_thumb: " in first.stdout
    with service.client("admin") as client:
        assert client.get("/readyz").json()["people"] == 2


def test_tokens_are_made_listed_and_revoked(service: Running) -> None:
    made = jisr(service, "token", "create", "desk", "--role", "adjudicator").stdout.strip()
    again = jisr(service, "token", "create", "desk", "--role", "admin")
    assert again.exit_code == 1
    assert "already a token named 'desk'" in again.stderr
    assert "desk" in jisr(service, "token", "list").stdout
    assert made not in jisr(service, "token", "list").stdout
    with service.client("admin") as client:
        bearer = {"Authorization": f"Bearer {made}"}
        assert client.get("/v1/cases", headers=bearer).status_code == 200
        jisr(service, "token", "revoke", "desk")
        assert client.get("/v1/cases", headers=bearer).status_code == 401


def test_the_gallery_is_rebuilt_from_the_database(service: Running) -> None:
    service.stop()
    rebuilt = subprocess.run(
        [*JISR, "gallery", "rebuild"], env=service.environment, capture_output=True, text=True, check=True
    )
    assert "people are in the gallery" in rebuilt.stdout
    assert "people in the snapshot" in jisr(service, "gallery", "status").stdout
    service.start()


def test_everybody_who_is_enrolled_twice_is_written_down(loaded_engine: Engine, tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    both = (Position.FACE, Position.RIGHT_INDEX)
    people = [*(again(seed, both, time=time) for time in (1, 2) for seed in range(3)), again(9, both)]
    enrolled(store.storage, [of_engine(loaded_engine, one) for one in people])
    store.database.dispose()

    found = tmp_path / "duplicates.csv"
    command = ("gallery", "duplicates", str(found), "--batch", "2")
    first = CliRunner().invoke(app, command, env={"JISR_HOME": str(tmp_path)})
    assert first.exit_code == 0, first.output
    assert "7 people searched; 3 pairs" in first.stdout
    with found.open() as file:
        rows = [(row["person_number"], row["other_number"], row["band"]) for row in csv.DictReader(file)]
    assert rows == [(str(1000 + n), str(1003 + n), "duplicate") for n in range(3)]
    assert not (tmp_path / "duplicates.csv.progress").exists()

    second = CliRunner().invoke(app, command, env={"JISR_HOME": str(tmp_path)})
    assert second.exit_code == 1
    assert "finished; --restart writes it anew" in second.stderr


def test_settings_that_cannot_be_are_named(service: Running) -> None:
    wrong = jisr(service, "token", "list", JISR_FPIR_REVIEW="7")
    assert wrong.exit_code == 2
    assert "JISR_FPIR_REVIEW" in wrong.stderr


def test_an_altered_model_stops_the_service_by_name(service: Running, tmp_path: Path) -> None:
    models = tmp_path / "models"
    subprocess.run(["cp", "-r", "models", str(models)], check=True)
    (models / "fetched" / "yunet.onnx").write_bytes(b"something else")
    stopped = subprocess.run(
        [*JISR, "serve"],
        env={**service.environment, "JISR_MODELS": str(models)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert stopped.returncode == 1
    assert "model 'yunet' is altered" in stopped.stderr


def test_a_worker_of_its_own_serves_a_service_without_one(tmp_path: Path) -> None:
    with running(tmp_path, JISR_EMBEDDED_WORKER="false") as service, service.client("admin") as client:
        log = (tmp_path / "worker.log").open("wb")
        worker = subprocess.Popen([*JISR, "worker"], env=service.environment, stdout=log, stderr=log)
        try:
            files = {
                "enrolment": json.dumps(
                    {
                        "id": "7a2b6f0e-7c0c-4f5e-9a40-6a1f6d0c1d11",
                        "site": "a",
                        "device": "b",
                        "captured_at": "2025-01-15T00:00:00Z",
                        "consent": {"given": True},
                        "person": {"names": [{"full": "Amina"}]},
                    }
                ).encode(),
                "face": capture_path("obama.jpg").read_bytes(),
            }
            answer = client.post("/v1/enrolments", params={"wait": 60}, files=files).json()
            assert answer["status"] == "enrolled"
            found = client.post("/v1/identify", files={"face": capture_path("obama2.jpg").read_bytes()}).json()
            assert found["candidates"][0]["number"] == answer["person_number"]
        finally:
            worker.terminate()
            assert worker.wait(60) == 0
            log.close()
