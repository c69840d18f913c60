"""The worker's share: what fails keeps no enrolment from going on, and snapshots are the worker's alone."""

import shutil
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import func, select

from service.audit.storage.files import CopyFile
from service.bootstrap import finisher_of, worker_finisher
from service.eraser import Eraser, OthersSnapshots, OwnSnapshots
from service.kit.errors import StorageUnavailable
from service.kit.turns import Lock
from service.privacy.domain.erasures import Erasure
from service.registry.storage.people import person
from tests.service.privacy.conftest import FIRST, OFFICER, SECOND, Registry

_ONE_VIEW = {"sqlite": "SERIALIZABLE", "postgresql": "REPEATABLE READ"}


def again(registry: Registry, one: Erasure) -> Erasure:
    with registry.app.store.storage.read() as uow:
        found = uow.erasures.by_id(one.id)
    assert found is not None
    return found


def eraser_of(registry: Registry) -> Eraser:
    """As the worker has it."""
    return Eraser(partial(worker_finisher, registry.app.store, registry.app.replica), OFFICER)


def test_a_worker_that_lost_its_turn_leaves_the_next_one_s_snapshot_alone(registry: Registry) -> None:
    store, replica = registry.app.store, registry.app.replica
    begun = registry.begin(registry.number(registry.enrol(FIRST)))
    with store.lock(Lock.WORKER) as lost:
        assert lost is not None
    with store.lock(Lock.WORKER) as turn:
        assert turn is not None
        replica.snapshot(store.storage.in_turn(turn))
        (folder,) = store.snapshots.iterdir()
        assert finisher_of(store).finish(begun.id, actor=OFFICER).snapshots_at is None  # all else is done
        eraser = eraser_of(registry)
        eraser.work(lost)
        eraser.stop()
        assert list(store.snapshots.iterdir()) == [folder]
        with store.storage.read() as uow:
            assert replica.load(uow)
        assert not again(registry, begun).done


def test_the_worker_finishes_what_others_began(registry: Registry) -> None:
    begun = registry.begin(registry.number(registry.enrol(FIRST)))
    store = registry.app.store
    with store.lock(Lock.WORKER):  # a worker runs: its snapshots are not another's to delete
        registry.app.replica.snapshot(registry.app.store.storage)
        waiting = finisher_of(store).finish(begun.id, actor=OFFICER)
        assert (waiting.done, waiting.files_at is None, waiting.snapshots_at) == (False, False, None)
        assert len(list(store.snapshots.iterdir())) == 1
    eraser = eraser_of(registry)
    with store.lock(Lock.WORKER) as turn:
        assert turn is not None
        eraser.work(turn)
        eraser.stop()
    assert again(registry, begun).done


def test_only_the_snapshot_of_a_further_erasure_waits(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.eraser.SHARE", 1e6)
    finisher = registry.finisher()
    first = registry.begin(registry.number(registry.enrol(FIRST)))
    assert finisher.finish(first.id, actor=OFFICER).done
    second = registry.begin(registry.number(registry.enrol(SECOND)))
    waiting = finisher.finish(second.id, actor=OFFICER)
    assert (waiting.files_at is None, waiting.listed_at is None, waiting.cleaned_at is None) == (False, False, False)
    assert waiting.snapshots_at is None
    assert registry.finisher().finish(second.id, actor=OFFICER).done


def test_one_that_always_fails_holds_no_other_up(registry: Registry) -> None:
    begun = [registry.begin(registry.number(registry.enrol(shots))) for shots in (FIRST, SECOND)]
    first = registry.app.store.blobs.root / begun[0].destroyed.files[0].name
    first.unlink()
    first.mkdir()  # which deletes like no file
    (first / "held").touch()
    with pytest.raises(StorageUnavailable):
        registry.finisher().finish_waiting(actor=OFFICER)
    assert [again(registry, one).done for one in begun] == [False, True]


def test_where_no_worker_runs_snapshots_are_deleted(registry: Registry) -> None:
    store = registry.app.store
    begun = registry.begin(registry.number(registry.enrol(FIRST)))
    registry.app.replica.snapshot(registry.app.store.storage)
    shutil.copytree(next(store.snapshots.iterdir()), store.snapshots / "an older one")
    assert finisher_of(store).finish(begun.id, actor=OFFICER).done
    assert list(store.snapshots.iterdir()) == []
    others = OthersSnapshots(store.snapshots, store.storage, partial(store.lock, Lock.WORKER))
    with store.lock(Lock.WORKER):
        assert others.renew() is None


def test_no_certificate_states_that_the_database_is_clean_while_somebody_still_reads_it(registry: Registry) -> None:
    number, database = registry.number(registry.enrol(FIRST)), registry.app.store.database
    with database.connect().execution_options(isolation_level=_ONE_VIEW[database.dialect.name]) as reader:
        reader.execute(select(func.count()).select_from(person)).all()
        begun = registry.erase(number)
        assert (begun.done, begun.cleaned_at, begun.files_at is None) == (False, None, False)
    assert registry.finisher().finish(begun.id, actor=OFFICER).done


def test_what_fails_is_tried_again_later(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = registry.begin(registry.number(registry.enrol(FIRST)))
    store = registry.app.store
    (store.settings.home / "no folder").write_text("")
    broken = replace(registry.finisher(), lists=[CopyFile(store.settings.home / "no folder")])
    made = iter([broken, registry.finisher()])
    eraser = Eraser(lambda turn: next(made), OFFICER)
    with store.lock(Lock.WORKER) as turn:
        assert turn is not None
        eraser.work(turn)
        eraser.stop()
        eraser.work(turn)  # too early to try again
        eraser.stop()
    assert again(registry, begun).listed_at is None
    monkeypatch.setattr(eraser, "_next", 0.0)
    with store.lock(Lock.WORKER) as turn:
        assert turn is not None
        eraser.work(turn)
        eraser.stop()
    assert again(registry, begun).done


def test_a_snapshot_of_today_is_written_once(registry: Registry) -> None:
    registry.erase(registry.number(registry.enrol(FIRST)))
    own = OwnSnapshots(registry.app.replica, registry.app.store.storage)
    (folder,) = registry.app.store.snapshots.iterdir()
    before = folder.stat().st_mtime_ns
    with registry.app.store.storage.read() as uow:
        last = uow.changes.last()
    assert own.renew() == last
    assert folder.stat().st_mtime_ns == before
