"""The rate of false alarms, from what the searches of enrolments found and operators decided."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from service.bootstrap import App
from service.cli import app as cli
from service.deduplication.domain.search import TAIL_LEAST, BestFound, SearchPolicy, false_alarms
from service.deduplication.usecases.measure_rates import Rates, measure_rates
from service.kit.ids import new_uuid
from service.registry.domain.people import Person, PersonStatus
from service.storage.unit import SqlStorage
from tests.service.made_up import AMINA, NOW, TESTER, received, sent

POLICY = SearchPolicy(fpir_review=0.01, fpir_duplicate=0.0001, candidates=5)
AGAIN = {"face": "obama2.jpg", "right_index": "p1_2.png"}
FIRST = {"face": "obama.jpg", "right_index": "p1_1.png"}
SECOND = {"face": "biden.jpg", "right_index": "p2_1.png"}


def rates_of(storage: SqlStorage) -> Rates:
    return measure_rates(actor=TESTER, storage=storage, policy=POLICY)


def best_of_searches(count: int, *, too_often: float = 1.0) -> list[float]:
    """Excesses of the best of many strangers, who reach each rarity `too_often` times as often as it says."""
    uniform = np.random.default_rng(1).uniform(size=count)
    excesses: list[float] = (-np.log10(-np.log1p(-uniform) / too_often)).tolist()
    return excesses


def test_where_rarities_are_what_they_say_the_promise_holds() -> None:
    for promised in (0.01, 0.001):
        found = false_alarms(best_of_searches(50_000), 50_000, promised)
        assert found.low <= promised <= found.high
        assert found.fitted == pytest.approx(promised, rel=0.25)


def test_where_strangers_resemble_each_other_more_the_interval_and_the_tail_show_it() -> None:
    found = false_alarms(best_of_searches(50_000, too_often=5), 50_000, 0.01)
    assert found.low > 0.04
    assert found.fitted == pytest.approx(0.05, rel=0.25)


def test_few_searches_say_little() -> None:
    found = false_alarms([], 10, 0.01)
    assert (found.observed, found.low, found.fitted) == (0, 0.0, None)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 10))
    assert false_alarms([2.5], 1, 0.01).high == 1.0
    assert false_alarms([1.0] * TAIL_LEAST, 100, 0.01).fitted is None


def searched(storage: SqlStorage, *found: tuple[PersonStatus, float | None]) -> None:
    """Each found the person before it, with such a rarity among a thousand; the status is the subject's."""
    with storage.write() as uow:
        before: Person | None = None
        for at, (status, rarity) in enumerate(found):
            person = Person(new_uuid(), AMINA, NOW, status, str(1000 + at))
            uow.people.add(person)
            enrolment = sent()
            uow.enrolments.add(enrolment)
            uow.flush()
            enrolment.person_key = person.key
            if status is PersonStatus.MERGED and before is not None:
                person.survivor_key = before.key
            best = None if rarity is None or before is None else before.key
            uow.searches.add([BestFound(enrolment.key, 1000, best, rarity)])
            before = person
        uow.commit()


def test_only_searches_that_operators_have_decided_on_count(storage: SqlStorage) -> None:
    searched(
        storage,
        (PersonStatus.ACTIVE, None),
        (PersonStatus.ACTIVE, 5.1),  # of another person: a false alarm
        (PersonStatus.MERGED, 9.0),  # of the subject
        (PersonStatus.PENDING, 6.0),
        (PersonStatus.WITHDRAWN, 6.0),
        (PersonStatus.ACTIVE, 3.0),
    )
    found = rates_of(storage)
    assert (found.searches, found.mated, found.undecided) == (3, 1, 1)
    assert [(one.promised, one.observed) for one in found.alarms] == [(0.01, 1), (0.0001, 0)]


def test_a_registry_without_searches_has_no_rates(storage: SqlStorage) -> None:
    assert rates_of(storage) == Rates(0, 0, 0, [])


def test_every_enrolment_keeps_what_its_search_found(app: App) -> None:
    for shots in (FIRST, SECOND, AGAIN):
        received(app, shots)
        app.worker.processor.process_waiting(actor=TESTER)
    with app.store.storage.read() as uow:
        kept = [(best, person) for best, person in uow.searches.best_after(0, 10)]
        again, later = uow.searches.best_after(kept[-2][0].key, 10), uow.searches.best_after(kept[-1][0].key, 10)
    assert [best.people for best, _ in kept] == [0, 1, 2]
    assert [best for best, _ in again] == [kept[-1][0]]
    assert later == []
    last, subject = kept[-1]
    assert last.person_key == kept[0][1] != subject
    assert last.excess > 2
    assert kept[0][0].excess == -math.inf
    assert rates_of(app.store.storage).undecided == 1


def test_the_command_shows_them(tmp_path: Path) -> None:
    found = CliRunner().invoke(cli, ("gallery", "rates", "--json"), env={"JISR_HOME": str(tmp_path)})
    assert json.loads(found.stdout) == {"searches": 0, "mated": 0, "undecided": 0, "alarms": []}
    shown = CliRunner().invoke(cli, ("gallery", "rates"), env={"JISR_HOME": str(tmp_path)})
    assert "FPIR promised" in shown.stdout
