"""The commands, against a real service in a process of its own."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyotp import TOTP
from typer.testing import CliRunner, Result

from matcher import Extractor, Position
from scripts.fetch_captures import capture_path
from scripts.running import JISR, Running, running
from service.adjudication.domain.cases import Origin
from service.adjudication.ports import CaseQuery
from service.bootstrap import Recognition, open_store
from service.cli import app
from service.client.folder import read_details, read_folder
from service.settings import Settings
from tests.matcher.made_up import again
from tests.service.deduplication.test_export_pairs import in_parquet
from tests.service.made_up import enrolled, of_extractor


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
    found = read_folder(folder(tmp_path))
    people = {one.name: one for one in found.people}
    assert {name: sorted(one.captures) for name, one in people.items()} == {
        "amina": ["face", "right_index"],
        "moussa": ["face"],
        "cat": ["left_thumb"],
    }
    assert people["moussa"].details is not None
    assert read_details(people["moussa"].details) == {"person": {"names": [{"full": "Moussa Ali"}]}}
    assert [one.where for one in found.files] == ["notes.txt"]


def test_a_folder_is_enrolled_once_however_often_it_is_sent(service: Running, tmp_path: Path) -> None:
    token = jisr(service, "token", "create", "a counter", "--role", "enroller").stdout.strip()
    send = ["enrol", str(folder(tmp_path)), "--url", service.url, "--token", token, "--consent", "form 1"]
    first, second = jisr(service, *send), jisr(service, *send)
    assert first.exit_code == second.exit_code == 1  # the cat
    assert first.stdout.count("enrolled") == second.stdout.count("enrolled") == 2
    assert "left_thumb: " in first.stdout
    with service.client("adjudicator") as client:
        assert client.get("/readyz").json()["people"] == 2


def test_tokens_are_made_listed_and_revoked(service: Running) -> None:
    made = jisr(service, "token", "create", "desk", "--role", "adjudicator").stdout.strip()
    again = jisr(service, "token", "create", "desk", "--role", "administrator")
    assert again.exit_code == 1
    assert "already a token named 'desk'" in again.stderr
    assert "desk" in jisr(service, "token", "list").stdout
    assert made not in jisr(service, "token", "list").stdout
    with service.client("adjudicator") as client:
        bearer = {"Authorization": f"Bearer {made}"}
        assert client.get("/v1/cases", headers=bearer).status_code == 200
        jisr(service, "token", "revoke", "desk")
        assert client.get("/v1/cases", headers=bearer).status_code == 401


def test_a_token_has_a_site_a_device_an_end_and_a_new_secret(service: Running) -> None:
    bounds = ("--site", "djibouti-1", "--device", "counter-3", "--expires", "2099-12-31")
    first = jisr(service, "token", "create", "van", "--role", "enroller", *bounds).stdout.strip()
    second = jisr(service, "token", "rotate", "van", "--overlap", "24h", "--expires", "90d").stdout.strip()
    with service.client("enroller") as client:

        def status(secret: str) -> int:
            return client.get("/v1/persons/2345678901", headers={"Authorization": f"Bearer {secret}"}).status_code

        assert (status(first), status(second)) == (404, 404)
        jisr(service, "token", "rotate", "van", "--overlap", "0m", "--expires", "never")
        assert (status(first), status(second)) == (401, 401)
    (row,) = [line for line in jisr(service, "token", "list").stdout.splitlines() if "van" in line]
    for cell in ("enroller", "djibouti-1", "counter-3", "never", "active"):
        assert cell in row
    for wrong in ("90", "2099-13-01", "soon"):
        refused = jisr(service, "token", "create", "other", "--role", "enroller", "--expires", wrong)
        assert refused.exit_code == 2, wrong
    past = jisr(service, "token", "create", "other", "--role", "enroller", "--expires", "2020-01-01")
    assert (past.exit_code, "future" in past.stderr) == (1, True)


def test_the_first_administrator_signs_in_by_the_code_that_the_start_prints(service: Running) -> None:
    (code,) = re.findall(r"one-time code ((?:\w{4}-){5}\w{4})", (service.home / "log").read_text())[-1:]
    sent = {"name": "administrator", "code": code, "password": "correct horse battery"}
    secret = httpx.post(f"{service.url}/v1/operators/activation", json=sent).json()["totp_secret"]
    opened = httpx.post(f"{service.url}/v1/sessions", json=sent | {"code": TOTP(secret).now()}).json()
    bearer = {"Authorization": f"Bearer {opened['token']}"}
    assert httpx.get(f"{service.url}/v1/enrolments", headers=bearer).status_code == 200
    jisr(service, "operator", "disable", "administrator")
    assert httpx.get(f"{service.url}/v1/enrolments", headers=bearer).status_code == 401


def test_operators_are_invited_listed_and_reset(service: Running) -> None:
    invite = ("operator", "create", "hawa", "--role", "supervisor", "--site", "djibouti-1")
    reset = ("operator", "reset", "hawa")
    codes = [jisr(service, *one).stdout for one in (invite, reset, (*reset, "--forget-identity"))]
    assert len(set(codes)) == 3
    assert all(re.fullmatch(r"(\w{4}-){5}\w{4}\n", one) for one in codes)
    again = jisr(service, *invite)
    assert (again.exit_code, "already an operator" in again.stderr) == (1, True)
    listed = jisr(service, "operator", "list").stdout
    assert "issuer's subject" in listed
    (row,) = [line for line in listed.splitlines() if "hawa" in line]
    for cell in ("supervisor", "djibouti-1", "invited"):
        assert cell in row


def test_who_is_bound_to_an_area_and_whom_an_issuer_knows(service: Running) -> None:
    assert jisr(service, "site", "assign", "djibouti-1", "--area", "DJIBOUTI/BOULAOS").exit_code == 0
    assert "DJIBOUTI/BOULAOS" in jisr(service, "site", "list").stdout
    both = jisr(service, "token", "create", "t", "--role", "auditor", "--site", "a", "--area", "DJIBOUTI")
    assert (both.exit_code, "a site or an area" in both.stderr) == (1, True)
    jisr(service, "token", "create", "of-an-area", "--role", "auditor", "--area", "DJIBOUTI")
    (row,) = [line for line in jisr(service, "token", "list").stdout.splitlines() if "of-an-area" in line]
    assert "area DJIBOUTI" in row
    known = jisr(service, "operator", "create", "moussa", "--role", "auditor", "--oidc-subject", "s1")
    assert (known.exit_code, "JISR_OIDC_ISSUER" in known.stderr) == (1, True)


def test_the_gallery_is_rebuilt_from_the_database(service: Running) -> None:
    for command in ("rebuild", "compact"):
        refused = jisr(service, "gallery", command)
        assert refused.exit_code == 1
        assert "stop it first" in refused.stderr
    service.stop()
    rebuilt = subprocess.run(
        [*JISR, "gallery", "rebuild"], env=service.environment, capture_output=True, text=True, check=True
    )
    assert "people are in the gallery" in rebuilt.stdout
    assert "people in the snapshot" in jisr(service, "gallery", "status").stdout
    compacted = subprocess.run(
        [*JISR, "gallery", "compact"], env=service.environment, capture_output=True, text=True, check=True
    )
    assert compacted.stdout.split(";")[0] == rebuilt.stdout.strip().splitlines()[-1]
    service.start()


def test_whatever_was_written_is_its_owners_alone(service: Running) -> None:
    home = Path(service.environment["JISR_HOME"])
    modes = {path: path.lstat().st_mode for path in home.rglob("*") if path.name != "log"}  # which the tests write
    assert any(path.suffix == ".db" for path in modes)
    assert [path for path, mode in modes.items() if mode & 0o077] == []


def test_the_store_is_verified(service: Running, tmp_path: Path) -> None:
    sound = jisr(service, "store", "verify")
    assert (sound.exit_code, "0 missing, 0 damaged, 0 unowned" in sound.stdout) == (0, True), sound.output
    captures = service.home / "captures"
    first, second = sorted(path for path in captures.rglob("*") if path.is_file() and path.parent != captures)[:2]
    whole, content = first.read_bytes(), bytearray(second.read_bytes())
    first.unlink()
    content[100] ^= 1
    second.write_bytes(content)
    left = captures / "cut-off" / "face"
    left.parent.mkdir()
    left.write_bytes(b"of a request that was cut off")
    assert "1 too recent to judge" in jisr(service, "store", "verify").stdout
    os.utime(left, (0, 0))
    try:
        found = jisr(service, "store", "verify", "--delete-unowned")
        assert found.exit_code == 1
        assert f"missing: {first.relative_to(captures)}" in found.stdout
        assert f"damaged: {second.relative_to(captures)}" in found.stdout
        assert "unowned: cut-off/face" in found.stdout
        assert not left.exists()
    finally:
        content[100] ^= 1
        first.parent.mkdir(exist_ok=True)
        first.write_bytes(whole)
        second.write_bytes(content)
    assert jisr(service, "store", "verify").exit_code == 0


def legacy(extractor: Extractor, home: Path, twice: int) -> None:
    """A registry filled elsewhere: some are in it twice, and one once."""
    store = open_store(Settings(home=home))
    both = (Position.RIGHT_THUMB, Position.RIGHT_INDEX)  # made-up faces of different people resemble each other
    people = [*(again(seed, both, time=time) for time in (1, 2) for seed in range(twice)), again(twice, both)]
    enrolled(store.storage, [of_extractor(extractor, one) for one in people])
    store.database.dispose()


def gallery(home: Path, *arguments: str, **settings: str) -> Result:
    return CliRunner().invoke(app, ("gallery", *arguments), env={"JISR_HOME": str(home), **settings})


def cases_of(home: Path) -> int:
    store = open_store(Settings(home=home))
    with store.storage.read() as uow:
        found = uow.cases.page(CaseQuery(limit=1000))
    store.database.dispose()
    return sum(one.origin is Origin.GALLERY for one in found)


def pairs_so_far(home: Path) -> int:
    """Of the walk that runs."""
    store = open_store(Settings(home=home))
    with store.storage.read() as uow:
        walk = uow.walks.running()
    store.database.dispose()
    return 0 if walk is None else walk.pairs


def test_everyone_who_is_enrolled_twice_is_listed(loaded_recognition: Recognition, tmp_path: Path) -> None:
    legacy(loaded_recognition.extractor, tmp_path, twice=3)
    found = tmp_path / "duplicates.csv"
    first = gallery(tmp_path, "duplicates", str(found), "--batch", "2")
    assert first.exit_code == 0, first.output
    assert "7 people searched; 3 pairs" in first.stdout
    assert cases_of(tmp_path) == 0
    with found.open() as file:
        rows = [(row["person_number"], row["other_number"], row["band"]) for row in csv.DictReader(file)]
    assert rows == [(str(1000 + n), str(1003 + n), "duplicate") for n in range(3)]

    second = gallery(tmp_path, "duplicates", str(found))
    assert second.exit_code == 1
    assert "there already" in second.stderr
    other = tmp_path / "again.csv"
    assert gallery(tmp_path, "export", str(other)).exit_code == 0
    assert other.read_text() == found.read_text()


@pytest.mark.slow
def test_a_walk_that_is_killed_goes_on_with_no_row_or_case_lost_or_doubled(
    loaded_recognition: Recognition, tmp_path: Path
) -> None:
    legacy(loaded_recognition.extractor, tmp_path, twice=30)
    found = tmp_path / "duplicates.parquet"
    arguments = ["duplicates", str(found), "--cases", "--batch", "1"]
    first = subprocess.Popen([*JISR, "gallery", *arguments], env={**os.environ, "JISR_HOME": str(tmp_path)})
    while pairs_so_far(tmp_path) <= 2:
        assert first.poll() is None
        time.sleep(0.002)
    first.send_signal(signal.SIGSTOP)  # else it may be done by the time it is killed
    busy = gallery(tmp_path, *arguments)
    first.kill()
    first.wait()
    assert (busy.exit_code, "another run is searching" in busy.stderr) == (1, True)
    assert not found.exists()
    assert 2 < pairs_so_far(tmp_path) < 30

    other = gallery(tmp_path, *arguments, JISR_FPIR_REVIEW="0.02")
    assert other.exit_code == 1
    assert "JISR_FPIR_REVIEW was 0.01 and is 0.02" in other.stderr
    second = gallery(tmp_path, *arguments)
    assert second.exit_code == 0, second.output
    assert "61 people searched; 30 pairs" in second.stdout
    assert "30 cases opened" in second.stdout
    assert cases_of(tmp_path) == 30
    rows = [(row["person_key"], row["other_key"]) for row in in_parquet(found)]
    assert rows == [(key, key + 30) for key in range(1, 31)]


def test_settings_that_cannot_be_are_named(service: Running) -> None:
    wrong = jisr(service, "token", "list", JISR_FPIR_REVIEW="7")
    assert wrong.exit_code == 2
    assert "JISR_FPIR_REVIEW" in wrong.stderr


@pytest.mark.slow
def test_an_altered_model_stops_the_service_by_name(service: Running, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree("models", models, ignore=shutil.ignore_patterns("captures"))  # what links lead to
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


@pytest.mark.slow
def test_a_certificate_that_cannot_be_read_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_text("no certificate")
    for name in ("missing.pem", "certificate.pem"):
        settings = {"JISR_HOME": str(tmp_path / "home"), "JISR_TLS_CERTIFICATE": str(tmp_path / name)}
        command = [*JISR, "serve", "--port", "0"]
        ended = subprocess.run(
            command, env={**os.environ, **settings}, capture_output=True, text=True, check=False, timeout=120
        )
        assert (ended.returncode, "JISR_TLS_CERTIFICATE" in ended.stderr) == (2, True), ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_a_worker_of_its_own_serves_a_service_without_one(tmp_path: Path) -> None:
    with running(tmp_path, JISR_EMBEDDED_WORKER="false") as service, service.client("enroller") as client:
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
