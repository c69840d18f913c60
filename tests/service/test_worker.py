"""The worker as operators see it: ready while it gets on, and by name what holds it up. On both kinds of database."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api.operations import SILENT
from service.bootstrap import App, Recognition, open_store, wire
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.kit.clock import SystemClock
from service.kit.errors import StorageError
from service.kit.turns import Lock, Sign
from service.settings import Settings
from service.web import create_web
from tests.service.made_up import received

PATIENCE = 30


@pytest.fixture
def app(recognition: Recognition, tmp_path: Path, migrated_url: str) -> Iterator[App]:
    """A service whose worker, if there is one, is another process's."""
    settings = Settings(home=tmp_path, database_url=migrated_url, embedded_worker=False)
    made = wire(open_store(settings), recognition)
    made.replica.start(made.store.storage)
    yield made
    made.worker.stop()
    made.store.database.dispose()


@pytest.fixture
def http(app: App) -> Iterator[TestClient]:
    with TestClient(create_web(app)) as client:
        yield client


def eventually(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def refused(http: TestClient) -> str:
    """Why the service is not ready; empty where it is."""
    answer = http.get("/readyz")
    return "" if answer.status_code == 200 else str(answer.json()["detail"])


def test_a_service_is_not_ready_without_a_worker_anywhere(app: App, http: TestClient) -> None:
    assert "no worker" in refused(http)
    app.worker.start()  # as one of another process does
    eventually(lambda: not refused(http))


def test_a_worker_that_is_silent_for_a_minute_is_none(app: App, http: TestClient) -> None:
    with app.store.lock(Lock.WORKER) as turn:
        assert turn is not None
        late, early = SILENT - timedelta(seconds=5), SILENT + timedelta(seconds=5)
        for age, ready in ((late, True), (early, False), (-early, False)):  # the last: the clock was set back
            with app.store.storage.write() as uow:
                uow.turns.show(turn, Sign(SystemClock().now() - age, None))
                uow.commit()
            assert (not refused(http)) == ready


def test_what_holds_the_queue_is_named_until_it_is_corrected(app: App, http: TestClient) -> None:
    one = received(app, {"face": "obama.jpg"})
    captures = app.store.blobs.root
    captures.rename(captures.with_name("elsewhere"))
    app.worker.start()
    eventually(lambda: "is not the folder of this registry's captures" in refused(http))
    captures.with_name("elsewhere").rename(captures)
    eventually(lambda: not refused(http))
    with app.store.storage.read() as uow:
        enrolment = uow.enrolments.by_id(one)
        assert enrolment is not None
        assert (enrolment.status, enrolment.attempts) == (EnrolmentStatus.ENROLLED, 0)


def test_a_mistake_of_ours_that_holds_all_up_is_seen(
    app: App, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*given: object) -> None:
        raise StorageError("a statement is wrong")

    monkeypatch.setattr("service.deduplication.usecases.process.next_lot", mistaken)
    app.worker.start()
    eventually(lambda: "StorageError, see the log" in refused(http))


def test_people_are_counted_as_of_now(app: App, http: TestClient) -> None:
    """Though this process's index has not caught up with what another one's worker has recorded."""
    received(app, {"face": "obama.jpg"})
    app.worker.start()
    eventually(lambda: http.get("/readyz").json().get("waiting") == 0)
    app.worker.stop()  # its last sign is fresh
    app.replica.index.clear()
    app.replica._applied = 0
    assert http.get("/readyz").json()["people"] == 1


def test_there_are_figures_of_what_waits_and_of_what_was_unusable(app: App, http: TestClient) -> None:
    one = received(app, {"face": "obama.jpg"})
    (face,) = (app.store.blobs.root / str(one)).iterdir()
    face.unlink()
    assert "jisr_oldest_waiting_seconds 0.0\n" not in http.get("/metrics").text
    app.worker.start()
    eventually(lambda: 'jisr_unusable_enrolments{reason="capture_missing"} 1.0' in http.get("/metrics").text)
    assert "jisr_oldest_waiting_seconds 0.0\n" in http.get("/metrics").text


def test_enrolment_goes_on_where_there_is_no_room_for_a_snapshot(app: App, http: TestClient) -> None:
    app.store.snapshots.write_text("a file where the folder of snapshots should be")
    one = received(app, {"face": "obama.jpg"})
    app.worker.start()
    eventually(lambda: http.get("/readyz").json().get("waiting") == 0)
    app.worker.stop()
    with app.store.storage.read() as uow:
        enrolment = uow.enrolments.by_id(one)
        assert enrolment is not None
        assert enrolment.status is EnrolmentStatus.ENROLLED
    app.store.snapshots.unlink()
