"""Everyone against everyone by what they state, on both kinds of database."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine

from service.adjudication.domain.cases import CaseStatus, Decision, Origin
from service.adjudication.domain.evidence import Hypothesis
from service.adjudication.ports import CaseQuery
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.deduplication.usecases import search_statements as step
from service.deduplication.usecases.search_statements import Searched, search_statements
from service.enrolment.ports import TemplateRecord
from service.kit.ids import new_uuid
from service.registry.domain.people import Demographics, Name, Person, PersonStatus, Sex
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.deduplication.test_check_statement import ARABIC, HASSAN, add
from tests.service.deduplication.test_stated_candidates import POLICY
from tests.service.made_up import NOW, TESTER, sent, storage_of, stored_capture

OTHERS = [
    Demographics((Name("Latn", name),), Sex.FEMALE, date(1960 + 9 * place, 1 + place, 11 + place))
    for place, name in enumerate(("Khadija Omar Aden", "Safia Guelleh Farah", "Zahra Djama Idriss"))
]


@pytest.fixture
def storage(database: Engine) -> SqlStorage:
    """Everybody here came without captures, as from an import."""
    found = storage_of(database)
    add(found, HASSAN, *OTHERS, ARABIC)
    return found


def search(storage: SqlStorage, after: int = 0) -> Searched:
    done = Searched(after, 0, 0, 0)
    steps = [*search_statements(after, actor=TESTER, storage=storage, clock=Noon(), policy=POLICY)]
    return steps[-1] if steps else done


def test_who_states_the_same_gets_one_case_whatever_the_steps(
    storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "BATCH", 3)
    done = search(storage)
    assert (done.people, done.pairs, done.cases) == (len(OTHERS) + 2, 1, 1)
    with storage.read() as uow:
        (case,) = uow.cases.page(CaseQuery())
        (candidate,) = uow.cases.candidates(case.key)
        assert (case.origin, case.status, candidate.person_key) == (Origin.GALLERY, CaseStatus.OPEN, 1)
        assert case.person_key == done.last == len(OTHERS) + 2
        assert (candidate.hypothesis, candidate.evidence) == (Hypothesis.STATED_ALIKE, {})
        assert candidate.demographics is not None
    assert search(storage).cases == 0
    decide_case(
        DecideCase(case.id, Decision.DISTINCT, "cousins"), actor=TESTER, storage=storage, clock=Noon(), number_length=10
    )
    assert search(storage).cases == 0


def test_it_goes_on_with_who_came_later(storage: SqlStorage) -> None:
    last = search(storage).last
    assert search(storage, last) == Searched(last, 0, 0, 0)
    with storage.write() as uow:
        uow.people.add(Person(new_uuid(), HASSAN, NOW, PersonStatus.ACTIVE, "3000"))
        uow.commit()
    done = search(storage, last)
    assert (done.people, done.pairs) == (1, 2)


def test_a_twin_gets_no_case(database: Engine) -> None:
    storage = storage_of(database)
    add(storage, *OTHERS, HASSAN, replace(HASSAN, names=(Name("Latn", "Bilal Robleh Waberi"), *HASSAN.names[1:])))
    assert search(storage).pairs == 0


@pytest.mark.parametrize(("position", "cases"), [("right_thumb", 0), ("left_thumb", 1)])
def test_whose_captures_can_be_compared_gets_no_case_by_this(storage: SqlStorage, position: str, cases: int) -> None:
    """Captures that share a position have spoken already."""
    with storage.write() as uow:
        for key, where in ((1, "right_thumb"), (len(OTHERS) + 2, position)):
            one = sent(person_key=key)
            uow.enrolments.add(one)
            uow.flush()
            capture = stored_capture(uow, one, where)
            uow.templates.add({key: [TemplateRecord(capture.key, where, "a model", b"made up")]})
        uow.commit()
    assert search(storage).cases == cases
