"""How often different people resemble each other in this registry, against what its thresholds promise."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.audit.domain.actions import Action
from service.deduplication.domain.search import TAIL_FROM, FalseAlarms, SearchPolicy, false_alarms
from service.deduplication.ports import DeduplicationUnit
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.people import PersonStatus

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Rates:
    """searches: of newcomers, by what operators decided. mated: searches whose strongest candidate was the subject.

    undecided: of subjects under review. alarms: for each promised rate, review first.
    """

    searches: int
    mated: int
    undecided: int
    alarms: Sequence[FalseAlarms]


def measure_rates(*, actor: Actor, storage: Storage[DeduplicationUnit], policy: SearchPolicy) -> Rates:
    """By the strongest candidate of each enrolment's search, after the decisions made so far."""
    excesses: list[float] = []
    searches = mated = undecided = after = 0
    with storage.read() as uow:
        uow.audit.note(actor, Action.RATES_MEASURE)
        while some := uow.searches.best_after(after, _AT_ONCE):
            after = some[-1][0].key
            keys = {key for best, subject in some for key in (best.person_key, subject) if key is not None}
            today = uow.people.survivors_of(keys)
            for best, subject in some:
                person = None if subject is None else today[subject]
                if person is None or person.status is PersonStatus.WITHDRAWN:
                    continue  # nobody's captures
                if person.status is PersonStatus.PENDING:
                    undecided += 1
                elif best.person_key is not None and today[best.person_key].key == person.key:
                    mated += 1
                elif person.key == subject:  # else somebody enrolled, of whom another was the strongest candidate
                    searches += 1
                    excesses += [best.excess] if best.excess >= TAIL_FROM else []
    promised = (policy.fpir_review, policy.fpir_duplicate)
    alarms = [false_alarms(excesses, searches, one) for one in promised] if searches else []
    return Rates(searches, mated, undecided, alarms)
