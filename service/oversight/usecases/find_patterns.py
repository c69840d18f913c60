"""Look for every pattern in what the registry recorded, and keep what is found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service.audit.domain.actions import Action
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.oversight.domain import parameters as p
from service.oversight.domain.findings import Finding, Found, Identity, Kind, Pattern, people_in
from service.oversight.domain.missing_fingers import exceptions_with_matching_face
from service.oversight.domain.new_fingers import new_fingers_for_a_face
from service.oversight.domain.poor_prints import poor_prints_bursts
from service.oversight.domain.repeated_people import sender_in_enrolments
from service.oversight.domain.resolution import estimates, resolution_drift, scope_of
from service.oversight.ports import OversightUnit, Window
from service.oversight.steps.keep import keep

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """new, ended: by this run. open_now: all findings that no one has closed. marked: cases that got a mark."""

    new: Sequence[Finding]
    ended: Sequence[Finding]
    open_now: Sequence[Finding]
    marked: int


def find_patterns(
    *, since: datetime | None = None, actor: Actor, storage: Storage[OversightUnit], clock: Clock
) -> Report:
    """Look for patterns among the enrolments received since then, by default as far back as each pattern looks.

    Found again, a finding is brought up to date; without new enrolments a second run changes nothing. Whole days only
    are judged for bursts. Nothing is refused and no case opened: what is found marks the open cases concerned.
    """
    now = clock.now()
    with storage.read() as uow:
        open_now = frozenset(uow.findings.open_now())
        found = [*_bursts(uow, since, now), *_of_cases(uow, since, now)]
        drifts, judged = _drifts(uow, since, now, open_now)
        found = [one.concerning(uow.records.concerned(one, p.MOST_ENROLMENTS)) for one in (*found, *drifts)]
    with storage.write() as uow:
        uow.changes.lock()
        kept = keep(uow, found, judged, actor.id, now)
        uow.flush()
        details = {"new": [one.id for one in kept.new], "ended": [one.id for one in kept.ended], "marked": kept.marked}
        shown = people_in(uow.findings.open_now().values())
        uow.audit.note(actor, Action.PATTERNS_SEARCH, people=shown, details=details)
        uow.commit()
    for one in kept.new:
        logger.warning("finding.new", finding=str(one.id), pattern=one.pattern.value, kind=one.kind.value)
    for one in kept.ended:
        logger.info("finding.ended", finding=str(one.id), pattern=one.pattern.value)
    logger.info("patterns.searched", new=len(kept.new), marked=kept.marked, actor=actor.id)
    with storage.read() as uow:
        remaining = sorted(uow.findings.open_now().values(), key=lambda one: one.key)
    return Report(kept.new, kept.ended, remaining, kept.marked)


def _bursts(uow: OversightUnit, since: datetime | None, now: datetime) -> list[Found]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return poor_prints_bursts(uow.records.prints(_window(since, midnight, p.BURST_DAYS)))


def _of_cases(uow: OversightUnit, since: datetime | None, now: datetime) -> list[Found]:
    window = _window(since, now, p.CASE_DAYS)
    volume = uow.records.volume(window)
    return [
        *exceptions_with_matching_face(uow.records.missing(window), volume.enrolments),
        *sender_in_enrolments(uow.records.named(window, p.LEAST_CASES), volume),
        *new_fingers_for_a_face(uow.records.face_pairs(window), volume.people),
    ]


def _drifts(
    uow: OversightUnit, since: datetime | None, now: datetime, open_now: frozenset[Identity]
) -> tuple[list[Found], frozenset[Identity]]:
    """Drifts found, and whose could have been."""
    scanners = estimates(uow.records.periods(_window(since, now, p.DRIFT_DAYS)))
    judged = frozenset(Identity(Pattern.RESOLUTION_DRIFT, device, scope_of(dpi)) for device, dpi in scanners)
    assert all(one.subject.kind is Kind.DEVICE for one in judged)
    return resolution_drift(scanners, open_now), judged


def _window(since: datetime | None, until: datetime, days: int) -> Window:
    return Window(until - timedelta(days=days) if since is None else since, until)
