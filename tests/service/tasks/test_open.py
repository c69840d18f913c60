"""Opening, settling and moving tasks, on both kinds of database."""

from datetime import timedelta

import pytest

from service.adjudication.steps.merge import merge
from service.kit.actor import Actor
from service.kit.errors import AlreadyThere
from service.kit.ids import new_uuid
from service.registry.domain.households import Household, Role
from service.registry.domain.people import Person
from service.storage.unit import SqlStorage, SqlUnitOfWork
from service.tasks.domain.tasks import OUTCOMES, About, Outcome, Task, TaskKind, TaskState, of_household, of_person
from service.tasks.errors import OutcomeUnfit, TaskClosed
from service.tasks.ports import TaskQuery
from service.tasks.steps.open import Wanted, cancel_tasks, move_tasks, open_task, open_tasks, settle_task
from tests.service.made_up import NOW, TESTER, lives, sent
from tests.service.registry.test_storage import added

HEAD, DUE, CONFLICT = TaskKind.HEAD_MISSING, TaskKind.CAPTURES_DUE, TaskKind.DEMOGRAPHIC_CONFLICT


def home(uow: SqlUnitOfWork, *members: Person) -> int:
    one = Household(None, NOW)
    uow.households.add(one)
    uow.flush()
    for member in members:
        lives(uow, one, member.key, Role.OTHER_RELATIVE)
    uow.flush()
    return one.key


def everyone(uow: SqlUnitOfWork) -> list[Task]:
    return list(uow.tasks.page(TaskQuery()))


def settle(uow: SqlUnitOfWork, kind: TaskKind, about: About, outcome: Outcome) -> Task | None:
    return settle_task(uow, kind, about, outcome, by="system:worker", now=NOW)


def test_there_is_one_unclosed_task_of_a_kind_about_a_subject(storage: SqlStorage) -> None:
    with storage.write() as uow:
        one, other = added(uow), added(uow)
        at = home(uow, one, other)
        first = open_task(uow, HEAD, of_household(at, one.key), now=NOW)
        assert open_task(uow, HEAD, of_household(at, other.key), now=NOW) is first
        kinds = [open_task(uow, kind, of_household(at), now=NOW) for kind in TaskKind]
        assert (len(set(kinds)), first in kinds) == (len(TaskKind), True)
        papers = [open_task(uow, TaskKind.DOCUMENT_EXPIRED, of_person(one.key, ref), now=NOW) for ref in "aab"]
        assert papers[0] is papers[1] is not papers[2]
        assert settle(uow, HEAD, of_household(at), Outcome.HEAD_NAMED) is first
        assert settle(uow, HEAD, of_household(at), Outcome.HEAD_NAMED) is None
        assert open_task(uow, HEAD, of_household(at), now=NOW) is not first
        uow.commit()
    with storage.read() as uow:
        assert (len(everyone(uow)), uow.tasks.count_unclosed()[HEAD]) == (len(TaskKind) + 3, 1)
        kept = everyone(uow)[0]
        assert (kept.state, kept.outcome, kept.closed_by) == (TaskState.DONE, Outcome.HEAD_NAMED, "system:worker")


def test_many_are_opened_at_once_and_those_that_are_there_stay(storage: SqlStorage) -> None:
    with storage.write() as uow:
        people = [added(uow) for _ in range(3)]
        open_task(uow, DUE, of_person(people[1].key), now=NOW, details={"age": 5})
        wanted = [Wanted(DUE, of_person(one.key), NOW.date(), {"age": 15}) for one in (*people, people[0])]
        made = open_tasks(uow, wanted, NOW + timedelta(days=1))
        assert [one.details for one in made] == [{"age": 15}, {"age": 5}, {"age": 15}, {"age": 15}]
        assert (len(everyone(uow)), open_tasks(uow, [], NOW)) == (3, [])


@pytest.mark.parametrize("of_home", [True, False])
def test_the_database_holds_that_there_is_one(storage: SqlStorage, of_home: bool) -> None:
    with storage.write() as uow:
        about = of_household(home(uow)) if of_home else of_person(added(uow).key)
        open_task(uow, HEAD, about, now=NOW)
        uow.flush()
        uow.tasks.add(Task(new_uuid(), HEAD, about.household, about.person, "", NOW, state=TaskState.ASSIGNED))
        with pytest.raises(AlreadyThere):
            uow.flush()


def test_what_a_dissolved_household_or_a_dead_person_waited_for_is_cancelled(storage: SqlStorage) -> None:
    with storage.write() as uow:
        left, stays = added(uow), added(uow)
        at = home(uow, stays)
        missing = open_task(uow, HEAD, of_household(at, left.key), now=NOW)
        due = [open_task(uow, DUE, of_person(one.key), now=NOW) for one in (left, stays)]
        cancel_tasks(uow, person=left.key, by="system:worker", now=NOW)
        assert [one.state for one in (missing, *due)] == [TaskState.OPEN, TaskState.CANCELLED, TaskState.OPEN]
        cancel_tasks(uow, household=at, by="system:worker", now=NOW)
        assert (missing.state, due[1].state) == (TaskState.CANCELLED, TaskState.OPEN)


