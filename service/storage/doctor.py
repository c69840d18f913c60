"""What of a registry is sealed on the disk and what is not, whether its files are its owner's alone, and its keys."""

import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, LargeBinary, case, func, literal, select

from matcher import SEALED_FILE_MAGIC
from service.kit.sealing import MAGIC
from service.kit.sql.columns import metadata
from service.storage.at_rest import AT_REST, FILES, How, Kept

SEALED_HEADS = (MAGIC, SEALED_FILE_MAGIC)
LONGEST_HEAD = max(map(len, SEALED_HEADS))
OTHERS = stat.S_IRWXG | stat.S_IRWXO
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Counted:
    """Values of one field, or files of one pattern. plain: those that are there and are not sealed."""

    where: str
    field: str | None
    sealed: int
    plain: int

    @property
    def name(self) -> str:
        return self.where if self.field is None else f"{self.where}.{self.field}"


@dataclass(frozen=True, slots=True)
class AtRest:
    """plain: fields that are kept as they are, with the reason. faults: what is not as it must be, in sentences.

    advice: what is allowed and could be better.
    """

    counted: Sequence[Counted]
    plain: Sequence[Kept]
    faults: Sequence[str]
    advice: Sequence[str]


def examine(
    engine: Engine, home: Path, key_file: Path | None, progress: Callable[[str], None] = lambda name: None
) -> AtRest:
    """Read every sealed field of the database, and the modes of all files of the home.

    key_file: None where the environment gives the key. progress: called with the name of each field that is read.
    """
    counted = []
    for kept in AT_REST:
        for one in kept.fields if kept.how is How.SEALED else ():
            progress(f"{kept.where}.{one}")
            counted.append(_count(engine, kept.where, one))
    for file in FILES:
        if file.how is How.SEALED:
            progress(file.where)
            counted.append(_count_files(home, file.where))
    faults = [f"{one.plain:,} of {one.name} are not sealed" for one in counted if one.plain]
    faults += _named(
        f"in {home.absolute()} can be read by others: run `chmod -R go= {home.absolute()}`", _open_files(home)
    )
    plain = [one for one in AT_REST if one.how is How.PLAIN]
    return AtRest(counted, plain, faults, list(_advice(home, key_file)))


def _count(engine: Engine, table: str, field: str) -> Counted:
    column = metadata.tables[table].c[field]
    head = func.substr(column, 1, len(MAGIC))
    return _counted(engine, table, field, column.is_not(None), head == literal(MAGIC, LargeBinary))


def _count_files(home: Path, pattern: str) -> Counted:
    """By how each file begins."""
    found = {True: 0, False: 0}
    for path in home.glob(pattern):
        with suppress(FileNotFoundError, IsADirectoryError), path.open("rb") as file:
            found[file.read(LONGEST_HEAD).startswith(SEALED_HEADS)] += 1
    return Counted(pattern, None, found[True], found[False])


def _counted(
    engine: Engine, table: str, field: str, there: ColumnElement[bool], sealed: ColumnElement[bool]
) -> Counted:
    with engine.connect() as connection:
        columns = (func.count(), func.sum(case((sealed, 1), else_=0)))
        total, found = connection.execute(select(*columns).select_from(metadata.tables[table]).where(there)).one()
    return Counted(table, field, found or 0, total - (found or 0))


def _open_files(home: Path) -> Iterator[str]:
    """What others than the owner may read: a folder that is closed closes all that is in it."""
    if home.stat().st_mode & OTHERS:
        yield from (path.name for path in sorted(home.iterdir()) if path.stat().st_mode & OTHERS)


def _named(fault: str, names: Iterator[str]) -> list[str]:
    found = list(names)
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return [f"{', '.join(found[:MOST_NAMED])}{more} {fault}"] if found else []


def _advice(home: Path, key_file: Path | None) -> Iterator[str]:
    if key_file is not None and key_file.exists() and key_file.stat().st_dev == home.stat().st_dev:
        yield (
            f"the key-encryption key {key_file.absolute()} lies on the disk of what it seals: who takes the disk can "
            "read all of it; let JISR_KEY_FILE name a file on another, or give the key by JISR_KEY"
        )
