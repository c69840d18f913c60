"""Taking in rows of another system's table: people with numbers at once, as by a birth, in their households."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from service.kit.actor import Actor
from service.kit.ids import new_uuid
from service.registry.domain.changes import Change, ChangeKind
from service.registry.domain.households import Household, HouseholdStatus, Membership
from service.registry.domain.identifiers import is_household_id, new_person_numbers
from service.registry.domain.imports import ImportedRow, PersonRow
from service.registry.domain.people import Person
from service.registry.ports import RegistryUnit
from service.registry.steps.area_file import RowProblem
from service.registry.steps.heads import review_heads
from service.registry.steps.index import index_people
from service.registry.steps.record import begin, new_change
from service.registry.steps.residence import complete_households, find_households

CHANGED = "differs from what was imported under this key; correct the person's record instead"
TWICE = "this key stands in an earlier row of the table"


@dataclass(frozen=True, slots=True)
class Sorted:
    """new: rows of people who are not there yet, each with its tokens. unchanged: how many are there as they stand."""

    new: Sequence[tuple[PersonRow, bytes, bytes]]
    unchanged: int
    problems: Sequence[RowProblem]


def sort_rows(uow: RegistryUnit, source: str, rows: Sequence[PersonRow]) -> Sorted:
    """Which of these rows are to be taken in, in a constant number of queries.

    Keys and contents are kept as keyed hashes: the key may be a number of a person's papers.
    """
    tokens = uow.blind.tokens("imported person", [f"{source}\n{one.key}" for one in rows])
    contents = uow.blind.tokens("imported row", [_text(one) for one in rows])
    known = uow.imports.by_tokens(set(tokens))
    standing = _standing(uow, source, rows)
    new, problems, unchanged, seen = [], [], 0, set[bytes]()
    for row, token, content in zip(rows, tokens, contents, strict=True):
        detail = None if row.household is None else standing.get(row.household)
        if token in seen:
            problems.append(RowProblem(row.line, "person", TWICE))
        elif token in known and known[token].content == content:
            unchanged += 1
        elif token in known:
            problems.append(RowProblem(row.line, "", CHANGED))
        elif detail is not None:
            problems.append(RowProblem(row.line, "household", detail))
        else:
            new.append((row, token, content))
        seen.add(token)
    return Sorted(new, unchanged, problems)


def take_in(
    uow: RegistryUnit,
    source: str,
    rows: Sequence[tuple[PersonRow, bytes, bytes]],
    *,
    actor: Actor,
    now: datetime,
    number_length: int,
) -> Sequence[Person]:
    """Make people, households and memberships of these rows; the people.

    One change for all who come into a household on one day. To be called under the lock of the change feed.
    """
    if not rows:
        return ()
    homes = _homes(uow, source, [row for row, _, _ in rows], now)
    people = _people(uow, rows, now, number_length)
    changes = {
        place: new_change(ChangeKind.IMPORTED, place[1], now, actor)
        for place in dict.fromkeys(_place(row, homes) for row, _, _ in rows)
    }
    begin(uow, list(changes.values()))
    _settle(uow, zip((row for row, _, _ in rows), people, strict=True), homes, changes)
    uow.flush()
    complete_households(uow, people)
    index_people(uow, {one.key: one.demographics for one in people})
    review_heads(uow, {one.key for one in homes.values()}, by=actor.id, now=now)
    uow.imports.add(
        [ImportedRow(token, content, one.key) for (_, token, content), one in zip(rows, people, strict=True)]
    )
    return people


def _people(
    uow: RegistryUnit, rows: Sequence[tuple[PersonRow, bytes, bytes]], now: datetime, number_length: int
) -> Sequence[Person]:
    numbers = new_person_numbers(len(rows), uow.people.numbers_taken, number_length)
    people = [Person(new_uuid(), row.who, now) for row, _, _ in rows]
    for one, number in zip(people, numbers, strict=True):
        one.activate(number)
        uow.people.add(one)
    uow.flush()
    return people


def _homes(uow: RegistryUnit, source: str, rows: Sequence[PersonRow], now: datetime) -> Mapping[str, Household]:
    """By the rows' names, made where there are none yet."""
    names = _names(uow, source, rows)
    known = find_households(uow, set(names.values()))
    for name in names.values():
        if name not in known:
            known[name] = Household(UUID(name), now)
            uow.households.add(known[name])
    uow.flush()
    return {of_row: known[name] for of_row, name in names.items()}


def _settle(
    uow: RegistryUnit,
    people: Iterable[tuple[PersonRow, Person]],
    homes: Mapping[str, Household],
    changes: Mapping[tuple[int | None, date], Change],
) -> None:
    stays, alone = [], []
    for row, person in people:
        place = _place(row, homes)
        if place[0] is None or row.role is None:
            alone.append((changes[place].key, None, person.key))
            continue
        stay = Membership(
            household_key=place[0],
            person_key=person.key,
            role=row.role,
            valid_from=row.since,
            recorded_by=changes[place].key,
        )
        stays.append(stay)
    uow.history.write(*stays)
    uow.history.touch(alone)


def _place(row: PersonRow, homes: Mapping[str, Household]) -> tuple[int | None, date]:
    return None if row.household is None else homes[row.household].key, row.since


def _names(uow: RegistryUnit, source: str, rows: Sequence[PersonRow]) -> Mapping[str, str]:
    """The registry's names of households: a household ID, or a UUID made of the source's key, the same each time."""
    stated = list(dict.fromkeys(row.household for row in rows if row.household is not None))
    keys = [one for one in stated if not is_household_id(one)]
    tokens = uow.blind.tokens("imported household", [f"{source}\n{one}" for one in keys])
    made = {one: str(UUID(bytes=token)) for one, token in zip(keys, tokens, strict=True)}
    return {one: made.get(one, one) for one in stated}


def _standing(uow: RegistryUnit, source: str, rows: Sequence[PersonRow]) -> Mapping[str, str]:
    """What keeps people from coming into households, by the rows' names of these."""
    names = _names(uow, source, rows)
    known = find_households(uow, set(names.values())) if names else {}
    states = uow.households.states_of_many([one.key for one in known.values()])
    ended = {key for key, one in states.items() if one.status is HouseholdStatus.DISSOLVED}
    found = {}
    for of_row, name in names.items():
        if name in known and known[name].key in ended:
            found[of_row] = "this household was dissolved; re-open it first"
        elif name not in known and is_household_id(name):
            found[of_row] = "no household has this household ID"
    return found


def _text(row: PersonRow) -> str:
    """What a row states, in one spelling; but for `since`, which is another day each time where it is left out."""
    stated = {**asdict(row.who), "household": row.household, "role": row.role}
    return json.dumps(stated, default=str, sort_keys=True, ensure_ascii=False)
