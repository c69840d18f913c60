"""An operator decides a case; everything that follows from it happens in one transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.adjudication.domain.cases import Case, CaseStatus, Decision
from service.adjudication.errors import NoCandidates, UnknownSurvivor
from service.adjudication.ports import AdjudicationUnit
from service.adjudication.steps.finalise import finalise
from service.adjudication.steps.find_case import find_case
from service.adjudication.steps.merge import merge, take_back
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.audit.steps.words import seal_words
from service.enrolment.steps.added import note_added
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import MalformedRequest
from service.kit.unit import Storage
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.people import names_of


@dataclass(frozen=True, slots=True)
class DecideCase:
    """survivor: who remains, for same_person. merged: who else in the case is the same person.

    People are named by their ID. The subject is always one of those who are the same person, named or not. `merged` may
    stay empty where the survivor is a candidate, and where the survivor is the subject of the one candidate.
    """

    case_id: UUID
    decision: Decision
    reason: str
    survivor: UUID | None = None
    merged: tuple[UUID, ...] = ()


def decide_case(
    command: DecideCase, *, actor: Actor, storage: Storage[AdjudicationUnit], clock: Clock, number_length: int
) -> None:
    """Close a case and carry the decision out.

    Raises NoSuchCase, OwnEnrolment, CaseClosed, MalformedRequest, UnknownSurvivor, NoCandidates.
    """
    with storage.write() as uow:
        uow.changes.lock()
        case = find_case(uow, command.case_id, actor)
        case.require_impartial(actor.id, _senders(uow, case))
        now = clock.now()
        case.decide(command.decision, command.reason, actor.id, now)
        _require_someone_there(uow, case, command)
        subject = uow.people.survivor_of(uow.people.by_key(case.person_key))
        models = sorted({one.model for one in uow.templates.of_people([subject.key]).get(subject.key, ())})
        settled: Sequence[Case] = ()
        match command.decision:
            case Decision.SAME_PERSON:
                settled = _make_one(uow, case, subject, command, number_length=number_length, actor=actor)
            case _ if case.enrolment_key is None:
                pass  # everyone in it was registered before, and a search takes nothing from them
            case Decision.DISTINCT:
                finalise(uow, [subject], now, number_length)
            case Decision.DATA_ERROR | Decision.INSUFFICIENT:
                take_back(uow, case, subject, now, actor)
                if subject.status is not PersonStatus.WITHDRAWN:
                    finalise(uow, [subject], now, number_length)
        uow.flush()
        _note(uow, case, command, actor, models=models)
        for one in settled:
            _note_settled(uow, one, case, actor)
        uow.commit()


def _require_someone_there(uow: AdjudicationUnit, case: Case, command: DecideCase) -> None:
    """Captures that are to be added make no new person: whose they are, is a candidate, or they are taken back."""
    if command.decision is not Decision.DISTINCT or case.enrolment_key is None:
        return
    if uow.enrolments.by_key(case.enrolment_key).adds_to_key is not None:
        detail = "captures that were to be added to a person make no new one: decide data_error or insufficient"
        raise MalformedRequest(detail, "decision")


def _senders(uow: AdjudicationUnit, case: Case) -> Collection[str]:
    """Who enrolled the subject or a candidate, under any of the names they have by now."""
    asked = [case.person_key, *(one.person_key for one in uow.cases.candidates(case.key))]
    today = {one.key for one in uow.people.survivors_of(asked).values()}
    aliases = uow.people.aliases_of_many(today)
    return uow.enrolments.senders_of(today.union(*({one.key for one in some} for some in aliases.values())))


def _note(uow: AdjudicationUnit, case: Case, command: DecideCase, actor: Actor, *, models: Sequence[str]) -> None:
    """What was decided, on what evidence, and what became of the people concerned.

    models: of the subject's templates, which the decision may have moved or dropped.
    """
    shown = uow.cases.candidates(case.key)
    keys = {case.person_key, *(one.person_key for one in shown)}
    people = uow.people.by_keys(keys)
    concerned = {one.id: one for one in (*people.values(), *uow.people.survivors_of(keys).values())}
    details = {
        "before": {"status": CaseStatus.OPEN},
        "after": {
            "status": case.status,
            "decision": case.decision,
            "survivor": command.survivor,
            "merged": command.merged,
            "people": {str(one.id): {"status": one.status, "number": one.number} for one in concerned.values()},
        },
        "candidates": [
            {"person": people[one.person_key].id, "band": one.band, "log10_lr": one.log10_lr, "rarity": one.rarity}
            for one in shown
        ],
        "marks": [one.code for one in case.marks],
        "thresholds": {"review_at": case.review_at, "duplicate_at": case.duplicate_at},
        "gallery_size": case.gallery_size,
        "models": models,
        "index": uow.changes.last(),
    }
    target = Target("case", str(case.id))
    words = seal_words(command.reason, target, uow.keys)
    uow.audit.note(actor, Action.CASE_DECIDE, target, people=concerned, details=details, payload=words)


def _note_settled(uow: AdjudicationUnit, case: Case, by: Case, actor: Actor) -> None:
    """That one case was closed by the decision of another."""
    assert case.reason is not None
    keys = {case.person_key, *(one.person_key for one in uow.cases.candidates(case.key))}
    concerned = {one.id for one in (*uow.people.by_keys(keys).values(), *uow.people.survivors_of(keys).values())}
    details = {
        "settled_by": by.id,
        "before": {"status": CaseStatus.OPEN},
        "after": {"status": case.status, "decision": case.decision},
    }
    target = Target("case", str(case.id))
    words = seal_words(case.reason, target, uow.keys)
    uow.audit.note(actor, Action.CASE_DECIDE, target, people=concerned, details=details, payload=words)


def _make_one(
    uow: AdjudicationUnit, case: Case, subject: Person, command: DecideCase, *, number_length: int, actor: Actor
) -> Sequence[Case]:
    """The other cases that this leaves nothing to decide in."""
    assert case.decided_at is not None
    survivor, losers = _who_is_who(uow, case, subject, command)
    _check_numbers(uow, survivor, losers)
    for loser in losers:
        merge(uow, loser, survivor, case.decided_at, actor)
    case.survivor_key = survivor.key
    _note_whose(uow, case, survivor)
    finalise(uow, [survivor], case.decided_at, number_length)
    return _close_what_that_settles(uow, survivor, case)


def _note_whose(uow: AdjudicationUnit, case: Case, survivor: Person) -> None:
    """Captures that were to be added are the survivor's."""
    enrolment = None if case.enrolment_key is None else uow.enrolments.by_key(case.enrolment_key)
    if enrolment is not None and enrolment.adds_to_key is not None:
        assert case.decided_by is not None
        assert case.decided_at is not None
        note_added(uow, enrolment, survivor, by=case.decided_by, now=case.decided_at)


