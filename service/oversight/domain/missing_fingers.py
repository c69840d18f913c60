"""Fingers declared missing, while the face matches somebody who has those fingers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.adjudication.domain.evidence import PositionEvidence
from service.oversight.domain import parameters as p
from service.oversight.domain.chance import gamma_poisson_tail
from service.oversight.domain.findings import Found, Kind, Pattern, Subject


@dataclass(frozen=True, slots=True)
class Missing:
    """An enrolment in which this is so."""

    enrolment: UUID
    received_at: datetime
    subjects: tuple[Subject, ...]


def is_contradicted(missing: Collection[str], evidence: Mapping[str, PositionEvidence], known: Collection[str]) -> bool:
    """Whether a candidate whose face matches has a finger declared missing. known: positions of their templates."""
    face = evidence.get("face")
    return face is not None and face.log10_lr >= p.FACE_AT and not set(missing).isdisjoint(known)


def exceptions_with_matching_face(events: Sequence[Missing], enrolments: Mapping[Subject, int]) -> list[Found]:
    """Devices and senders with more such enrolments than the others of their kind let expect.

    enrolments: of each subject in the same window.
    """
    by_subject: dict[Subject, list[Missing]] = {}
    for event in events:
        for subject in event.subjects:
            by_subject.setdefault(subject, []).append(event)
    whole = {kind: sum(n for one, n in enrolments.items() if one.kind is kind) for kind in Kind}
    counted = {kind: sum(len(some) for one, some in by_subject.items() if one.kind is kind) for kind in Kind}
    found = []
    for subject, some in by_subject.items():
        own = enrolments.get(subject, len(some))
        shape = p.MISSING_SHAPE + counted[subject.kind] - len(some)
        rate = p.MISSING_ENROLMENTS + max(whole[subject.kind] - own, 0)
        alpha = p.SHARE / max(len(enrolments), 1)
        if len(some) >= p.LEAST_CASES and gamma_poisson_tail(len(some), shape, rate, own) < alpha:
            found.append(_found(subject, some, own, own * shape / rate))
    return sorted(found, key=lambda one: (one.subject.kind, one.subject.site, one.subject.name))


def _found(subject: Subject, some: Sequence[Missing], of: int, expected: float) -> Found:
    latest = sorted(some, key=lambda one: (one.received_at, one.enrolment), reverse=True)
    return Found(
        Pattern.EXCEPTIONS_WITH_MATCHING_FACE,
        subject,
        "",
        count=len(some),
        of=of,
        expected=round(expected, 3),
        since=latest[-1].received_at,
        until=latest[0].received_at,
        enrolments=tuple(one.enrolment for one in latest[: p.MOST_ENROLMENTS]),
    )
