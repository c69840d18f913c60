"""Who has a document: one person at a time, and who else claims it is looked at by a person, never turned away."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from service.registry.domain.changes import Change
from service.registry.domain.fact_values import Document
from service.registry.domain.facts import Fact, same_document
from service.registry.ports import RegistryUnit
from service.tasks.domain.tasks import Outcome, TaskKind, of_person
from service.tasks.steps.open import Wanted, open_tasks

PURPOSE = "document"


def claim_documents(uow: RegistryUnit, facts: Sequence[Fact], change: Change) -> None:
    """Give each document that is to be recorded its token, and have it hold the document where nobody else does.

    Where another person's has expired by then, it holds it no more.
    """
    documents = [one for one in facts if isinstance(one.value, Document)]
    if not documents:
        return
    for one, token in zip(documents, uow.blind.tokens(PURPOSE, [one.value.which for one in documents]), strict=True):
        one.token = token
    holders = {one.token: one for one in uow.facts.claims([one.token for one in documents if one.token]) if one.holds}
    for one in documents:
        holder = holders.get(one.token)
        if holder is not None and holder.person_key != one.person_key and _expired(holder, change.effective):
            uow.history.supersede([holder], change.key)
            uow.history.write(replace(holder.copied(change.key), holds=False))
            uow.flush()
            holder = None
        one.holds = holder is None
        holders[one.token] = holder or one  # what the same order states once more holds it no second time


def review_disputes(uow: RegistryUnit, touched: Collection[Fact], standing: Collection[Fact], change: Change) -> None:
    """Open a task for each document that stands and another person has; close those of documents that do not."""
    disputed = _disputed(uow, standing)
    uow.flush()
    about = {of_person(one.person_key, str(one.id)): one for one in touched if one.person_key is not None}
    wanted = {each for each, one in about.items() if one.id in disputed}
    for task in uow.tasks.unclosed([TaskKind.DOCUMENT_DISPUTED], list(about)):
        if task.about not in wanted:
            task.close(Outcome.NOT_NEEDED, None, change.by, change.recorded_at)
    uow.flush()
    open_tasks(uow, [Wanted(TaskKind.DOCUMENT_DISPUTED, one) for one in wanted], change.recorded_at)


def _disputed(uow: RegistryUnit, standing: Collection[Fact]) -> set[object]:
    """The IDs of those that another person holds, as people stand today."""
    held = [one for one in standing if one.token is not None and not one.holds]
    holders = {one.token: one for one in uow.facts.claims([one.token for one in held if one.token]) if one.holds}
    pairs = [(one, holders[one.token]) for one in held if one.token in holders]
    pairs = [pair for pair in pairs if same_document(*pair)]
    keys = {one.person_key for pair in pairs for one in pair if one.person_key is not None}
    today: dict[int | None, int] = {key: one.key for key, one in uow.people.survivors_of(keys).items()} if keys else {}
    return {one.id for one, holder in pairs if today.get(one.person_key) != today.get(holder.person_key)}


def _expired(one: Fact, day: date) -> bool:
    return isinstance(one.value, Document) and one.value.expired(day)
