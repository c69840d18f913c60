"""Days that bring tasks, on both kinds of database. The clock is the tests'."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from service.audit.domain.actions import Action
from service.audit.ports import EntryQuery
from service.registry.domain.births import month_of, still_to_come
from service.registry.domain.changes import ChangeKind
from service.registry.domain.households import LifeStatus, PersonState
from service.registry.domain.people import Demographics
from service.registry.steps.record import begin, new_change
from service.registry.usecases.open_due import Opened, open_due
from service.settings import Settings
from service.storage.unit import SqlStorage, SqlUnitOfWork
from service.tasks.domain.due import Due, DueKind, Reading
from service.tasks.domain.tasks import Outcome, Task, TaskKind
from service.tasks.ports import TaskQuery
from service.tasks.steps.due import drop_dues, note_birth_changed, plan_expiry
from tests.service.made_up import AMINA, NOW, TESTER
from tests.service.registry.test_storage import added

AGES = (5, 15)


@dataclass
class Calendar:
    """A clock of which the day is set."""

    today: date

    def now(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 2, tzinfo=UTC)


@dataclass
class Registry:
    storage: SqlStorage
    clock: Calendar

    def born(self, *births: str | int | None) -> list[int]:
        """People with these birth dates or years; their keys."""
        with self.storage.write() as uow:
            people = [added(uow) for _ in births]
            for who, birth in zip(people, births, strict=True):
                who.demographics = _born(birth)
            uow.commit()
        return [who.key for who in people]

    def open(self, ages: tuple[int, ...] = AGES, page: int = 500) -> Opened:
        return open_due(ages, actor=TESTER, storage=self.storage, clock=self.clock, page=page)

    def on(self, day: str) -> list[tuple[int | None, TaskKind, str]]:
        """The tasks that this day's opening adds, each by person and kind with the day it is due."""
        self.clock.today = date.fromisoformat(day)
        before = {one.id for one in self.tasks()}
        self.open()
        return [(one.person_key, one.kind, str(one.due)) for one in self.tasks() if one.id not in before]

    def tasks(self) -> list[Task]:
        with self.storage.read() as uow:
            return list(uow.tasks.page(TaskQuery()))

    def dues(self) -> list[tuple[int, str, str]]:
        with self.storage.read() as uow:
            found = uow.dues.come(date.max, 1000)
            return sorted((one.person, one.kind.value, one.on.isoformat()) for one in found)


def _born(birth: str | int | None) -> Demographics:
    year = birth if isinstance(birth, int) else None
    return replace(AMINA, birth_date=date.fromisoformat(birth) if isinstance(birth, str) else None, birth_year=year)


@pytest.fixture
def registry(storage: SqlStorage) -> Registry:
    return Registry(storage, Calendar(NOW.date()))


def test_a_month_and_never_the_day_is_kept_of_a_birth() -> None:
    assert month_of(_born("2008-02-29"), 18) == date(2026, 2, 1)
    assert month_of(_born(2008), 18) == date(2026, 12, 1)
    assert month_of(_born(None), 18) is None
    assert still_to_come(_born("2011-01-31"), (5, 15, 18), date(2026, 1, 15)) == [
        (15, date(2026, 1, 1)),
        (18, date(2029, 1, 1)),
    ]
    assert still_to_come(_born("2007-12-31"), (18,), date(2026, 1, 1)) == []


def test_the_month_in_which_an_age_is_reached_brings_one_task(registry: Registry) -> None:
    baby, youth, *_ = registry.born("2021-03-09", "2008-02-29", "1980-01-01", None)
    (by_year,) = registry.born(2008)
    assert registry.on("2026-01-15") == []
    assert registry.dues() == [
        (baby, "captures_due", "2026-03-01"),
        (baby, "captures_due", "2036-03-01"),
        (baby, "turning_18", "2039-03-01"),
        (youth, "turning_18", "2026-02-01"),
        (by_year, "turning_18", "2026-12-01"),
    ]
    assert registry.on("2026-01-31") == []
    assert registry.on("2026-02-01") == [(youth, TaskKind.TURNING_18, "2026-02-28")]
    assert registry.on("2026-02-02") == []
    assert registry.on("2026-03-20") == [(baby, TaskKind.CAPTURES_DUE, "2026-03-31")]
    assert registry.tasks()[1].details == {"age": 5}
    assert registry.on("2026-12-31") == [(by_year, TaskKind.TURNING_18, "2026-12-31")]
    assert registry.on("2036-03-01") == []  # the task of before waits still
    assert [who for who, *_ in registry.dues()] == [baby]


