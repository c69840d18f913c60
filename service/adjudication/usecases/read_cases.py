"""Reading cases, as operators are shown them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from service.adjudication.domain.cases import Case, CaseCandidate
from service.adjudication.ports import AdjudicationUnit, CaseQuery
from service.adjudication.steps.find_case import find_case
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.enrolment.domain.enrolments import CaptureRecord, Enrolment
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.people import Person
from service.registry.steps.people import PersonView, ids_in, view_people


@dataclass(frozen=True, slots=True)
class CaseView:
    """enrolment and captures: of the subject's; none where the case was raised in the gallery.

    added_to: to whom the captures are to be added, where they do not make a person of their own.
    """

    case: Case
    enrolment: Enrolment | None
    subject: PersonView
    captures: Sequence[CaptureRecord]
    candidates: Sequence[tuple[CaseCandidate, PersonView]]
    survivor: Person | None
    added_to: Person | None = None


def read_case(case_id: UUID, *, actor: Actor, storage: Storage[AdjudicationUnit]) -> CaseView:
    """One case with everyone in it, as they stand today. Raises NoSuchCase."""
    with storage.read() as uow:
        view = _views(uow, [find_case(uow, case_id, actor)])[0]
        uow.audit.note(actor, Action.CASE_READ, Target("case", str(case_id)), people=_ids_in([view]))
        return view


def list_cases(query: CaseQuery, *, actor: Actor, storage: Storage[AdjudicationUnit]) -> Sequence[CaseView]:
    """Cases, oldest first; where the actor is bound to a site, those whose subject was enrolled there.

    Raises NoSuchCase for an unknown `after`.
    """
    with storage.read() as uow:
        if query.after is not None:
            find_case(uow, query.after, actor)
        views = _views(uow, uow.cases.page(replace(query, sites=actor.sites)))
        details = {"status": query.status, "origin": query.origin, "cases": [one.case.id for one in views]}
        uow.audit.note(actor, Action.CASE_LIST, people=_ids_in(views), details=details)
        return views


def _views(uow: AdjudicationUnit, cases: Sequence[Case]) -> list[CaseView]:
    """In a constant number of queries however many cases there are."""
    enrolment_keys = [one.enrolment_key for one in cases if one.enrolment_key is not None]
    enrolments, captures = uow.enrolments.by_keys(enrolment_keys), uow.enrolments.captures_of(enrolment_keys)
    candidates = uow.cases.candidates_of([one.key for one in cases])
    owners = {key for one in enrolments.values() if (key := one.adds_to_key) is not None}
    people = view_people(uow, _people_of(cases, candidates) | owners)

    def view(one: Case) -> CaseView:
        enrolment = None if one.enrolment_key is None else enrolments[one.enrolment_key]
        owner = None if enrolment is None or enrolment.adds_to_key is None else people[enrolment.adds_to_key]
        return CaseView(
            case=one,
            enrolment=enrolment,
            subject=people[one.person_key],
            captures=() if one.enrolment_key is None else captures.get(one.enrolment_key, ()),
            candidates=[(candidate, people[candidate.person_key]) for candidate in candidates.get(one.key, ())],
            survivor=None if one.survivor_key is None else people[one.survivor_key].asked,
            added_to=None if owner is None else owner.person,
        )

    return list(map(view, cases))


def _ids_in(views: Sequence[CaseView]) -> set[UUID]:
    """Whom these cases show."""
    return ids_in(person for one in views for person in (one.subject, *(each for _, each in one.candidates)))


def _people_of(cases: Sequence[Case], candidates: Mapping[int, Sequence[CaseCandidate]]) -> set[int]:
    """The keys of everyone in these cases."""
    found = {one.person_key for some in candidates.values() for one in some}
    for case in cases:
        found |= {case.person_key} if case.survivor_key is None else {case.person_key, case.survivor_key}
    return found
