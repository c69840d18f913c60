"""What is kept no longer: class by class, with evidence, and what goes on without it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update

from service.adjudication.domain.cases import Decision
from service.audit.domain.actions import Action
from service.bootstrap import purger_of
from service.enrolment.domain.enrolments import Enrolment, EnrolmentStatus
from service.enrolment.errors import EnrolmentErased
from service.enrolment.storage import enrolment, template
from service.enrolment.usecases.extract_again import extract_again
from service.enrolment.usecases.process_again import process_again
from service.kit.errors import SealBroken
from service.kit.ids import new_uuid
from service.kit.sealing import KeyClass, new_key
from service.kit.sql.blobs import FileBlobs
from service.kit.sql.key_tables import period_key
from service.kit.turns import Turn
from service.oversight.domain.findings import Finding, Found, Kind, Pattern, Subject, new_finding
from service.privacy.domain.retention import Kept, Periods
from service.privacy.storage.holdings import SqlHoldings
from service.privacy.usecases.purge import Purged, count_due, purge
from service.registry.domain.people import PersonStatus
from service.storage.unit import SqlStorage, SqlUnitOfWork
from service.storage.verify import verify_store
from tests.service.audit.noted import entries_of
from tests.service.made_up import NOW, TESTER, all_rows, received
from tests.service.privacy.conftest import AGAIN, FIRST, NAME, SECOND, Registry
from tests.service.privacy.test_erase import Crash, crash_at

PERIODS = Periods(captures=1825, refused=180, findings=365)


@dataclass(frozen=True)
class Later:
    """A clock that is some days ahead."""

    days: int

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)


def purged(registry: Registry, days: int, periods: Periods = PERIODS) -> Purged:
    store = registry.app.store
    return purge(
        periods,
        actor=TESTER,
        storage=store.storage,
        blobs=store.blobs,
        cleaner=store.cleaner,
        clock=Later(days),
    )


def due(registry: Registry, days: int) -> dict[Kept, int]:
    store = registry.app.store
    return dict(count_due(PERIODS, actor=TESTER, storage=store.storage, clock=Later(days)))


def files_of(registry: Registry, enrolment: UUID) -> int:
    return sum(str(enrolment) in str(path) for path in registry.files())


def assert_sound(registry: Registry) -> None:
    store = registry.app.store
    assert verify_store(actor=TESTER, storage=store.storage, blobs=store.blobs, clock=store.clock).sound


def test_captures_go_when_their_period_is_over_and_their_person_is_still_found(registry: Registry) -> None:
    first = registry.enrol(FIRST)
    assert purged(registry, 1824).items == dict.fromkeys(Kept, 0)
    assert due(registry, 1826) == {Kept.CAPTURES: 1, Kept.REFUSED: 0, Kept.FINDINGS: 0}
    assert files_of(registry, first) == 2
    done = purged(registry, 1826)
    assert (done.items[Kept.CAPTURES], done.files, done.keys) == (1, 2, 1)
    assert files_of(registry, first) == 0
    assert_sound(registry)
    entry, total = entries_of(registry.app.store.database, Action.DATA_PURGE)[-2:]
    details = json.loads(entry.details)
    assert (details["class"], details["days"], details["files"], details["keys"]) == ("captures", 1825, 2, 1)
    assert json.loads(total.details)["purged"] == {"captures": 1, "refused": 0, "findings": 0}
    assert purged(registry, 1826).items == dict.fromkeys(Kept, 0)
    registry.enrol(AGAIN)
    with registry.app.store.storage.read() as uow:
        (candidate,) = uow.cases.candidates(1)
        assert uow.people.by_key(candidate.person_key).number == registry.number(first)


def test_a_period_of_0_days_has_no_end(registry: Registry) -> None:
    first = registry.enrol(FIRST)
    assert purged(registry, 100_000, Periods(0, 0, 0)).files == 0
    assert files_of(registry, first) == 2


def test_captures_in_an_open_case_stay(registry: Registry) -> None:
    first, again = registry.enrol(FIRST), registry.enrol(AGAIN)
    purged(registry, 1826)
    assert (files_of(registry, first), files_of(registry, again)) == (2, 2)


def test_who_was_refused_goes_after_a_while_and_nothing_else_of_them_stays(registry: Registry) -> None:
    first, again = registry.enrol(FIRST), registry.enrol(AGAIN, "Zeinab Planted Again")
    registry.decide(Decision.DATA_ERROR)
    assert due(registry, 179)[Kept.REFUSED] == 0
    done = purged(registry, 181)
    assert (done.items[Kept.REFUSED], done.files) == (1, 2)
    assert (files_of(registry, first), files_of(registry, again)) == (2, 0)
    with pytest.raises(EnrolmentErased):
        received(registry.app, AGAIN, id=again)
    with registry.app.store.storage.read() as uow:
        enrolment = uow.enrolments.by_id(again)
        assert enrolment is not None
        assert enrolment.person_key is not None
        person = uow.people.by_key(enrolment.person_key)
        assert (person.status, person.demographics.names) == (PersonStatus.ERASED, ())
        assert uow.people.by_number(registry.number(first)) is not None
    assert_sound(registry)


def test_what_failed_by_the_machine_s_fault_is_not_refused(registry: Registry) -> None:
    waiting = received(registry.app, SECOND)
    for path in registry.files():
        if str(waiting) in str(path):
            path.unlink()
    registry.app.worker.process()
    assert purged(registry, 10_000).items == dict.fromkeys(Kept, 0)
    process_again(waiting, actor=TESTER, storage=registry.app.store.storage)


def finding(storage: SqlStorage) -> Finding:
    with storage.write() as uow:
        about = Subject(Kind.DEVICE, "a counter's", "a site")
        found = Found(Pattern.POOR_PRINTS_BURST, about, "", count=1, of=1, expected=0, since=NOW, until=NOW)
        made = new_finding(new_uuid(), found, NOW)
        uow.findings.add(made)
        uow.commit()
    return made


def test_findings_go_a_year_after_they_were_closed(registry: Registry) -> None:
    storage = registry.app.store.storage
    stays, goes = finding(storage), finding(storage)
    with storage.write() as uow:
        found = uow.findings.by_id(goes.id)
        assert found is not None
        found.close("nothing of it", TESTER.id, Later(0).now())
        uow.commit()
    assert purged(registry, 364).items[Kept.FINDINGS] == 0
    assert purged(registry, 366).items[Kept.FINDINGS] == 1
    with storage.read() as uow:
        assert uow.findings.by_id(goes.id) is None
        assert uow.findings.by_id(stays.id) is not None


@pytest.mark.parametrize(("call", "after"), [(1, False), (1, True), (2, True)])
def test_a_purge_that_was_cut_short_goes_on(
    registry: Registry, call: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = registry.enrol(FIRST)
    with monkeypatch.context() as patch:
        crash_at(patch, FileBlobs, "delete", call, after)
        with pytest.raises(Crash):
            purged(registry, 1826)
    purged(registry, 1826)
    assert files_of(registry, first) == 0
    assert_sound(registry)


def test_each_batch_goes_on_after_the_one_before(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.privacy.usecases.purge.AT_ONCE", 1)
    first, second = registry.enrol(FIRST), registry.enrol(SECOND)
    asked: list[int] = []
    whole = SqlHoldings.due_captures

    def noting(holdings: SqlHoldings, before: datetime, limit: int, after: int) -> Sequence[Enrolment]:
        asked.append(after)
        return whole(holdings, before, limit, after)

    monkeypatch.setattr(SqlHoldings, "due_captures", noting)
    assert purged(registry, 1826).items[Kept.CAPTURES] == 2
    assert (files_of(registry, first), files_of(registry, second)) == (0, 0)
    assert asked == [0, 1, 2]


@dataclass(frozen=True)
class Meanwhile:
    """A storage in which something happens before the first transaction that writes."""

    storage: SqlStorage
    happens: list[Callable[[], object]]

    def read(self) -> SqlUnitOfWork:
        return self.storage.read()

    def write(self) -> SqlUnitOfWork:
        if self.happens:
            self.happens.pop()()
        return self.storage.write()

    def in_turn(self, turn: Turn) -> SqlStorage:
        return self.storage.in_turn(turn)


def test_pictures_stay_of_whom_a_case_is_opened_about_at_that_moment(registry: Registry) -> None:
    first, store = registry.enrol(FIRST), registry.app.store
    meanwhile = Meanwhile(store.storage, [lambda: registry.enrol(AGAIN)])
    purge(PERIODS, actor=TESTER, storage=meanwhile, blobs=store.blobs, cleaner=store.cleaner, clock=Later(1826))
    assert meanwhile.happens == []
    assert files_of(registry, first) == 2
    assert_sound(registry)


def test_the_night_purges_once(registry: Registry) -> None:
    """And first in the night after the first start: there is time to set the periods."""
    store = registry.app.store
    assert not purger_of(store).search_if_due()
    assert entries_of(store.database, Action.DATA_PURGE) == []
    nightly = purger_of(replace(store, clock=Later(1)))  # type: ignore[arg-type]
    assert nightly.search_if_due()
    assert not nightly.search_if_due()
    assert len(entries_of(store.database, Action.DATA_PURGE)) == 1


def test_keys_of_months_under_which_nothing_is_left_are_destroyed(database: Engine, storage: SqlStorage) -> None:
    with storage.write() as uow:
        for owner, kind in (("person/1", KeyClass.PERSON), ("person/2", KeyClass.PERSON), ("person/1", KeyClass.NOTE)):
            uow.keys.add(new_key(owner, kind))
        uow.keys.destroy(["person/1"])
        uow.commit()
    with database.begin() as connection:
        connection.execute(update(period_key).values(period="2026-01"))
    with storage.write() as uow:
        assert uow.keys.destroy_spent("2026-01") == []
        assert uow.keys.destroy_spent("2026-02") == ["note 2026-01"]
        uow.commit()
    with database.connect() as connection:
        assert connection.scalars(select(period_key.c.kind)).all() == ["person"]


def test_templates_whose_captures_are_gone_stay_until_they_are_given_up(registry: Registry) -> None:
    """After a change of networks, they can be neither made anew nor compared."""
    registry.enrol(FIRST)
    purged(registry, 1826)
    store = registry.app.store
    with store.database.begin() as connection:
        connection.execute(update(template).where(template.c.position == "face").values(model="another"))

    def again(forgo: bool) -> tuple[int, int]:
        left = extract_again(
            actor=TESTER,
            storage=store.storage,
            extractor=registry.app.extractor,
            blobs=store.blobs,
            progress=lambda n: None,
            forgo=forgo,
        )
        with store.database.connect() as connection:
            return left.without, len(connection.scalars(select(template.c.key)).all())

    assert again(forgo=False) == (1, 2)
    assert again(forgo=True) == (0, 1)


def test_nothing_of_the_refused_is_in_the_database(registry: Registry) -> None:
    registry.enrol(FIRST, "Moussa Stays")
    refused = registry.enrol(AGAIN)
    registry.decide(Decision.INSUFFICIENT)
    sealed = select(enrolment.c.sealed).where(enrolment.c.status == EnrolmentStatus.UNUSABLE)
    with registry.app.store.database.connect() as connection:
        (sent,) = connection.scalars(sealed).all()
    assert NAME.encode() in registry.app.store.storage.vault.open(sent, f"enrolment/{refused}/sealed")
    purged(registry, 181)
    with pytest.raises(SealBroken, match="destroyed"):
        registry.app.store.storage.vault.open(sent, f"enrolment/{refused}/sealed")
    assert repr(sent) not in repr(all_rows(registry.app.store.database))


class Counting:
    """Cleans nothing, and counts how often it is asked to."""

    def __init__(self, fails: bool = False, held: bool = False) -> None:
        self.rewritten, self._fails, self.held = 0, fails, held

    def clean(self) -> bool:
        return True

    def rewrite(self) -> bool:
        self.rewritten += 1
        if self._fails:
            raise Crash
        return not self.held


def test_the_database_is_written_anew_only_where_something_was_destroyed_since(registry: Registry) -> None:
    """Others wait meanwhile."""
    cleaner, failing, held, store = Counting(), Counting(fails=True), Counting(held=True), registry.app.store

    def night(with_cleaner: Counting) -> int:
        purge(PERIODS, actor=TESTER, storage=store.storage, blobs=store.blobs, cleaner=with_cleaner, clock=store.clock)
        return with_cleaner.rewritten

    number = registry.number(registry.enrol(FIRST))
    assert night(cleaner) == 0
    registry.erase(number)
    with pytest.raises(Crash):
        night(failing)
    assert night(held) == 1
    assert night(cleaner) == 1
    assert night(cleaner) == 1
