"""Taking what waits, in order, on both kinds of database: batches, failures, giving up and trying again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest

from matcher import Capture, CaptureError, Template, TooFewFeatures
from service.adjudication.ports import CaseQuery
from service.audit.domain.actions import Action
from service.bootstrap import App
from service.deduplication.usecases.process import BATCHES, ProcessingLimits, Processor
from service.enrolment.domain.enrolments import (
    NO_USABLE_CAPTURE,
    PROCESSING_FAILED,
    Enrolment,
    EnrolmentStatus,
    ExceptionReason,
    PositionException,
)
from service.enrolment.errors import NoSuchEnrolment, NotGivenUp
from service.enrolment.usecases.process_again import process_again
from service.kit.errors import StorageUnavailable
from service.kit.ids import new_uuid
from service.kit.sql.unit import SqlTransaction
from tests.captures import capture
from tests.conftest import RememberingExtractor
from tests.service.audit.noted import entries_of, stuck
from tests.service.made_up import TESTER, received

LIMITS = ProcessingLimits(batch=2, attempts=3, person_number_length=10)
REFUSED = (PositionException("face", ExceptionReason.REFUSED),)
ENROLLED, WAITING, BEGUN = EnrolmentStatus.ENROLLED, EnrolmentStatus.RECEIVED, EnrolmentStatus.PROCESSING


@pytest.fixture
def processor(app: App) -> Processor:
    return replace(app.worker.processor, limits=LIMITS)


def waiting(app: App, count: int) -> list[UUID]:
    """Enrolments without captures, which are quick."""
    return [received(app, {}, exceptions=REFUSED) for _ in range(count)]


def process(processor: Processor) -> int:
    return processor.process_waiting(actor=TESTER)


def enrolments(app: App, ids: Sequence[UUID]) -> list[Enrolment]:
    with app.store.storage.read() as uow:
        found = [uow.enrolments.by_id(one) for one in ids]
    assert None not in found
    return [one for one in found if one is not None]


def statuses(app: App, ids: Sequence[UUID]) -> list[EnrolmentStatus]:
    return [one.status for one in enrolments(app, ids)]


def failed_before(app: App, one: UUID, attempts: int) -> None:
    """As an enrolment is found that has ended its process so often while it was alone."""
    with app.store.storage.write() as uow:
        enrolment = uow.enrolments.by_id(one)
        assert enrolment is not None
        enrolment.attempts, enrolment.status = attempts, EnrolmentStatus.PROCESSING
        uow.commit()


def test_what_waits_is_taken_some_batches_at_a_time_oldest_first(app: App, processor: Processor) -> None:
    lot = BATCHES * LIMITS.batch
    ids = waiting(app, lot + 1)
    assert process(processor) == lot
    assert statuses(app, ids) == [ENROLLED] * lot + [WAITING]
    assert (process(processor), process(processor)) == (1, 0)
    assert statuses(app, ids) == [ENROLLED] * (lot + 1)
    with app.store.storage.read() as uow:
        people = [uow.people.by_key(one.person_key or 0) for one in enrolments(app, ids)]
    assert sorted(people, key=lambda one: one.key) == people
    assert len({one.number for one in people}) == lot + 1


def test_a_worker_that_is_stopped_leaves_the_later_batches_as_if_not_begun(app: App, processor: Processor) -> None:
    ids = waiting(app, 6)
    asked = iter([False, True])
    processor.process_waiting(actor=TESTER, stopping=lambda: next(asked))
    assert statuses(app, ids) == [ENROLLED] * 2 + [WAITING] * 4
    assert process(processor) == 4
    assert statuses(app, ids) == [ENROLLED] * 6


class BreakingExtractor(RememberingExtractor):
    """The real extractor, which one capture makes fail in a way that no one expected."""

    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        if any(one.content == capture("biden.jpg") for one in captures):
            raise ZeroDivisionError
        return super().extract(captures)


def test_of_a_batch_that_fails_only_the_one_at_fault_is_left(app: App, processor: Processor) -> None:
    """It is tried again after a pause, and keeps nothing from the rest."""
    first = waiting(app, 2)
    good, bad = [received(app, {"face": name}) for name in ("obama.jpg", "biden.jpg")]
    third = waiting(app, 2)
    breaking = replace(processor, extractor=BreakingExtractor())
    assert process(breaking) == 6
    assert statuses(app, [*first, good, bad, *third]) == [ENROLLED] * 2 + [BEGUN] * 2 + [WAITING] * 2
    assert [process(breaking) for _ in range(4)] == [1, 1, 2, 0]
    assert statuses(app, [*first, good, *third]) == [ENROLLED] * 5
    assert [(one.status, one.attempts) for one in enrolments(app, [bad])] == [(BEGUN, 1)]
    assert not process(processor)  # its pause
    processor.pauses.until.clear()
    assert process(processor) == 1
    assert statuses(app, [bad]) == [ENROLLED]


class KilledExtractor(RememberingExtractor):
    """The process ends while it extracts."""

    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        raise KeyboardInterrupt


def test_a_kill_costs_a_batch_no_attempt_and_who_is_alone_one(app: App, processor: Processor) -> None:
    ids = waiting(app, 3)
    killed = replace(processor, extractor=KilledExtractor())
    attempts = []
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            process(killed)
        attempts.append([one.attempts for one in enrolments(app, ids)])
    assert attempts == [[0, 0, 0], [1, 0, 0], [1, 1, 0]]
    assert statuses(app, ids) == [BEGUN] * 3
    assert [process(processor) for _ in range(4)] == [1, 1, 1, 0]
    assert statuses(app, ids) == [ENROLLED] * 3


def test_an_outcome_stays_though_the_answer_to_its_commit_was_lost(
    app: App, processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = received(app, {"face": "obama.jpg"})
    commit = SqlTransaction.commit

    def lost(uow: SqlTransaction) -> None:
        commit(uow)
        if statuses(app, [one]) == [ENROLLED]:
            monkeypatch.undo()
            raise StorageUnavailable("the connection was lost")

    monkeypatch.setattr(SqlTransaction, "commit", lost)
    with pytest.raises(StorageUnavailable):
        process(processor)
    assert process(processor) == 0
    assert statuses(app, [one]) == [ENROLLED]
    assert len(app.replica.index) == 1


class StarvedExtractor(RememberingExtractor):
    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        raise MemoryError


def test_who_finds_no_memory_is_tried_again(app: App, processor: Processor) -> None:
    one = received(app, {"face": "obama.jpg", "right_index": "p1_1.png"})
    process(replace(processor, extractor=StarvedExtractor()))
    assert statuses(app, [one]) == [BEGUN]
    assert process(processor) == 1
    assert statuses(app, [one]) == [ENROLLED]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), "capture_missing"),
        (lambda path: path.write_bytes(capture("biden.jpg")), "capture_altered"),
        (lambda path: path.write_bytes(b""), "capture_altered"),
        (lambda path: (path.unlink(), path.mkdir()), "capture_missing"),
    ],
    ids=["deleted", "another face", "emptied", "a folder"],
)
def test_a_capture_that_is_lost_ends_its_enrolment_and_no_other(
    app: App, processor: Processor, spoil: Callable[[Path], object], reason: str
) -> None:
    lost = received(app, {"face": "obama.jpg", "right_index": "p1_1.png"})
    rest = [received(app, {"face": "biden.jpg"}), *waiting(app, 2)]
    (face,) = [one for one in (app.store.blobs.root / str(lost)).iterdir() if one.name.endswith("face")]
    kept = face.read_bytes()
    spoil(face)
    while process(processor):
        pass
    assert statuses(app, rest) == [ENROLLED] * 3
    (ended,) = enrolments(app, [lost])
    assert (ended.status, ended.reason, ended.person_key) == (EnrolmentStatus.UNUSABLE, reason, None)
    with app.store.storage.read() as uow:
        assert {one.position: one.problem for one in uow.enrolments.captures(ended.key)} == {
            "face": reason,
            "right_index": None,
        }
    if face.is_dir():
        face.rmdir()
    face.write_bytes(kept)
    process_again(lost, actor=TESTER, storage=app.store.storage)
    assert process(processor) == 1
    assert statuses(app, [lost]) == [ENROLLED]
    with app.store.storage.read() as uow:
        assert [one.problem for one in uow.enrolments.captures(ended.key)] == [None, None]


def test_a_capture_that_cannot_be_read_keeps_nothing_from_the_rest(app: App, processor: Processor) -> None:
    bad, *rest = [received(app, {"face": name}) for name in ("obama.jpg", "biden.jpg")]
    (face,) = (app.store.blobs.root / str(bad)).iterdir()
    face.unlink()
    face.symlink_to(face)  # as a bad sector, this cannot be read
    assert [process(processor) for _ in range(4)] == [2, 1, 1, 0]
    assert statuses(app, [bad, *rest]) == [BEGUN, ENROLLED]
    for _ in range(LIMITS.attempts):
        processor.pauses.until.clear()
        process(processor)
    (ended,) = enrolments(app, [bad])
    assert (ended.status, ended.reason) == (EnrolmentStatus.UNUSABLE, PROCESSING_FAILED)


def test_no_one_is_missing_from_an_index_that_catches_up_meanwhile(app: App, processor: Processor) -> None:
    """As one does that answers searches while the worker records."""
    ids = [received(app, {"face": name}) for name in ("obama.jpg", "biden.jpg", "obama2.jpg") * 6]
    done = Event()

    def catch_up() -> None:
        while not done.is_set():
            with app.store.storage.read() as uow:
                app.replica.catch_up(uow)

    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(catch_up) for _ in range(2)]
        while process(processor):
            pass
        done.set()
        for one in reading:
            one.result()
    assert len(app.replica.index) == len(ids)
    with app.store.storage.read() as uow:
        assert all((one.person_key or 0) in app.replica.index for one in enrolments(app, ids))
        assert len(uow.cases.page(CaseQuery())) == len(ids) - 2


def test_a_person_enrolled_is_in_the_index_when_the_batch_is_done(app: App, processor: Processor) -> None:
    ids = [received(app, {"face": name}) for name in ("obama.jpg", "biden.jpg")]
    assert process(processor) == 2
    assert statuses(app, ids) == [ENROLLED] * 2
    assert len(app.replica.index) == 2
    assert process(processor) == 0


def test_one_that_failed_before_goes_alone(app: App, processor: Processor) -> None:
    ids = waiting(app, 4)
    failed_before(app, ids[0], 1)
    failed_before(app, ids[2], 1)
    steps = []
    while process(processor):
        steps.append([one is ENROLLED for one in statuses(app, ids)])
    assert steps == [
        [True, False, False, False],
        [True, False, True, False],
        [True, True, True, True],
    ]
    assert [one.attempts for one in enrolments(app, ids)] == [2, 0, 2, 0]


def test_one_that_keeps_failing_is_given_up_and_the_rest_goes_on(app: App, processor: Processor) -> None:
    ids = waiting(app, 2)
    failed_before(app, ids[0], LIMITS.attempts - 1)
    assert process(processor) == 1  # the last attempt; this time nothing fails
    assert statuses(app, ids) == [ENROLLED, WAITING]
    (poison,) = waiting(app, 1)
    failed_before(app, ids[1], LIMITS.attempts)
    failed_before(app, poison, LIMITS.attempts)
    for _ in range(2):
        process(processor)
    for one in enrolments(app, [ids[1], poison]):
        assert (one.status, one.reason) == (EnrolmentStatus.UNUSABLE, PROCESSING_FAILED)
        assert one.finished_at is not None
        assert one.person_key is None
    assert process(processor) == 0
    given_up = [one for one in entries_of(app.store.database, Action.ENROLMENT_CONCLUDE) if one.reason is not None]
    assert {(one.target_id, one.reason) for one in given_up} == {
        (str(one), PROCESSING_FAILED) for one in (ids[1], poison)
    }
    assert {(one.actor, one.details) for one in given_up} == {(TESTER.id, '{"after":{"status":"unusable"}}')}


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_store_out_of_reach_does_not_count_against_anyone(app: App, processor: Processor, left: str) -> None:
    ids = [received(app, {"face": name}) for name in ("obama.jpg", "biden.jpg")]
    captures = app.store.settings.home / "captures"
    captures.rename(captures.with_name("elsewhere"))
    if left == "an empty folder":  # as of a disk that is not mounted
        captures.mkdir()
    for _ in range(LIMITS.attempts + 1):
        with pytest.raises(StorageUnavailable, match="captures"):
            process(processor)
        assert [(one.status, one.attempts) for one in enrolments(app, ids)] == [(WAITING, 0)] * 2
    with pytest.raises(StorageUnavailable):
        received(app, {"face": "obama2.jpg"})
    if left == "an empty folder":
        captures.rmdir()
    captures.with_name("elsewhere").rename(captures)
    assert process(processor) == 2  # together: neither has failed
    assert statuses(app, ids) == [ENROLLED] * 2


def test_an_audit_that_refuses_holds_the_queue_and_counts_against_no_one(app: App, processor: Processor) -> None:
    ids = waiting(app, 2)
    failed_before(app, ids[0], LIMITS.attempts - 1)
    with stuck(app.store.database):
        for _ in range(LIMITS.attempts + 1):
            with pytest.raises(StorageUnavailable, match="audit"):
                process(processor)
        with pytest.raises(StorageUnavailable, match="audit"):
            waiting(app, 1)
    assert statuses(app, ids) == [BEGUN, WAITING]
    assert (process(processor), process(processor)) == (1, 1)
    assert statuses(app, ids) == [ENROLLED] * 2


class UnableExtractor(RememberingExtractor):
    """The real extractor as it might be after an upgrade: nothing that was accepted is good enough."""

    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        return [TooFewFeatures("3 minutiae") for _ in captures]


def test_captures_that_give_nothing_end_an_enrolment_for_good(app: App, processor: Processor) -> None:
    one = received(app, {"face": "obama.jpg"})
    assert process(replace(processor, extractor=UnableExtractor())) == 1
    (enrolment,) = enrolments(app, [one])
    assert (enrolment.status, enrolment.reason) == (EnrolmentStatus.UNUSABLE, NO_USABLE_CAPTURE)
    with pytest.raises(NotGivenUp):
        process_again(one, actor=TESTER, storage=app.store.storage)


def test_what_was_given_up_can_be_processed_again(app: App, processor: Processor) -> None:
    (one,) = waiting(app, 1)
    failed_before(app, one, LIMITS.attempts)
    process(processor)
    process_again(one, actor=TESTER, storage=app.store.storage)
    (reopened,) = enrolments(app, [one])
    assert (reopened.status, reopened.attempts) == (WAITING, 0)
    assert (reopened.reason, reopened.finished_at) == (None, None)
    assert process(processor) == 1
    assert statuses(app, [one]) == [ENROLLED]


def test_only_what_was_given_up_can_be_processed_again(app: App, processor: Processor) -> None:
    (one,) = waiting(app, 1)
    with pytest.raises(NotGivenUp):
        process_again(one, actor=TESTER, storage=app.store.storage)
    process(processor)
    with pytest.raises(NotGivenUp):
        process_again(one, actor=TESTER, storage=app.store.storage)
    assert statuses(app, [one]) == [ENROLLED]
    with pytest.raises(NoSuchEnrolment):
        process_again(new_uuid(), actor=TESTER, storage=app.store.storage)
