"""Receiving enrolments, on both kinds of database: accepted means kept, refused means nothing kept."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher import SLAPS, Extractor, Position
from service.bootstrap import Recognition
from service.enrolment.domain.enrolments import (
    EnrolCommand,
    EnrolmentStatus,
    ExceptionReason,
    Liveness,
    PositionException,
    SentCapture,
    SlapRecord,
)
from service.enrolment.errors import (
    CapturesRefused,
    ContradictedException,
    EnrolmentDiffers,
    NothingToEnrol,
    QueueFull,
    RepeatedPosition,
    UnknownPosition,
)
from service.enrolment.usecases.receive import receive_enrolment
from service.kit.blobs import read_sound
from service.kit.sql.blobs import FileBlobs
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.identifiers import new_household_ids
from service.registry.errors import UnknownHousehold
from service.storage.unit import SqlStorage
from service.storage.verify import verify_store
from tests.captures import capture
from tests.service.conftest import Noon
from tests.service.made_up import TESTER, all_rows, command, sent_captures, slap_png

FACE = {"face": "obama.jpg"}
BOTH = {"face": "obama.jpg", "right_index": "p1_1.png"}
AMPUTATED = PositionException("left_thumb", ExceptionReason.AMPUTATED)
BANDAGED = PositionException("left_ring", ExceptionReason.BANDAGED)


@dataclass
class Intake:
    """Where enrolments are received."""

    storage: SqlStorage
    extractor: Extractor
    blobs: FileBlobs
    most_waiting: int = 1000

    def receive(self, one: EnrolCommand, captures: Sequence[SentCapture]) -> UUID:
        return receive_enrolment(
            one,
            captures,
            actor=TESTER,
            storage=self.storage,
            extractor=self.extractor,
            blobs=self.blobs,
            clock=Noon(),
            most_waiting=self.most_waiting,
        )

    def opened(self, name: str) -> bytes:
        with self.storage.read() as uow:
            return read_sound(self.blobs, uow.blobs.of_names([name])[name])

    def assert_sound(self) -> None:
        """Every byte has a row and every row its bytes; the youngest too."""
        report = verify_store(actor=TESTER, storage=self.storage, blobs=self.blobs, clock=Noon())
        assert (report.sound, report.recent) == (True, 0), report


@pytest.fixture
def intake(storage: SqlStorage, recognition: Recognition, tmp_path: Path) -> Intake:
    return Intake(storage, recognition.extractor, FileBlobs(tmp_path / "captures", storage.vault))


def test_what_is_accepted_is_kept_whole(intake: Intake) -> None:
    """Names, claim and exceptions included: see enrolment/test_storage.py for each column."""
    claim = HouseholdClaim(str(UUID(int=7)), Role.HEAD)
    one = command(claim=claim, exceptions=(AMPUTATED,))
    liveness = Liveness(0.9, "a vendor")
    face, index = sent_captures(BOTH)
    assert intake.receive(one, [replace(face, liveness=liveness), replace(index, dpi=500.0)]) == one.id
    with intake.storage.read() as uow:
        kept = uow.enrolments.by_id(one.id)
        assert kept is not None
        assert (kept.status, kept.attempts, kept.sent_by) == (EnrolmentStatus.RECEIVED, 0, TESTER.id)
        assert (kept.received_at, kept.captured_at, kept.site) == (Noon().now(), one.captured_at, one.site)
        assert (kept.demographics, kept.claim, kept.exceptions) == (one.demographics, claim, (AMPUTATED,))
        records = {each.position: each for each in uow.enrolments.captures(kept.key)}
        assert {name: (each.dpi, each.liveness) for name, each in records.items()} == {
            "face": (None, liveness),
            "right_index": (500.0, None),
        }
        rows = uow.blobs.of_names([each.blob or "" for each in records.values()])
        for position, name in BOTH.items():
            row, content = rows[records[position].blob or ""], capture(name)
            stored = intake.blobs.get(row.name)
            assert content not in stored
            assert read_sound(intake.blobs, row) == content
            assert (row.sha256, row.size) == (hashlib.sha256(stored).hexdigest(), len(stored))
            assert (row.owner, row.stored_at) == (f"enrolment/{one.id}", Noon().now())
    intake.assert_sound()


@pytest.mark.slow
def test_a_slap_is_kept_beside_the_fingers_cut_from_it(intake: Intake, database: Engine) -> None:
    one, content = command(), slap_png([1, 2, 3, 4])
    liveness = Liveness(0.7, "a vendor")
    intake.receive(one, [SentCapture("plain_right_four", content, 500.0, liveness)])
    with intake.storage.read() as uow:
        kept = uow.enrolments.by_id(one.id)
        assert kept is not None
        fingers = uow.enrolments.captures(kept.key)
        assert [each.position for each in fingers] == [position.value for position in SLAPS["plain_right_four"]]
        assert [each.liveness for each in fingers] == [liveness] * 4
        for finger in fingers:
            intake.extractor.check(Position(finger.position), intake.opened(finger.blob or ""), finger.dpi)
    with Session(database) as session:
        (slap,) = session.scalars(select(SlapRecord))
    assert (slap.enrolment_key, slap.slap, slap.dpi) == (kept.key, "plain_right_four", 500.0)
    assert intake.opened(slap.blob or "") == content
    assert len(list(intake.blobs.names())) == 5
    intake.assert_sound()


def test_no_capture_at_all_is_fine_with_a_reason(intake: Intake) -> None:
    one = command(exceptions=(AMPUTATED,))
    intake.receive(one, [])
    with intake.storage.read() as uow:
        kept = uow.enrolments.by_id(one.id)
        assert kept is not None
        assert uow.enrolments.captures(kept.key) == ()


def test_the_same_in_another_order_and_time_zone_changes_nothing(intake: Intake, database: Engine) -> None:
    at = datetime(2026, 1, 15, 6, 30, tzinfo=UTC)
    one = command(captured_at=at, exceptions=(AMPUTATED, BANDAGED))
    captures = sent_captures(BOTH)
    intake.receive(one, captures)
    before = all_rows(database)
    again = replace(one, captured_at=at.astimezone(timezone(timedelta(hours=3))), exceptions=one.exceptions[::-1])
    assert intake.receive(again, captures[::-1]) == one.id
    assert all_rows(database) == before
    intake.assert_sound()


@pytest.mark.parametrize("differs", ["site", "a capture", "one capture more", "resolution"])
def test_the_same_uuid_with_other_content_is_refused_and_keeps_nothing(
    intake: Intake, database: Engine, differs: str
) -> None:
    one, captures = command(), sent_captures(FACE)
    intake.receive(one, captures)
    before = all_rows(database)
    other, shots = {
        "site": (replace(one, site="elsewhere"), captures),
        "a capture": (one, sent_captures({"face": "obama2.jpg"})),
        "one capture more": (one, sent_captures(BOTH)),
        "resolution": (one, [replace(captures[0], dpi=300.0)]),
    }[differs]
    with pytest.raises(EnrolmentDiffers):
        intake.receive(other, shots)
    assert all_rows(database) == before
    intake.assert_sound()


class MeetingBlobs(FileBlobs):
    """The real store; two posts write to it only once both have begun."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._meeting = Barrier(2, timeout=20)

    def put(self, name: str, content: bytes) -> None:
        self._meeting.wait()
        super().put(name, content)


