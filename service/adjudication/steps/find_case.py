"""Finding a case for someone who may be bound to a site."""

from uuid import UUID

from service.adjudication.domain.cases import Case
from service.adjudication.errors import NoSuchCase
from service.adjudication.ports import AdjudicationUnit
from service.kit.actor import Actor


def find_case(uow: AdjudicationUnit, case_id: UUID, actor: Actor) -> Case:
    """Raises NoSuchCase, also for a case whose subject was not enrolled at the site that the actor is bound to."""
    found = uow.cases.by_id(case_id)
    if found is None or not _reached(uow, found, actor):
        raise NoSuchCase(f"there is no case {case_id}")
    return found


def _reached(uow: AdjudicationUnit, case: Case, actor: Actor) -> bool:
    return actor.sites is None or bool(uow.origins.enrolled_at(actor.sites, [case.person_key]))
