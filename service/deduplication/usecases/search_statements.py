"""Everyone against everyone by what they state, where captures say nothing: those born or imported, infants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.adjudication.domain.evidence import Thresholds
from service.audit.domain.actions import Action
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.ports import DeduplicationUnit
from service.deduplication.steps.alike import alike
from service.deduplication.steps.pair_cases import Pair, open_cases
from service.deduplication.steps.stated import stated_of
from service.deduplication.steps.stated_candidates import candidate_of, sharing_no_position
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.registry.domain.people import Person

BATCH = 100
"""People per step, each in a search of up to 200 comparisons."""


@dataclass(frozen=True, slots=True)
class Searched:
    """last: the key of the last person searched with. people, pairs, cases: so far."""

    last: int
    people: int
    pairs: int
    cases: int


def search_statements(
    after: int, *, actor: Actor, storage: Storage[DeduplicationUnit], clock: Clock, policy: SearchPolicy
) -> Iterator[Searched]:
    """Open a case for each pair that states the same and shares no captured position, step by step.

    after: the key of a person; only those who came later are searched with, among everyone who came before each. Each
    step is a transaction, so that it can be stopped and gone on with; a pair that an earlier case is about gets no
    other.
    """
    done = Searched(after, 0, 0, 0)
    while True:
        with storage.read() as uow:
            people = uow.people.searched_after(done.last, BATCH)
            if not people:
                return
            size = uow.demographic_keys.people()
            thresholds = policy.thresholds(size)
            pairs = _pairs(uow, people, thresholds, size)
        opened = 0
        with storage.write() as uow:
            uow.changes.lock()  # no one merges people or opens a case meanwhile
            if pairs:
                opened = open_cases(uow, pairs, thresholds=thresholds, gallery_size=size, now=clock.now())
            named = uow.people.by_keys({key for lower, higher, _ in pairs for key in (lower, higher)})
            details = {"searched": len(people), "pairs": len(pairs), "cases": opened, "thresholds": thresholds}
            ids = [one.id for one in named.values()]
            uow.audit.note(actor, Action.STATEMENTS_SEARCH, people=ids, details=details)
            uow.commit()
        done = Searched(people[-1].key, done.people + len(people), done.pairs + len(pairs), done.cases + opened)
        yield done


def _pairs(uow: DeduplicationUnit, people: Sequence[Person], thresholds: Thresholds, size: int) -> Sequence[Pair]:
    found: list[Pair] = []
    templates = uow.templates.searched_among([one.key for one in people])
    for one in people:
        positions = {each.position for each in templates.get(one.key, ())}
        others = alike(uow, stated_of(one.demographics), thresholds, size, but={one.key}, before=one.key)
        for other in sharing_no_position(uow, others, positions):
            lower, higher = sorted((one.key, other.person.key))
            found.append((lower, higher, candidate_of(other, thresholds, thresholds)))
    return found
