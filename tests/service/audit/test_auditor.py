"""What runs in the background: checkpoints, the feed, and what is left when the service ends."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.audit.domain.actions import Action
from service.audit.storage.files import KEY, CopyFile
from service.bootstrap import Store, auditor_of, open_store
from service.settings import Settings
from tests.service.audit.noted import note
from tests.service.made_up import TESTER


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.auditor.LOOK_SECONDS", 0.02)


def opened(tmp_path: Path, url: str, **settings: str) -> Store:
    return open_store(Settings.model_validate({"home": tmp_path / "home", "database_url": url, **settings}))


@pytest.mark.usefixtures("quick")
def test_checkpoints_are_signed_and_kept_elsewhere_and_entries_sent_on(tmp_path: Path, migrated_url: str) -> None:
    elsewhere, feed = tmp_path / "elsewhere", tmp_path / "feed.jsonl"
    store = opened(tmp_path, migrated_url, audit_copies=str(elsewhere), audit_feed=str(feed))
    note(store.storage, 2)
    auditor = auditor_of(store)
    auditor.start()
    until(lambda: CopyFile(elsewhere).count() == 1)
    note(store.storage)
    store.refusals.count(Action.SIGN_IN_FAILED, TESTER)
    store.refusals.count(Action.SIGN_IN_FAILED, TESTER)
    auditor.stop()  # signs what is left, the count of refusals too
    assert CopyFile(elsewhere).lines() == CopyFile(store.audit_folder).lines()
    assert CopyFile(elsewhere).count() == 2
    with store.storage.read() as uow:
        assert sum(one.number for one in uow.audit_records.heads().values()) == 5
        last = uow.audit_records.last_checkpoint()
        assert last is not None
        assert last.heads == uow.audit_records.heads()
    assert len(feed.read_text().splitlines()) == 5
    assert (store.audit_folder / KEY).stat().st_mode & 0o777 == 0o600
    store.database.dispose()


@pytest.mark.usefixtures("quick")
def test_a_feed_and_a_copy_that_fail_are_named_and_stop_nothing_else(tmp_path: Path, migrated_url: str) -> None:
    (tmp_path / "file").touch()
    missing = str(tmp_path / "missing" / "feed.jsonl")
    store = opened(tmp_path, migrated_url, audit_copies=str(tmp_path / "file" / "in"), audit_feed=missing)
    note(store.storage, 2)
    auditor = auditor_of(store)
    with capture_logs() as logs:
        auditor.start()
        until(lambda: CopyFile(store.audit_folder).count() == 1)
        until(lambda: any(one["event"] == "audit.feed_failed" for one in logs))
        auditor.stop()
    events = {one["event"] for one in logs}
    assert {"audit.feed_failed", "audit.copy_failed"} <= events
    assert next(one for one in logs if one["event"] == "audit.feed_failed")["behind"] == 2
    store.database.dispose()


@pytest.mark.usefixtures("quick")
def test_no_new_key_takes_the_place_of_one_that_is_lost(tmp_path: Path, migrated_url: str) -> None:
    store = opened(tmp_path, migrated_url)
    note(store.storage)
    auditor_of(store).sign()
    (store.audit_folder / KEY).unlink()
    note(store.storage)
    auditor = auditor_of(store)
    with capture_logs() as logs:
        auditor.start()
        until(lambda: any(one["event"] == "audit.not_signed" for one in logs))
        auditor.stop()
    assert not (store.audit_folder / KEY).exists()
    assert CopyFile(store.audit_folder).count() == 1
    store.database.dispose()
