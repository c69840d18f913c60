"""An operator settles a case; everything that follows from it happens in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.cases import Case, Verdict
from service.domain.enrolments import EnrolmentStatus
from service.domain.errors import MalformedRequest, NoSuchCase, UnknownSurvivor
from service.domain.people import SEARCHED, Person, PersonStatus
from service.ports import Clock, Storage, UnitOfWork
from service.usecases import households
from service.usecases.settle import names_of, settle


@dataclass(frozen=True, slots=True)
class Ruling:
    """An operator's decision. survivor: who remains, for same_person. merged: who else in the case is the same person.

    People are named by their ID. `merged` may stay empty where only one answer is possible: the newcomer, when the
    survivor is a candidate; the one candidate, when the survivor is the newcomer.
    """

    verdict: Verdict
    reason: str
    by: str
    survivor: UUID | None = None
    merged: tuple[UUID, ...] = ()


def decide_case(case_id: UUID, ruling: Ruling, *, storage: Storage, clock: Clock, number_length: int) -> None:
    """Close a case and carry the decision out. Raises NoSuchCase, CaseClosed, MalformedRequest, UnknownSurvivor."""
    with storage.write() as uow:
        uow.gallery.lock()
        case = uow.cases.by_id(case_id)
        if case is None:
            raise NoSuchCase(f"there is no case {case_id}")
        now = clock.now()
        case.decide(ruling.verdict, ruling.reason, ruling.by, now)
        newcomer = uow.people.survivor_of(uow.people.by_key(case.person_key))
        match ruling.verdict:
            case Verdict.SAME_PERSON:
                survivor, losers = _who_is_who(uow, case, newcomer, ruling)
                _check_numbers(uow, survivor, losers)
                for loser in losers:
                    _merge(uow, loser, survivor, now)
                case.survivor_key = survivor.key
                settle(uow, survivor, now, number_length)
                _close_what_that_settles(uow, survivor, case, ruling.by, now)
            case _ if case.enrolment_key is None:
                pass  # everybody in it was registered before, and a search takes nothing from anybody
            case Verdict.DISTINCT:
                settle(uow, newcomer, now, number_length)
            case Verdict.DATA_ERROR | Verdict.INSUFFICIENT:
                _take_back(uow, case, case.enrolment_key, newcomer, now)
                if newcomer.status is not PersonStatus.WITHDRAWN:
                    settle(uow, newcomer, now, number_length)
        uow.commit()


def _who_is_who(uow: UnitOfWork, case: Case, newcomer: Person, ruling: Ruling) -> tuple[Person, list[Person]]:
    """The survivor and those to be merged into them, all as they stand today, after earlier merges."""
    if ruling.survivor is None:
        raise MalformedRequest("same_person needs a survivor: the ID of the person who remains", "survivor")
    candidates = _today(uow, (one.person_key for one in uow.cases.candidates(case.key)))
    everybody = {**candidates, **_today(uow, [case.person_key])}
    for name, field in ((ruling.survivor, "survivor"), *((one, "merged") for one in ruling.merged)):
        if name not in everybody:
            raise UnknownSurvivor(f"{name} is not a person of this case", field)
    survivor = everybody[ruling.survivor]
    if survivor.status not in SEARCHED:
        raise UnknownSurvivor(f"{ruling.survivor} was withdrawn", "survivor")
    if ruling.merged:
        named = [everybody[name] for name in ruling.merged]
    elif survivor is not newcomer:
        named = [newcomer]
    elif ruling.survivor in candidates:
        named = []  # an earlier case has already made them one
    else:
        named = _the_only_other(newcomer, candidates.values())
    losers = [one for one in dict.fromkeys(named) if one is not survivor and one.status in SEARCHED]
    return survivor, losers


def _today(uow: UnitOfWork, keys: Iterable[int]) -> dict[UUID, Person]:
    """Who these people are after earlier merges, by the ID they came with and by the one they go under now."""
    named = {}
    for person in map(uow.people.by_key, keys):
        now = uow.people.survivor_of(person)
        named[person.id] = named[now.id] = now
    return named


def _the_only_other(newcomer: Person, candidates: Iterable[Person]) -> list[Person]:
    others = [one for one in dict.fromkeys(candidates) if one is not newcomer]
    if len(others) > 1:
        raise MalformedRequest("say in `merged` which of the candidates are the newcomer", "merged")
    return others


def _check_numbers(uow: UnitOfWork, survivor: Person, losers: Sequence[Person]) -> None:
    """A number must never lead to somebody who has none and, held back by another case, gets none now."""
    uow.flush()
    would_lead_there = survivor.number is None and any(loser.number for loser in losers)
    if would_lead_there and uow.cases.holding_back(names_of(uow, survivor)):
        raise UnknownSurvivor(f"{survivor.id} is still under review; let somebody who has a number remain", "survivor")


def _merge(uow: UnitOfWork, loser: Person, survivor: Person, now: datetime) -> None:
    """The loser becomes an alias; their captures become further references of the survivor."""
    households.hand_over(uow, loser, survivor, now)
    loser.merge_into(survivor)
    uow.people.move_templates(loser.key, survivor.key)
    uow.gallery.changed(loser.key)
    uow.gallery.changed(survivor.key)


def _close_what_that_settles(uow: UnitOfWork, survivor: Person, settled: Case, by: str, now: datetime) -> None:
    """Open cases of the gallery between people who are one by now leave nothing to decide."""
    uow.flush()
    names = names_of(uow, survivor)
    for case in uow.cases.open_of_gallery(names):
        if all(one.person_key in names for one in uow.cases.candidates(case.key)):
            case.decide(Verdict.SAME_PERSON, f"one person since case {settled.id}", by, now)
            case.survivor_key = survivor.key


def _take_back(uow: UnitOfWork, case: Case, enrolment_key: int, newcomer: Person, now: datetime) -> None:
    """The captures are not to be used: they leave the gallery, and with them a newcomer who is nothing else yet."""
    enrolment = uow.enrolments.by_key(enrolment_key)
    enrolment.finish(EnrolmentStatus.UNUSABLE, now, case.verdict)
    uow.gallery.drop_of_enrolment(enrolment.key)
    alone = newcomer.key == case.person_key and not uow.people.aliases_of(newcomer.key)
    if alone and newcomer.status is PersonStatus.PENDING:
        newcomer.withdraw()
        households.leave(uow, newcomer, now)
    uow.gallery.changed(newcomer.key)
