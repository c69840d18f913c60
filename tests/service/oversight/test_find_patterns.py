"""Patterns over a database of either kind: planted ones are found, kept once, and mark the open cases concerned."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from benchmarks.registry_rows import FINGERS, Rows
from service.adjudication.domain.cases import CaseStatus
from service.adjudication.domain.evidence import Band, Hypothesis
from service.kit.errors import TurnLost
from service.kit.turns import Lock, Sign, Turn
from service.nightly import Nightly, due
from service.oversight.domain.findings import FindingStatus, Kind, Pattern
from service.oversight.errors import FindingClosed, NoSuchFinding
from service.oversight.ports import FindingQuery
from service.oversight.usecases.find_patterns import Report, find_patterns
from service.oversight.usecases.findings import close_finding, list_findings
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER, all_rows

DEVICES, DAYS = 8, 6


@dataclass
class Later:
    """A clock that can be put forward."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class Planted:
    """An honest registry of 480 enrolments, to which patterns are added."""

    rows: Rows = field(default_factory=Rows)
    people: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for n in range(DEVICES * DAYS * 10):
            self.enrol(NOW - timedelta(days=1 + n % DAYS, hours=-n % 20), f"scanner-{n % DEVICES}", qualities=n)

    def enrol(
        self,
        at: datetime,
        device: str = "scanner-0",
        *,
        sender: str | None = None,
        qualities: int = 1,
        period: float = 9.0,
        missing: tuple[str, ...] = (),
        home: int | None = None,
    ) -> int:
        """qualities: a number, of which each seventh has one poor print. The enrolment's key."""
        subject = self.rows.person(at)
        self.people.append(subject)
        poor = (10 if qualities % 7 == 0 else 80, 80, 80, 80)
        return self.rows.enrolment(
            at,
            device,
            sender or f"token:{device}",
            subject=subject,
            qualities=poor,
            period=period,
            missing=missing,
            home=home,
        )

    def suspect(self, enrolled: int, *candidates: int, hypothesis: Hypothesis = Hypothesis.AS_STATED) -> UUID:
        named = dict.fromkeys(candidates, hypothesis)
        return self.rows.case(enrolled, self.people[enrolled - 1], NOW, named)


@pytest.fixture
def planted() -> Planted:
    return Planted()


def run(storage: SqlStorage, at: datetime | None = None) -> Report:
    return find_patterns(actor=TESTER, storage=storage, clock=Noon() if at is None else Later(at))


def marks(storage: SqlStorage, case: UUID) -> list[str]:
    with storage.read() as uow:
        found = uow.cases.by_id(case)
        assert found is not None
        return [one.code for one in found.marks]


def test_an_honest_registry_has_no_findings(database: Engine, storage: SqlStorage, planted: Planted) -> None:
    planted.rows.write(database)
    report = run(storage)
    assert (report.new, report.open_now, report.marked) == ([], [], 0)


def test_an_empty_registry_has_none(storage: SqlStorage) -> None:
    assert run(storage).open_now == []


def test_a_burst_is_found_once_and_marks_the_open_cases_of_that_day(
    database: Engine, storage: SqlStorage, planted: Planted
) -> None:
    at = NOW - timedelta(days=3, hours=-5)
    poor = []
    for _ in range(15):
        subject = planted.rows.person(at)
        qualities = [5, 5, 5, 80]
        poor.append(planted.rows.enrolment(at, "scanner-2", "token:desk", subject=subject, qualities=qualities))
        planted.people.append(subject)
    concerned = planted.suspect(poor[0], 1)
    other = planted.suspect(1, 2)
    decided = planted.rows.case(poor[1], planted.people[-1], NOW, {1: Hypothesis.AS_STATED}, status=CaseStatus.DECIDED)
    planted.rows.write(database)

    with capture_logs() as logs:
        report = run(storage)
    assert {(one.kind, one.name, one.site, one.scope) for one in report.new} == {
        (Kind.DEVICE, "scanner-2", "site", "2026-01-12"),
        (Kind.SENDER, "token:desk", "", "2026-01-12"),
    }
    for one in report.new:
        assert one.pattern is Pattern.POOR_PRINTS_BURST
        assert one.count >= 45
        assert {planted.rows.id_of(key) for key in poor} <= set(one.enrolments)
    assert marks(storage, concerned) == ["device_findings", "sender_findings"]
    assert marks(storage, other) == marks(storage, decided) == []
    assert report.marked == 2
    events = [one for one in logs if one["event"] == "finding.new"]
    assert len(events) == 2
    assert all(set(one) == {"event", "log_level", "finding", "pattern", "kind"} for one in events)

    before = all_rows(database)
    again = run(storage)
    assert (again.new, again.marked, len(again.open_now)) == ([], 0, 2)
    assert all_rows(database) == before