def _who_is_who(uow: AdjudicationUnit, case: Case, subject: Person, command: DecideCase) -> tuple[Person, list[Person]]:
    """The survivor and those to be merged into them, all as they stand today, after earlier merges."""
    shown = uow.cases.candidates(case.key)
    if not shown:
        raise NoCandidates("the subject resembles no one; decide distinct, data_error or insufficient", "decision")
    if command.survivor is None:
        raise MalformedRequest("same_person needs a survivor: the ID of the person who remains", "survivor")
    candidates = _today(uow, (one.person_key for one in shown))
    people = {**candidates, **_today(uow, [case.person_key])}
    for name, field in ((command.survivor, "survivor"), *((one, "merged") for one in command.merged)):
        if name not in people:
            raise UnknownSurvivor(f"{name} is not a person of this case", field)
    survivor = people[command.survivor]
    if not survivor.searched:
        raise UnknownSurvivor(f"{command.survivor} was withdrawn", "survivor")
    if any(one.adds_to_key is not None for one in uow.enrolments.in_review_of([survivor.key])):
        raise UnknownSurvivor(f"{command.survivor} stands for captures that are to be added to a person", "survivor")
    named = [subject, *(people[name] for name in command.merged)]
    made_one_before = survivor is subject and command.survivor in candidates
    if survivor is subject and not command.merged and not made_one_before:
        named = _the_only_other(subject, candidates.values())
    losers = [one for one in dict.fromkeys(named) if one is not survivor and one.searched]
    return survivor, losers


def _today(uow: AdjudicationUnit, keys: Iterable[int]) -> dict[UUID, Person]:
    """Who these people are after earlier merges, by the ID they came with and by the one they go under now."""
    asked = uow.people.by_keys(keys)
    named = {}
    for key, now in uow.people.survivors_of(asked).items():
        named[asked[key].id] = named[now.id] = now
    return named


def _the_only_other(subject: Person, candidates: Iterable[Person]) -> list[Person]:
    others = [one for one in dict.fromkeys(candidates) if one is not subject]
    if len(others) > 1:
        raise MalformedRequest("name in `merged` the candidates who are the subject", "merged")
    return others


def _check_numbers(uow: AdjudicationUnit, survivor: Person, losers: Sequence[Person]) -> None:
    """A number must never lead to a person who has none and, held back by another case, gets none now."""
    uow.flush()
    would_lead_there = survivor.number is None and any(loser.number for loser in losers)
    if would_lead_there and uow.cases.holding_back(names_of(uow, survivor)):
        raise UnknownSurvivor(f"{survivor.id} is still under review; choose a survivor who has a number", "survivor")


def _close_what_that_settles(uow: AdjudicationUnit, survivor: Person, settled: Case) -> Sequence[Case]:
    """Open cases of the gallery between people who are one by now leave nothing to decide."""
    assert settled.decided_by is not None
    assert settled.decided_at is not None
    uow.flush()
    names = names_of(uow, survivor)
    closed: list[Case] = []
    for case in uow.cases.open_of_gallery(names):
        if all(one.person_key in names for one in uow.cases.candidates(case.key)):
            reason = f"one person since case {settled.id}"
            case.decide(Decision.SAME_PERSON, reason, settled.decided_by, settled.decided_at)
            case.survivor_key = survivor.key
            closed.append(case)
    return closed
