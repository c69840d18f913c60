"""Findings as operators see them, and closing one."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.audit.steps.words import seal_words
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.oversight.domain.findings import Finding, people_in
from service.oversight.errors import NoSuchFinding
from service.oversight.ports import FindingQuery, OversightUnit


def list_findings(query: FindingQuery, *, actor: Actor, storage: Storage[OversightUnit]) -> Sequence[Finding]:
    """Findings, oldest first; where the actor is bound to a site, those about devices there.

    Raises NoSuchFinding for an unknown `after`.
    """
    with storage.read() as uow:
        if query.after is not None:
            last = uow.findings.by_id(query.after)
            if last is None or not actor.reaches(last.site):
                raise NoSuchFinding(f"there is no finding {query.after} to go on from")
        found = uow.findings.page(replace(query, sites=actor.sites))
        details = {"status": query.status, "pattern": query.pattern, "findings": [one.id for one in found]}
        uow.audit.note(actor, Action.FINDING_LIST, people=people_in(found), details=details)
        return found


def close_finding(
    finding_id: UUID, reason: str, *, actor: Actor, storage: Storage[OversightUnit], clock: Clock
) -> Finding:
    """Close a finding with what became of it. Cases keep their marks. Raises NoSuchFinding, FindingClosed."""
    with storage.write() as uow:
        uow.changes.lock()
        one = uow.findings.by_id(finding_id)
        if one is None or not actor.reaches(one.site):
            raise NoSuchFinding(f"there is no finding {finding_id}")
        before = one.status
        one.close(reason, actor.id, clock.now())
        target = Target("finding", str(finding_id))
        uow.audit.note(
            actor,
            Action.FINDING_CLOSE,
            target,
            people=people_in([one]),
            details={"before": {"status": before}, "after": {"status": one.status}, "pattern": one.pattern},
            payload=seal_words(reason, target, uow.keys),
        )
        uow.commit()
    return one
