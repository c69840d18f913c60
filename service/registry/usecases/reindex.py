"""Making the index by which people are found anew, such as for those enrolled before there was one."""

from collections.abc import Callable

from service.audit.domain.actions import Action
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.ports import RegistryUnit
from service.registry.steps.index import index_facts, index_people

PAGE = 500
Progress = Callable[[int, int, int], None]
"""Given how many people are done, of how many, and the key of the last."""


def reindex_people(
    *, actor: Actor, storage: Storage[RegistryUnit], progress: Progress = lambda done, total, last: None, after: int = 0
) -> int:
    """Make the tokens of all people anew, in short transactions; how many people.

    Services may run meanwhile. Calling it again changes nothing. after: the key of a person, to go on from.
    """
    with storage.read() as uow:
        total = uow.index.count_after(after)
    done = 0
    while (last := _page(after, actor, storage)) is not None:
        after, count = last
        done += count
        progress(done, max(done, total), after)
    if not done:
        with storage.write() as uow:
            uow.audit.note(actor, Action.REGISTRY_REINDEX, details={"people": 0})
            uow.commit()
    return done


def _page(after: int, actor: Actor, storage: Storage[RegistryUnit]) -> tuple[int, int] | None:
    """The next people; the last one's key, and how many they were."""
    with storage.write() as uow:
        uow.changes.lock()  # what is read here is what the others have written
        people = uow.index.people_after(after, PAGE)
        if not people:
            return None
        keys = list(people)
        index_people(uow, uow.index.demographics_of(keys))
        index_facts(uow, keys, uow.facts.of_people(keys))
        uow.audit.note(actor, Action.REGISTRY_REINDEX, people=people.values(), details={"people": len(keys)})
        uow.commit()
    return keys[-1], len(keys)
