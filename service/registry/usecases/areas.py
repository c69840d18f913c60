"""The list of areas: taken from a file as a whole, and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.audit.domain.actions import Action
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.registry.domain.areas import Area, AreaRow
from service.registry.ports import AreaQuery, RegistryUnit
from service.registry.steps.area_file import RowProblem, read_areas


@dataclass(frozen=True, slots=True)
class AreaImport:
    """What a list made of the areas, by code. problems: what to correct; where there are any, nothing was changed."""

    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    closed: Sequence[str] = ()
    unchanged: int = 0
    problems: Sequence[RowProblem] = ()


def import_areas(
    text: str, *, actor: Actor, storage: Storage[RegistryUnit], clock: Clock, dry_run: bool = False
) -> AreaImport:
    """Have the areas be those of a list, all of it or nothing. The same list again changes nothing.

    An area that the list lacks is closed, not deleted; one that comes back is open again. dry_run: only state what
    would be.
    """
    found = read_areas(text)
    if found.problems:
        return AreaImport(problems=found.problems)
    with storage.write() as uow:
        done = _take(uow, found.rows, clock.now().date())
        if done.problems or dry_run:
            return done
        counts = {"added": len(done.added), "changed": len(done.changed), "closed": len(done.closed)}
        uow.audit.note(actor, Action.AREAS_IMPORT, details=counts)
        uow.commit()
    return done


def list_areas(query: AreaQuery, *, actor: Actor, storage: Storage[RegistryUnit]) -> Sequence[Area]:
    """A page of areas, by code."""
    with storage.read() as uow:
        uow.audit.note(actor, Action.AREA_LIST)
        return uow.areas.page(query)


def _take(uow: RegistryUnit, rows: Sequence[AreaRow], today: date) -> AreaImport:
    known = {one.code: one for one in uow.areas.all()}
    problems = [
        RowProblem(0, "level", f"{row.code} is a {known[row.code].level}; an area of another level has another code")
        for row in rows
        if row.code in known and known[row.code].level is not row.level
    ]
    added = [row for row in rows if row.code not in known]
    changed = [row for row in rows if row.code in known and not known[row.code].states(row)]
    listed = {row.code for row in rows}
    closed = [one for one in known.values() if one.code not in listed and one.closed_on is None]
    if not problems:
        for row in added:
            uow.areas.add(Area(row.code, row.level, row.parent, dict(row.names)))
        uow.flush()
        for row in changed:
            known[row.code].take(row)
        for one in closed:
            one.closed_on = today
    return AreaImport(
        [row.code for row in added],
        [row.code for row in changed],
        [one.code for one in closed],
        len(rows) - len(added) - len(changed),
        problems,
    )
