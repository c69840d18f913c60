"""One sender's unrelated enrolments that resemble the same person: perhaps the sender's own finger or face.

The registry holds no operator's biometrics. An operator who is enrolled is found as a person whom the cases of their
own token name again and again; one who is not is found once a first enrolment with their finger or face is kept.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.oversight.domain import parameters as p
from service.oversight.domain.chance import poisson_tail
from service.oversight.domain.findings import Found, Kind, Pattern, Subject


@dataclass(frozen=True, slots=True)
class Named:
    """How many unrelated enrolments of one sender have a case that names this person. Those of a household are one."""

    sender: str
    person: UUID
    enrolments: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Volume:
    """What chance is reckoned by. people: in the gallery. named: candidates of all cases in the window.

    enrolments: in the window, by subject.
    """

    people: int
    named: int
    enrolments: Mapping[Subject, int]

    def of_kind(self, kind: Kind) -> dict[str, int]:
        return {one.name: n for one, n in self.enrolments.items() if one.kind is kind}


def sender_in_enrolments(rows: Sequence[Named], volume: Volume) -> list[Found]:
    """Senders and people of whom chance would not be a pair as often.

    rows: everyone whom a sender's enrolments named LEAST_CASES times, with all senders who had them named.
    """
    by_sender = volume.of_kind(Kind.SENDER)
    enrolments = max(sum(by_sender.values()), 1)
    by_person: defaultdict[UUID, int] = defaultdict(int)
    for row in rows:
        by_person[row.person] += row.enrolments
    by_chance = p.LOOKALIKE * max(volume.named, 1) / (enrolments * max(volume.people, 1))
    alpha = p.SHARE / (max(volume.people, 1) * max(len(by_sender), 1))
    found = []
    for row in rows:
        own = by_sender.get(row.sender, row.enrolments)
        elsewhere = (by_person[row.person] - row.enrolments) / max(enrolments - own, 1)
        expected = own * max(by_chance, elsewhere)
        if row.enrolments >= p.LEAST_CASES and poisson_tail(row.enrolments, expected) < alpha:
            found.append(
                Found(
                    Pattern.SENDER_IN_ENROLMENTS,
                    Subject(Kind.SENDER, row.sender),
                    str(row.person),
                    count=row.enrolments,
                    of=own,
                    expected=round(expected, 6),
                    since=row.since,
                    until=row.until,
                )
            )
    return sorted(found, key=lambda one: (one.subject.name, one.scope))
