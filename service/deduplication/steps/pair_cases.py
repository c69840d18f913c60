"""Cases of pairs that a search of all records against all others found."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from service.adjudication.domain.evidence import Candidate, Thresholds, from_the_other_side
from service.adjudication.steps.open_case import open_case
from service.deduplication.ports import DeduplicationUnit
from service.registry.steps.people import names_of

Pair = tuple[int, int, Candidate]
"""Two people found alike: lower key, higher key, and the evidence by the lower one's positions."""


def open_cases(
    uow: DeduplicationUnit, pairs: Iterable[Pair], *, thresholds: Thresholds, gallery_size: int, now: datetime
) -> int:
    """Open a case for each pair that needs one; how many were opened. The caller holds the change feed's lock.

    None is needed between people whom an earlier case is about, decided or not, be it under the name of a person since
    merged into them; nor where one of the two has since been withdrawn, or both have become one. The subject of a case
    is who was enrolled later.
    """
    opened = 0
    for lower, higher, found in pairs:
        people = [uow.people.survivor_of(uow.people.by_key(key)) for key in (lower, higher)]
        earlier, later = sorted(people, key=lambda one: one.key)
        if earlier is later or not (earlier.searched and later.searched):
            continue
        if uow.cases.between(names_of(uow, earlier), names_of(uow, later)):
            continue
        evidence = found.evidence if later is people[0] else from_the_other_side(found.evidence)
        candidate = replace(found, person_key=earlier.key, evidence=evidence)
        open_case(uow, later.key, [candidate], thresholds=thresholds, gallery_size=gallery_size, now=now)
        uow.flush()
        opened += 1
    return opened