def test_after_a_merge_the_survivor_has_each_task_once(storage: SqlStorage) -> None:
    with storage.write() as uow:
        loser, survivor = added(uow), added(uow)
        first, second = home(uow, loser), home(uow, survivor)
        alike = [open_task(uow, DUE, of_person(one.key), now=NOW) for one in (loser, survivor)]
        adult = open_task(uow, TaskKind.TURNING_18, of_person(loser.key), now=NOW)
        missing = open_task(uow, HEAD, of_household(first, loser.key), now=NOW)
        move_tasks(uow, person=(loser.key, survivor.key), by=TESTER.id, now=NOW)
        move_tasks(uow, household=(first, second), by=TESTER.id, now=NOW)
        uow.flush()
        assert [one.state for one in alike] == [TaskState.CANCELLED, TaskState.OPEN]
        assert adult.person_key == missing.person_key == survivor.key
        assert (missing.household_key, missing.state) == (second, TaskState.OPEN)


def test_a_task_ends_once_and_as_its_kind_may(storage: SqlStorage) -> None:
    assert list(OUTCOMES) == list(TaskKind)
    with storage.write() as uow:
        one = open_task(uow, DUE, of_person(added(uow).key), now=NOW)
        for outcome, words, field in ((Outcome.HEAD_NAMED, "seen", "outcome"), (Outcome.OTHER, None, "words")):
            with pytest.raises(OutcomeUnfit) as refused:
                one.close(outcome, words, "operator:Hawa", NOW)
            assert refused.value.field == field
        one.assign("role:supervisor")
        one.close(Outcome.OTHER, "moved abroad", "operator:Hawa", NOW - timedelta(days=9))
        assert (one.state, one.closed_at, one.owner) == (TaskState.DONE, NOW, "role:supervisor")
        with pytest.raises(TaskClosed):
            one.assign("role:auditor")
        with pytest.raises(TaskClosed):
            one.close(Outcome.OTHER, "x", "operator:Hawa", NOW)
        uow.commit()
    with storage.read() as uow:
        assert everyone(uow)[0].words == "moved abroad"


def enrolled(uow: SqlUnitOfWork, who: Person, site: str) -> None:
    uow.enrolments.add(sent(person_key=who.key, site=site))
    uow.flush()


def test_who_is_bound_to_sites_has_the_tasks_of_people_enrolled_there(storage: SqlStorage) -> None:
    with storage.write() as uow:
        here, there, old, older = (added(uow) for _ in range(4))
        enrolled(uow, here, "here")
        enrolled(uow, there, "there")
        enrolled(uow, older, "here")
        older.merge_into(old)
        old.merge_into(there)
        elsewhere = added(uow)
        enrolled(uow, elsewhere, "there")
        mixed, foreign = home(uow, here, elsewhere), home(uow, elsewhere_2 := added(uow))
        enrolled(uow, elsewhere_2, "there")
        baby = added(uow)
        lives(uow, uow.households.by_key(mixed), baby.key, Role.CHILD)
        mine = [
            open_task(uow, DUE, of_person(here.key), now=NOW),
            open_task(uow, DUE, of_person(there.key), now=NOW),  # two merges away from who was enrolled here
            open_task(uow, HEAD, of_household(mixed, elsewhere.key), now=NOW),
            open_task(uow, DUE, of_person(baby.key), now=NOW),  # whom no site enrolled
        ]
        others = [
            open_task(uow, DUE, of_person(elsewhere.key), now=NOW),
            open_task(uow, HEAD, of_household(foreign), now=NOW),
        ]
        assert uow.tasks.page(TaskQuery(people_of={"here"})) == mine
        assert uow.tasks.page(TaskQuery(people_of={"there"})) == [*mine[1:], *others]
        assert uow.tasks.page(TaskQuery(people_of=frozenset())) == []
        assert [uow.tasks.by_id(one.id, {"here"}) for one in (mine[0], others[0])] == [mine[0], None]
        bound = Actor("token:a", "enroller", "here", "test", "", people_of=frozenset({"here"}))
        named = uow.task_subjects.named(mine[:3], bound)
        assert [one.people for one in named] == [{here.id}, {there.id}, set()]
        assert uow.task_subjects.named([mine[2]], TESTER)[0].people == {elsewhere.id}


def test_pages_are_by_kind_state_owner_and_day(storage: SqlStorage) -> None:
    with storage.write() as uow:
        some = [open_task(uow, kind, of_person(added(uow).key), now=NOW, due=NOW.date()) for kind in (DUE, DUE, HEAD)]
        some[1].assign("site:here")
        some[2].due = None
        uow.flush()
        for query, found in {
            TaskQuery(kind=DUE): some[:2],
            TaskQuery(states=(TaskState.ASSIGNED,)): [some[1]],
            TaskQuery(owner="site:here"): [some[1]],
            TaskQuery(due_before=NOW.date()): [],
            TaskQuery(due_before=NOW.date() + timedelta(days=1)): some[:2],
            TaskQuery(after=some[0].id, limit=1): [some[1]],
        }.items():
            assert uow.tasks.page(query) == found


def test_a_merge_within_one_household_asks_to_look_at_both_records(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (one, twice), (elsewhere, survivor) = ([added(uow) for _ in range(2)] for _ in range(2))
        home(uow, one, twice)
        home(uow, elsewhere)
        home(uow, survivor)
        open_task(uow, DUE, of_person(elsewhere.key), now=NOW)
        uow.flush()
        merge(uow, twice, one, NOW, TESTER)
        merge(uow, elsewhere, survivor, NOW, TESTER)
        uow.flush()
        found = [(task.kind, task.person_key) for task in everyone(uow) if task.kind in (DUE, CONFLICT)]
        assert found == [(DUE, survivor.key), (CONFLICT, one.key)]
