"""Recording facts and withdrawing them, as part of a change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from service.kit.ids import new_uuid
from service.registry.domain.changes import Change
from service.registry.domain.fact_values import Relationship
from service.registry.domain.facts import KINDS, OF_HOUSEHOLDS, OF_PEOPLE, Fact
from service.registry.domain.households import Household
from service.registry.domain.intentions import RecordFacts, StatedFact, WithdrawFacts
from service.registry.domain.people import Person
from service.registry.errors import FactGone, NotInTime, UnfitFact
from service.registry.ports import RegistryUnit
from service.registry.steps.checked_facts import Checking, FactRules, checked
from service.registry.steps.disputed import claim_documents
from service.registry.steps.people import names_of
from service.registry.steps.record import end

FACTS = "intention.facts"


@dataclass(frozen=True, slots=True)
class FactWork:
    """A change that is about facts of a household or else of a person. named: whom a name of the order leads to."""

    uow: RegistryUnit
    change: Change
    rules: FactRules
    home: Household | None
    person: Person | None
    named: Callable[[str], Person]

    def standing(self) -> Sequence[Fact]:
        """Facts about them, those about who was merged into them too."""
        if self.home is not None:
            return self.uow.facts.of_households([self.home.key])
        assert self.person is not None
        return self.uow.facts.of_people(names_of(self.uow, self.person))


def require_one_subject(one: RecordFacts | WithdrawFacts) -> None:
    """Raises UnfitFact."""
    if (one.household is None) == (one.person is None):
        raise UnfitFact("facts are about a household or else about a person", "intention")


def record_facts(one: RecordFacts, by: FactWork) -> None:
    """Write facts, each in place of what the same source stated there. Raises UnfitFact, NotInTime."""
    new = [_fact(stated, f"{FACTS}.{n}", by) for n, stated in enumerate(one.facts)]
    places = [(each.place, each.stated_by) for each in new]
    twice = next((n for n, place in enumerate(places) if place in places[:n]), None)
    if twice is not None:
        raise UnfitFact("the same source states this twice in one order", f"{FACTS}.{twice}")
    former = [each for each in by.standing() if (each.place, each.stated_by) in places]
    _end(former, by)
    claim_documents(by.uow, new, by.change)
    by.uow.history.write(*new)
    by.uow.flush()


def withdraw_facts(one: WithdrawFacts, by: FactWork) -> None:
    """Have facts end. Raises FactGone, NotInTime."""
    standing = {each.id: each for each in by.standing()}
    gone = next((name for name in one.facts if name not in standing), None)
    if gone is not None:
        raise FactGone(f"no fact {gone} stands about this household or person")
    _end([standing[name] for name in dict.fromkeys(one.facts)], by)
    by.uow.flush()


def _end(facts: Sequence[Fact], by: FactWork) -> None:
    began = max((one.valid_from for one in facts), default=date.min)
    if by.change.effective < began:
        raise NotInTime(f"a fact that this replaces or withdraws is so since {began}", "effective")
    end(by.uow, facts, by.change.effective, by.change)
    by.uow.flush()  # a document is free for another once this is written


def _fact(stated: StatedFact, field: str, by: FactWork) -> Fact:
    kind = KINDS[type(stated.value)]
    if kind not in (OF_PEOPLE if by.home is None else OF_HOUSEHOLDS):
        raise UnfitFact(f"no {kind} is recorded of a {'person' if by.home is None else 'household'}", field)
    today = by.change.recorded_at.date()
    return Fact(
        id=new_uuid(),
        household_key=None if by.home is None else by.home.key,
        person_key=None if by.person is None else by.person.key,
        other_key=_other(stated, field, by),
        kind=kind,
        value=checked(stated.value, Checking(by.uow, by.rules, today, field)),
        source=stated.source,
        source_name=stated.source_name,
        verification=stated.verification,
        checked_on=stated.checked_on,
        valid_from=by.change.effective,
        recorded_by=by.change.key,
    )


def _other(stated: StatedFact, field: str, by: FactWork) -> int | None:
    if not isinstance(stated.value, Relationship):
        return None
    if stated.other is None:
        raise UnfitFact("name the person whom the relationship is with", f"{field}.other")
    other = by.named(stated.other)
    if by.person is not None and other.key == by.person.key:
        raise UnfitFact("a relationship is between two people", f"{field}.other")
    return other.key