def test_a_birth_is_read_once_and_pages_stop_and_go_on(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.born(*["2008-01-01"] * 5)
    commits = iter(range(3))
    commit = SqlUnitOfWork.commit

    def stopping(uow: SqlUnitOfWork) -> None:
        if next(commits, None) is None:
            raise KeyboardInterrupt
        commit(uow)

    with monkeypatch.context() as patch:
        patch.setattr(SqlUnitOfWork, "commit", stopping)
        with pytest.raises(KeyboardInterrupt):
            registry.open(page=2)
    assert (len(registry.dues()), registry.tasks()) == (4, [])
    assert registry.open(page=2) == Opened(read=1, tasks=5)
    assert registry.open(page=2) == Opened(read=0, tasks=0)
    registry.born("2008-01-01")
    assert registry.open() == Opened(read=1, tasks=1)


def test_other_ages_have_all_births_read_again(registry: Registry) -> None:
    (child,) = registry.born("2018-06-01")
    registry.open()
    assert registry.open((10,)) == Opened(read=1, tasks=0)
    assert registry.dues() == [(child, "captures_due", "2028-06-01"), (child, "turning_18", "2036-06-01")]
    assert registry.open(()) == Opened(read=1, tasks=0)
    assert registry.dues() == [(child, "turning_18", "2036-06-01")]
    with registry.storage.read() as uow:
        assert uow.dues.reading() == Reading(child, ())


def test_a_birth_that_is_corrected_is_read_again(registry: Registry) -> None:
    (child,) = registry.born("2008-02-01")
    registry.open()
    with registry.storage.write() as uow:
        uow.people.by_key(child).demographics = _born("2009-02-01")
        note_birth_changed(uow, child, registry.clock.today)
        uow.commit()
    assert registry.on("2026-02-01") == []
    assert registry.dues() == [(child, "turning_18", "2027-02-01")]


def test_nothing_becomes_due_of_who_is_no_more_there(registry: Registry) -> None:
    left, merged, survivor = registry.born("2008-02-01", "2008-02-01", None)
    registry.open()
    with registry.storage.write() as uow:
        plan_expiry(uow, merged, "a", date(2026, 1, 20))
        uow.people.by_key(left).withdraw()
        uow.people.by_key(merged).merge_into(uow.people.by_key(survivor))
        uow.commit()
    assert registry.on("2026-02-01") == [(survivor, TaskKind.DOCUMENT_EXPIRED, "None")]  # papers go on counting
    assert registry.dues() == []
    (dead,) = registry.born("2008-03-01")
    registry.open()
    with registry.storage.write() as uow:
        drop_dues(uow, [dead])
        uow.commit()
    assert registry.dues() == []


def test_a_document_expires_once_and_one_that_is_renewed_does_not(registry: Registry) -> None:
    (who,) = registry.born(None)
    with registry.storage.write() as uow:
        for document, day in (("a", 16), ("b", 16), ("c", 16), ("d", 15)):
            plan_expiry(uow, who, document, date(2026, 1, day))
        plan_expiry(uow, who, "b", None)
        plan_expiry(uow, who, "c", date(2030, 1, 1))
        uow.commit()
    assert [(one.kind, one.ref) for one in (registry.on("2026-01-15"), registry.tasks())[1]] == [
        (TaskKind.DOCUMENT_EXPIRED, "d")
    ]
    registry.on("2026-01-16")
    assert [one.ref for one in registry.tasks()] == ["d", "a"]
    assert registry.dues() == [(who, "document_expired", "2030-01-01")]


def test_what_is_closed_comes_again_only_with_another_age(registry: Registry) -> None:
    (child,) = registry.born("2021-02-01")
    registry.on("2026-02-01")
    with registry.storage.write() as uow:
        (one,) = uow.tasks.page(TaskQuery())
        one.close(Outcome.CAPTURES_ADDED, None, "operator:Hawa", NOW)
        uow.commit()
    assert registry.on("2026-02-02") == []
    assert registry.on("2036-02-01") == [(child, TaskKind.CAPTURES_DUE, "2036-02-29")]


def test_who_was_read_or_got_a_task_may_learn_of_it(registry: Registry) -> None:
    (child,) = registry.born("2008-01-01")
    registry.open()
    with registry.storage.read() as uow:
        who = uow.people.by_key(child)
        noted = uow.audit_records.find(EntryQuery(people=[who.id]))
    assert [one.action for one in noted] == [Action.BIRTH_READ, Action.TASK_OPEN]


def test_of_a_kind_person_and_ref_there_is_one_day(registry: Registry) -> None:
    (who,) = registry.born(None)
    due = Due(DueKind.TURNING_18, who, NOW.date(), "18")
    with registry.storage.write() as uow:
        uow.dues.put([due, replace(due, on=date(2027, 1, 1)), replace(due, ref="19")])
        uow.dues.put([])
        uow.dues.put([replace(due, on=date(2028, 1, 1))])
        assert [one.on.year for one in uow.dues.come(date.max, 9)] == [2026, 2028]
        assert uow.dues.come(date(2026, 1, 14), 9) == []
        uow.dues.remove([due])
        assert len(uow.dues.come(date.max, 9)) == 1


def test_ages_are_those_of_people() -> None:
    assert Settings(recapture_ages="15, 5,5").ages_of_recapture == (5, 15)
    assert Settings(recapture_ages="").ages_of_recapture == ()
    for wrong in ("0", "-1", "five", "121", "5;15"):
        with pytest.raises(ValidationError):
            Settings(recapture_ages=wrong)


def test_nothing_becomes_due_of_who_died_or_emigrated(registry: Registry) -> None:
    died, emigrated, there = registry.born("2008-06-15", "2008-06-20", "2008-06-25")
    registry.clock.today = date(2026, 1, 15)
    registry.open()
    with registry.storage.write() as uow:
        change = new_change(ChangeKind.PERSON_STATE_CHANGED, date(2026, 1, 15), NOW, TESTER)
        begin(uow, [change])
        for key, status in ((died, LifeStatus.DECEASED), (emigrated, LifeStatus.EMIGRATED)):
            valid = {"valid_from": change.effective, "recorded_by": change.key}
            uow.history.write(PersonState(person_key=key, status=status, **valid))  # type: ignore[arg-type]
        uow.commit()
    assert [(key, kind) for key, kind, _ in registry.on("2026-06-02")] == [(there, TaskKind.TURNING_18)]
