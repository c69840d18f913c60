"""Keys of what people state made anew: after an upgrade, or when the combinations that are set have changed."""

from collections.abc import Iterator

from service.audit.domain.actions import Action
from service.deduplication.ports import DeduplicationUnit
from service.kit.actor import Actor
from service.kit.unit import Storage

BATCH = 500


def reindex_statements(*, actor: Actor, storage: Storage[DeduplicationUnit]) -> Iterator[int]:
    """How many people are done, batch by batch; each is one transaction, so that it can be stopped and begun again."""
    after = done = 0
    while True:
        with storage.write() as uow:
            uow.changes.lock()  # no one changes what they state meanwhile
            people = uow.people.searched_after(after, BATCH)
            if not people:
                uow.audit.note(actor, Action.STATEMENTS_REINDEX, details={"people": done})
                uow.commit()
                return
            uow.demographic_keys.renew(people)
            uow.commit()
            after, done = people[-1].key, done + len(people)
        yield done