def at_once(intake: Intake, tmp_path: Path, posts: Sequence[tuple[EnrolCommand, Sequence[SentCapture]]]) -> list[Any]:
    """What became of two posts, neither of which found the other's enrolment when it looked."""
    meeting = replace(intake, blobs=MeetingBlobs(tmp_path / "captures"))

    def outcome(post: tuple[EnrolCommand, Sequence[SentCapture]]) -> UUID | Exception:
        try:
            return meeting.receive(*post)
        except EnrolmentDiffers as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(outcome, posts))


def test_two_differing_posts_at_once_are_one_enrolment_and_leave_no_unowned_bytes(
    intake: Intake, tmp_path: Path
) -> None:
    one = command()
    outcomes = at_once(intake, tmp_path, [(one, sent_captures({"face": name})) for name in ("obama.jpg", "biden.jpg")])
    assert sorted(isinstance(each, EnrolmentDiffers) for each in outcomes) == [False, True]
    won = "obama.jpg" if outcomes[0] == one.id else "biden.jpg"
    (stored,) = intake.blobs.names()
    assert intake.opened(stored.name) == capture(won)
    intake.assert_sound()


def test_the_same_post_twice_at_once_is_accepted_twice_and_kept_once(intake: Intake, tmp_path: Path) -> None:
    one = command()
    assert at_once(intake, tmp_path, [(one, sent_captures(FACE))] * 2) == [one.id, one.id]
    with intake.storage.read() as uow:
        assert uow.enrolments.count_by_status() == {EnrolmentStatus.RECEIVED: 1}
    intake.assert_sound()
    assert len(list(intake.blobs.names())) == 1