def test_exceptions_whose_face_matches_somebody_with_these_fingers(
    database: Engine, storage: SqlStorage, planted: Planted
) -> None:
    planted.rows.templates(1, 1, ["face", *FINGERS])
    tried = [planted.enrol(NOW - timedelta(days=20 + n), sender="token:new", missing=("left_thumb",)) for n in range(5)]
    cases = [planted.suspect(one, 1 if one != tried[0] else 2) for one in tried]
    planted.rows.write(database)
    found = [one for one in run(storage).new if one.pattern is Pattern.EXCEPTIONS_WITH_MATCHING_FACE]
    assert [(one.kind, one.name, one.count, one.of) for one in found] == [
        (Kind.DEVICE, "scanner-0", 4, DAYS * 10 + 5),
        (Kind.SENDER, "token:new", 4, 5),
    ]
    assert {one.enrolments for one in found} == {tuple(planted.rows.id_of(one) for one in tried[1:])}
    assert marks(storage, cases[0]) == []  # of a person without this finger
    assert marks(storage, cases[1]) == ["device_findings", "sender_findings"]


def test_the_same_person_in_a_sender_s_unrelated_enrolments(
    database: Engine, storage: SqlStorage, planted: Planted
) -> None:
    tried = [planted.enrol(NOW - timedelta(days=40 + n), sender="token:desk") for n in range(6)]
    cases = [planted.suspect(one, 7) for one in tried]
    planted.rows.write(database)
    (found,) = run(storage).new
    assert (found.pattern, found.kind, found.name) == (Pattern.SENDER_IN_ENROLMENTS, Kind.SENDER, "token:desk")
    with storage.read() as uow:
        assert found.scope == str(uow.people.by_key(7).id)
    assert (found.count, found.of) == (6, 6)
    assert set(found.enrolments) == {planted.rows.id_of(one) for one in tried}
    assert {tuple(marks(storage, one)) for one in cases} == {("sender_findings",)}


def test_a_household_whose_members_resemble_each_other_is_no_pattern(
    database: Engine, storage: SqlStorage, planted: Planted
) -> None:
    home = planted.rows.household(NOW, 7)
    another = planted.rows.household(NOW)
    for home_of_all in (home, another):  # with the person named, and all of one home that is not theirs
        for n in range(6):
            at = NOW - timedelta(days=40 + n)
            planted.suspect(planted.enrol(at, sender="token:desk", home=home_of_all), 7)
    planted.rows.write(database)
    assert run(storage).new == []


def test_who_lives_with_the_person_named_does_not_count(
    database: Engine, storage: SqlStorage, planted: Planted
) -> None:
    home = planted.rows.household(NOW, 7)
    for n in range(7):
        planted.suspect(planted.enrol(NOW - timedelta(days=40 + n), sender="token:desk", home=None if n else home), 7)
    planted.rows.write(database)
    (found,) = run(storage).new
    assert found.count == 6


@pytest.mark.parametrize("hypothesis", [Hypothesis.FACE_ALONE, Hypothesis.SOME_FALSE])
def test_one_face_with_ever_new_fingers(
    database: Engine, storage: SqlStorage, planted: Planted, hypothesis: Hypothesis
) -> None:
    tried = [planted.enrol(NOW - timedelta(days=40 + n), f"scanner-{n}") for n in range(5)]
    cases = [planted.suspect(one, 7, hypothesis=hypothesis) for one in tried]
    planted.rows.write(database)
    (found,) = run(storage).new
    with storage.read() as uow:
        assert found.name == str(uow.people.by_key(7).id)
    assert (found.pattern, found.kind, found.count) == (Pattern.NEW_FINGERS_FOR_A_FACE, Kind.PERSON, 5)
    assert set(found.enrolments) == {planted.rows.id_of(one) for one in tried}
    assert {tuple(marks(storage, one)) for one in cases} == {("person_findings",)}


def test_a_scanner_that_lies_is_found_and_the_finding_ends_by_itself(
    database: Engine, storage: SqlStorage, planted: Planted
) -> None:
    lying = [planted.enrol(NOW - timedelta(days=2), "scanner-x", period=9.0 * 500 / 400) for _ in range(40)]
    planted.rows.write(database)
    (found,) = run(storage).new
    assert (found.pattern, found.name, found.scope) == (Pattern.RESOLUTION_DRIFT, "scanner-x", "of the file")
    assert (found.measured, found.usual) == (11.25, 9.0)
    assert set(found.enrolments) == {planted.rows.id_of(one) for one in lying}

    for _ in range(60):
        planted.enrol(NOW + timedelta(hours=1), "scanner-x", period=9.1)
    planted.rows.write(database)
    (ended,) = run(storage).ended
    assert (ended.id, ended.status, ended.closed_by) == (found.id, FindingStatus.CLOSED, TESTER.id)


