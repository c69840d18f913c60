"""What a run found becomes findings, and marks on the open cases concerned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.adjudication.domain.marks import DEVICE_FINDINGS, PERSON_FINDINGS, SENDER_FINDINGS, Mark, in_order
from service.kit.ids import new_uuid
from service.oversight.domain import parameters as p
from service.oversight.domain.findings import Finding, Found, Identity, Kind, Pattern, new_finding
from service.oversight.ports import OversightUnit

MARK_OF = {Kind.DEVICE: DEVICE_FINDINGS, Kind.SENDER: SENDER_FINDINGS, Kind.PERSON: PERSON_FINDINGS}
NEW_AGAIN = {
    Pattern.POOR_PRINTS_BURST: p.LEAST_POOR,
    Pattern.EXCEPTIONS_WITH_MATCHING_FACE: p.LEAST_CASES,
    Pattern.SENDER_IN_ENROLMENTS: p.LEAST_CASES,
    Pattern.NEW_FINGERS_FOR_A_FACE: p.LEAST_CASES,
    Pattern.RESOLUTION_DRIFT: p.DRIFT_LEAST // 10,  # of ten prints at most
}
"""Enrolments received after a finding was closed, from which on the same is found anew."""
BACK = "the ridges are within the usual range again"


@dataclass(frozen=True, slots=True)
class Kept:
    """new: findings made. ended: drifts that are over. marked: how many open cases got a mark."""

    new: Sequence[Finding]
    ended: Sequence[Finding]
    marked: int


def keep(uow: OversightUnit, found: Sequence[Found], judged: frozenset[Identity], by: str, now: datetime) -> Kept:
    """Keep what was found; the same again changes nothing. judged: scanners whose drift was estimated, found or not."""
    open_now = uow.findings.open_now()
    closed = uow.findings.last_closed([one.identity for one in found if one.identity not in open_now])
    new, marked = [], 0
    for one in found:
        if one.identity in open_now:
            open_now[one.identity].update(one)
        elif _is_new(uow, one, closed.get(one.identity)):
            new.append(new_finding(new_uuid(), one, now))
            uow.findings.add(new[-1])
        else:
            continue
        marked += _mark(uow, one)
    still = {one.identity for one in found}
    ended = [one for which, one in open_now.items() if which in judged and which not in still]
    for finding in ended:
        finding.close(BACK, by, now)
    return Kept(new, ended, marked)


def _is_new(uow: OversightUnit, found: Found, closed: Finding | None) -> bool:
    if closed is None or closed.closed_at is None:
        return True
    return uow.records.received_after(found.enrolments, closed.closed_at) >= NEW_AGAIN[found.pattern]


def _mark(uow: OversightUnit, found: Found) -> int:
    mark, marked = Mark(MARK_OF[found.subject.kind], ()), 0
    for case in uow.records.open_cases(found.enrolments):
        if mark not in case.marks:
            case.marks = in_order((*case.marks, mark))
            marked += 1
    return marked
