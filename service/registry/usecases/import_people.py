"""Taking in people and households by the table of another system, again and again."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import Forbidden, MalformedRequest
from service.kit.unit import Storage
from service.registry.domain.imports import PersonRow
from service.registry.ports import RegistryUnit
from service.registry.steps.area_file import RowProblem
from service.registry.steps.people_file import Cells
from service.registry.steps.people_rows import checked
from service.registry.steps.take_people import sort_rows, take_in

BATCH, LONGEST_BATCH = 1000, 2000
"""Rows of one transaction: as many as that, then on to the end of a household, but no more than that."""
_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """source: a word for the system that the keys are of. dry_run: only state what would be."""

    source: str
    dry_run: bool = False


@dataclass(slots=True)
class Imported:
    """How many rows were taken in, were taken in before as they stand, and were left out."""

    added: int = 0
    unchanged: int = 0
    left_out: int = 0


@dataclass(slots=True)
class _Import:
    order: ImportOrder
    actor: Actor
    storage: Storage[RegistryUnit]
    clock: Clock
    number_length: int
    report: Callable[[RowProblem], None]
    done: Imported = field(default_factory=Imported)


def import_people(
    rows: Iterable[tuple[int, Cells]],
    order: ImportOrder,
    *,
    actor: Actor,
    storage: Storage[RegistryUnit],
    clock: Clock,
    number_length: int,
    report: Callable[[RowProblem], None],
    progress: Callable[[int], None] = lambda rows: None,
) -> Imported:
    """Take in the rows that are right, and report what is wrong with the others.

    A row is taken in once, by the source's key of its person: stopped at any moment, the same call goes on. report: is
    given each problem once the rest of its batch is committed. progress: how many rows a batch had.
    Raises MalformedRequest for a source that is no word, and what reading the rows raises; Forbidden for who is bound
    to sites: the people imported are of none.
    """
    if not _SOURCE.fullmatch(order.source):
        raise MalformedRequest("a source has 1 to 40 small letters, digits, points and hyphens", "source")
    if actor.people_of is not None:
        raise Forbidden("who is bound to a site imports no one")
    work = _Import(order, actor, storage, clock, number_length, report)
    for batch in _batches(rows, work):
        _take(work, [one for one in batch if isinstance(one, PersonRow)])
        for problems in (one for one in batch if not isinstance(one, PersonRow)):
            _leave_out(work, problems)
        progress(len(batch))
    return work.done


def _batches(rows: Iterable[tuple[int, Cells]], work: _Import) -> Iterator[Sequence[PersonRow | list[RowProblem]]]:
    batch: list[PersonRow | list[RowProblem]] = []
    today, before = work.clock.now().date(), None
    for line, cells in rows:
        one = checked(line, cells, today)
        home = cells.get("household")
        if len(batch) >= LONGEST_BATCH or (len(batch) >= BATCH and home != before):
            yield batch
            batch = []
        batch.append(one)
        before = home
    if batch:
        yield batch


def _take(work: _Import, rows: Sequence[PersonRow]) -> None:
    source, now = work.order.source, work.clock.now()
    with work.storage.write() as uow:
        uow.changes.lock()
        found = sort_rows(uow, source, rows)
        if not work.order.dry_run:
            people = take_in(uow, source, found.new, actor=work.actor, now=now, number_length=work.number_length)
            counts = {"added": len(people), "unchanged": found.unchanged}
            ids = [one.id for one in people]
            uow.audit.note(work.actor, Action.PEOPLE_IMPORT, Target("source", source), people=ids, details=counts)
            uow.commit()
    work.done.added += len(found.new)
    work.done.unchanged += found.unchanged
    for one in found.problems:
        _leave_out(work, [one])


def _leave_out(work: _Import, problems: Sequence[RowProblem]) -> None:
    work.done.left_out += 1
    for one in problems:
        work.report(one)