def test_a_finding_that_was_closed_comes_again_only_with_new_enrolments(
    database: Engine, storage: SqlStorage, planted: Planted
) -> None:
    for n in range(6):
        planted.suspect(planted.enrol(NOW - timedelta(days=40 + n), sender="token:desk"), 7)
    planted.rows.write(database)
    (first,) = run(storage).new
    for finding, error in ((first.id, None), (first.id, FindingClosed), (UUID(int=1), NoSuchFinding)):
        if error is None:
            close_finding(finding, "her twin sister", actor=TESTER, storage=storage, clock=Noon())
        else:
            with pytest.raises(error):
                close_finding(finding, "her twin sister", actor=TESTER, storage=storage, clock=Noon())
    assert run(storage).new == []
    for more in (2, 1):
        for _ in range(more):
            planted.suspect(planted.enrol(NOW + timedelta(hours=13), sender="token:desk"), 7)
        planted.rows.write(database)
        report = run(storage, NOW + timedelta(hours=14))
    (second,) = report.new
    assert second.count == 9
    everything = list_findings(FindingQuery(), actor=TESTER, storage=storage)
    assert [one.id for one in everything] == [first.id, second.id]
    still_open = FindingQuery(FindingStatus.OPEN, Pattern.SENDER_IN_ENROLMENTS, first.id)
    assert [one.id for one in list_findings(still_open, actor=TESTER, storage=storage)] == [second.id]


def test_people_who_were_merged_are_one(database: Engine, storage: SqlStorage, planted: Planted) -> None:
    for n in range(6):
        planted.suspect(planted.enrol(NOW - timedelta(days=40 + n), sender="token:desk"), 7 + n % 3)
    planted.rows.write(database)
    with storage.write() as uow:
        people = uow.people.by_keys([7, 8, 9])
        people[9].merge_into(people[8])
        people[8].merge_into(people[7])
        uow.commit()
    (found,) = run(storage).new
    assert (found.count, found.scope, len(found.enrolments)) == (6, str(people[7].id), 6)


def test_certain_pairs_join_people_into_one_face(database: Engine, storage: SqlStorage, planted: Planted) -> None:
    before = 7
    for n in range(6):
        one = planted.enrol(NOW - timedelta(days=40 + n), f"scanner-{n}")
        named = {before: Hypothesis.FACE_ALONE}
        planted.rows.case(one, planted.people[one - 1], NOW, named, band=Band.DUPLICATE)
        before = planted.people[one - 1]
    planted.rows.write(database)
    patterns = {one.pattern: one.count for one in run(storage).new}
    assert patterns in ({}, {Pattern.NEW_FINGERS_FOR_A_FACE: 6})


# Once per night


@pytest.fixture
def night(storage: SqlStorage) -> tuple[Nightly, Later]:
    clock = Later(NOW.replace(hour=1))
    numbers = iter(range(1, 100))

    class Held:
        def __enter__(self) -> Turn:
            with storage.write() as uow:
                turn = uow.turns.take(Lock.PATTERNS)
                uow.commit()
            assert turn.number == next(numbers)
            return turn

        def __exit__(self, *exc: object) -> None:
            return None

    return Nightly(storage, Held, clock, 2, TESTER), clock


def test_it_runs_once_per_night_and_when_it_never_ran(night: tuple[Nightly, Later]) -> None:
    nightly, clock = night
    ran = []
    for hours in (0, 0.5, 1, 1.5, 20, 24.9, 25, 26, 100):
        clock.at = NOW.replace(hour=1) + timedelta(hours=hours)
        ran.append(nightly.search_if_due())
    assert ran == [True, False, True, False, False, False, True, False, True]


def test_who_does_not_have_the_turn_does_not_search(storage: SqlStorage) -> None:
    class Taken:
        def __enter__(self) -> None:
            return None

        def __exit__(self, *exc: object) -> None:
            return None

    assert not Nightly(storage, Taken, Noon(), 2, TESTER).search_if_due()
    with storage.write() as uow:
        assert uow.turns.last_sign(Lock.PATTERNS) is None


def test_who_gets_the_turn_after_another_searched_does_not_search_again(storage: SqlStorage) -> None:
    class JustDone:
        def __enter__(self) -> Turn:
            with storage.write() as uow:
                theirs = uow.turns.take(Lock.PATTERNS)
                uow.turns.show(theirs, Sign(Noon().now(), None))
                mine = uow.turns.take(Lock.PATTERNS)
                uow.commit()
            return mine

        def __exit__(self, *exc: object) -> None:
            return None

    assert not Nightly(storage, JustDone, Noon(), 2, TESTER).search_if_due()


def test_a_search_whose_turn_has_passed_keeps_nothing(database: Engine, storage: SqlStorage, planted: Planted) -> None:
    for n in range(6):
        planted.suspect(planted.enrol(NOW - timedelta(days=40 + n), sender="token:desk"), 7)
    planted.rows.write(database)
    with storage.write() as uow:
        mine, _ = uow.turns.take(Lock.PATTERNS), uow.turns.take(Lock.PATTERNS)
        uow.commit()
    with pytest.raises(TurnLost):
        run(storage.in_turn(mine))
    assert list_findings(FindingQuery(), actor=TESTER, storage=storage) == []


def test_the_hour_that_was_last() -> None:
    assert due(NOW.replace(hour=1), 2) == NOW.replace(hour=2) - timedelta(days=1)
    assert due(NOW.replace(hour=2), 2) == NOW.replace(hour=2)
