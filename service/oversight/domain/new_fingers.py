"""One face with ever new fingers: a person, or several who look alike, named again and again by their face alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.oversight.domain import parameters as p
from service.oversight.domain.chance import poisson_tail
from service.oversight.domain.findings import Found, Kind, Pattern, Subject


@dataclass(frozen=True, slots=True)
class FacePair:
    """A case whose subject has the candidate's face and other fingers. certain: in the band duplicate."""

    enrolment: UUID
    received_at: datetime
    subject: UUID
    candidate: UUID
    certain: bool


class _Groups:
    """People joined by pairs (union-find); each group goes by its first person, who is the lowest ID."""

    def __init__(self) -> None:
        self._above: dict[UUID, UUID] = {}

    def of(self, one: UUID) -> UUID:
        while (above := self._above.get(one, one)) != one:
            self._above[one] = self._above.get(above, above)
            one = above
        return one

    def join(self, one: UUID, other: UUID) -> None:
        low, high = sorted((self.of(one), self.of(other)))
        if low != high:
            self._above[high] = low


def new_fingers_for_a_face(pairs: Sequence[FacePair], people: int) -> list[Found]:
    """People whose face came with other fingers more often than chance lets one of so many `people`.

    Those whom a certain pair joins are one face; a finding is about the first of them.
    """
    groups, sizes = _Groups(), dict[UUID, set[UUID]]()
    for pair in pairs:
        if pair.certain:
            groups.join(pair.subject, pair.candidate)
    named: defaultdict[UUID, dict[UUID, datetime]] = defaultdict(dict)
    for pair in pairs:
        face = groups.of(pair.candidate)
        sizes.setdefault(face, set()).add(pair.candidate)
        named[face][pair.enrolment] = pair.received_at
    everyone = max(people, 1)
    by_chance = p.LOOKALIKE * len({pair.enrolment for pair in pairs}) / everyone
    found = []
    for face, enrolments in named.items():
        expected = by_chance * len(sizes[face])
        if len(enrolments) >= p.LEAST_CASES and poisson_tail(len(enrolments), expected) < p.SHARE / everyone:
            latest = sorted(enrolments, key=lambda one: (enrolments[one], one), reverse=True)
            found.append(
                Found(
                    Pattern.NEW_FINGERS_FOR_A_FACE,
                    Subject(Kind.PERSON, str(face)),
                    "",
                    count=len(enrolments),
                    of=len(enrolments),
                    expected=round(expected, 6),
                    since=enrolments[latest[-1]],
                    until=enrolments[latest[0]],
                    enrolments=tuple(latest[: p.MOST_ENROLMENTS]),
                )
            )
    return sorted(found, key=lambda one: one.subject.name)