Refusal = tuple[Callable[[], tuple[EnrolCommand, Sequence[SentCapture]]], type[Exception]]
REFUSED: dict[str, Refusal] = {
    "no picture": (lambda: (command(), sent_captures({"face": b"x"})), CapturesRefused),
    "one of two is no picture": (
        lambda: (command(), sent_captures({"face": "obama.jpg", "right_index": b"x"})),
        CapturesRefused,
    ),
    "a slap with a finger too few": (
        lambda: (command(), sent_captures({"face": "obama.jpg", "plain_right_four": slap_png([1, 2, 3])})),
        CapturesRefused,
    ),
    "a finger alone and in a slap": (
        lambda: (command(), sent_captures({"plain_right_four": slap_png([1, 2, 3, 4]), "right_ring": "p1_1.png"})),
        RepeatedPosition,
    ),
    "a position twice": (lambda: (command(), [*sent_captures(FACE), *sent_captures(FACE)]), RepeatedPosition),
    "an unknown position": (lambda: (command(), sent_captures({"right_toe": "p1_1.png"})), UnknownPosition),
    "nothing": (lambda: (command(), ()), NothingToEnrol),
    "captured and impossible": (
        lambda: (command(exceptions=(PositionException("face", ExceptionReason.REFUSED),)), sent_captures(FACE)),
        ContradictedException,
    ),
    "an unknown household": (
        lambda: (
            command(claim=HouseholdClaim(new_household_ids(1, lambda drawn: ())[0], Role.HEAD)),
            sent_captures(FACE),
        ),
        UnknownHousehold,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_keeps_nothing(intake: Intake, database: Engine, case: str) -> None:
    made, error = REFUSED[case]
    before = all_rows(database)
    with pytest.raises(error):
        intake.receive(*made())
    assert all_rows(database) == before
    assert list(intake.blobs.names()) == []


def test_every_capture_that_cannot_serve_is_named(intake: Intake) -> None:
    with pytest.raises(CapturesRefused) as caught:
        intake.receive(command(), sent_captures({"face": "p1_1.png", "left_thumb": b"", "right_index": "p1_1.png"}))
    assert {one.field: one.reason for one in caught.value.refused} == {"face": "no_face", "left_thumb": "capture_empty"}


def test_where_the_queue_is_full_nothing_is_kept_and_repeats_are_still_answered(
    intake: Intake, database: Engine
) -> None:
    intake.most_waiting = 2
    sent = [command() for _ in range(3)]
    for one in sent[:2]:
        intake.receive(one, sent_captures(FACE))
    before = all_rows(database)
    with pytest.raises(QueueFull, match="2 enrolments wait"):
        intake.receive(sent[2], sent_captures(FACE))
    assert intake.receive(sent[0], sent_captures(FACE)) == sent[0].id
    assert all_rows(database) == before
    intake.assert_sound()
