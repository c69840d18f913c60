"""Cases of pairs that a search of everybody against everybody else found."""

from datetime import datetime

from service.domain.decision import Suspect
from service.domain.people import SEARCHED, Person
from service.ports import Clock, Storage, UnitOfWork
from service.usecases.cases import open_case
from service.usecases.duplicates import Pair, Step
from service.usecases.settle import names_of


def open_cases(step: Step, *, storage: Storage, clock: Clock) -> int:
    """Open a case for each pair of a step that needs one, all or none of them, and say how many were opened.

    None is needed between people whom an earlier case is about, settled or not, be it under the name of somebody since
    merged into them; so a step that is repeated opens nothing twice. Nor where one of the two has since been withdrawn,
    or both have become one.
    """
    if not step.pairs:
        return 0
    opened = 0
    with storage.write() as uow:
        uow.gallery.lock()  # nobody merges people or opens a case meanwhile
        for pair in step.pairs:
            opened += _open_of_pair(uow, pair, step, clock.now())
        uow.commit()
    return opened


def count_raised(since: datetime, *, storage: Storage) -> int:
    """How many cases of the gallery were opened from then on."""
    with storage.read() as uow:
        return uow.cases.count_raised(since)


def _open_of_pair(uow: UnitOfWork, pair: Pair, step: Step, now: datetime) -> bool:
    """Whether a case was opened. Its newcomer is who was enrolled later."""
    both = {_today(uow, key) for key in (pair.person_key, pair.other_key)}
    if len(both) == 1 or any(one.status not in SEARCHED for one in both):
        return False
    earlier, later = sorted(both, key=lambda one: one.key)
    if uow.cases.between(names_of(uow, earlier), names_of(uow, later)):
        return False
    suspect = Suspect(earlier.key, pair.log10_lr, pair.evidence)
    open_case(uow, later.key, [suspect], step.policy, step.gallery_size, now)
    return True


def _today(uow: UnitOfWork, key: int) -> Person:
    return uow.people.survivor_of(uow.people.by_key(key))
