"""The pairs of a walk as the tables people work with: CSV, and Parquet with types."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from service.adjudication.domain.evidence import PositionEvidence
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.deduplication.domain.search import Walk
from service.deduplication.errors import NoSuchWalk
from service.deduplication.ports import DeduplicationUnit, PairRow
from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.kit.unit import Storage

COLUMNS = (
    "person_key",
    "person_number",
    "other_key",
    "other_number",
    "band",
    "rarity",
    "log10_lr",
    "hypothesis",
    "evidence",
)

_AT_ONCE = 1000


def require_ending(path: Path) -> None:
    """Raise MalformedRequest where the ending of a file's name is none of a table's."""
    if path.suffix.lower() not in WRITERS:
        raise MalformedRequest(
            f"{path} ends in none of {', '.join(WRITERS)}; the ending states what is written", "file"
        )


def export_pairs(path: Path, *, actor: Actor, storage: Storage[DeduplicationUnit]) -> int:
    """Write the pairs of the last finished walk, whole or not at all; how many there are.

    Raises MalformedRequest for another ending than .csv or .parquet, or a folder that cannot be written; NoSuchWalk.
    """
    require_ending(path)
    with storage.read() as uow:
        walk = uow.walks.last_finished()
        if walk is None:
            raise NoSuchWalk("no search of all against all has been finished; `jisr gallery duplicates` runs one")
        _note(uow, walk, actor)
    with storage.read() as uow:  # not before the audit has kept that it is written
        try:
            _write(path, uow.walks.rows(walk.key))
        except OSError as error:
            raise MalformedRequest(f"{path} cannot be written: {error.strerror}", "file") from error
        return walk.pairs


def _note(uow: DeduplicationUnit, walk: Walk, actor: Actor) -> None:
    """An entry for each thousand people in the table; one where it is empty."""
    keys = sorted({key for row in uow.walks.rows(walk.key) for key in (row.person_key, row.other_key)})
    for start in range(0, max(len(keys), 1), _AT_ONCE):
        people = uow.people.by_keys(keys[start : start + _AT_ONCE])
        ids = [one.id for one in people.values()]
        target = Target("walk", str(walk.id))
        uow.audit.note(actor, Action.PAIRS_EXPORT, target, people=ids, details={"pairs": walk.pairs})


def _write(path: Path, rows: Iterable[PairRow]) -> None:
    part = _owners_alone(path.with_name(f"{path.name}.part"))
    try:
        WRITERS[path.suffix.lower()](rows, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _owners_alone(path: Path) -> Path:
    """An empty new file at this path, which no one else may read."""
    path.unlink(missing_ok=True)
    path.touch(0o600, exist_ok=False)
    return path


def _to_csv(rows: Iterable[PairRow], table: Path) -> None:
    """A number that is not issued yet stays empty; evidence as `face=4.6;right_index=4.8`, in log10 LR.

    `right_index@left_index=4.8`: the person's right index is like the other's left index. `right_index*0.8=4.8`: so it
    is if it is shown at 0.8 of its size.
    """
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            evidence = ";".join(map(_in_words, row.evidence, row.evidence.values()))
            people = (row.person_key, row.person_number, row.other_key, row.other_number)
            writer.writerow([*people, row.band, f"{row.rarity:.2f}", f"{row.log10_lr:.2f}", row.hypothesis, evidence])


def _in_words(position: str, one: PositionEvidence) -> str:
    place = position if one.found_at in (None, position) else f"{position}@{one.found_at}"
    scale = "" if one.scale is None else f"*{one.scale:.3g}"
    return f"{place}{scale}={one.log10_lr:.1f}"


def _to_parquet(rows: Iterable[PairRow], table: Path) -> None:
    """A number that is not issued yet is null; evidence is a list of (position, score, log10_lr, found_at, scale)."""
    from arro3.core import DataType, Field, Schema  # only those who ask for Parquet wait for it
    from arro3.io import read_json, write_parquet

    text, number, key = DataType.string(), DataType.float64(), DataType.int64()
    one = DataType.struct(
        [
            Field("position", text),
            Field("score", number),
            Field("log10_lr", number),
            Field("found_at", text),
            Field("scale", number),
        ]
    )
    types = (key, text, key, text, text, number, number, text, DataType.list(Field("item", one)))
    fields = [Field(name, kind) for name, kind in zip(COLUMNS, types, strict=True)]
    lines = _owners_alone(table.with_name(f"{table.name}.rows"))
    try:
        with lines.open("wb") as file:
            file.writelines(map(_line, rows))
        write_parquet(read_json(lines, Schema(fields)), table, compression="zstd(3)")
    finally:
        lines.unlink(missing_ok=True)


def _line(row: PairRow) -> bytes:
    """A pair as one line of JSON, in the columns of the table."""
    evidence = [{"position": position, **asdict(one)} for position, one in row.evidence.items()]
    return json.dumps({**asdict(row), "evidence": evidence}).encode() + b"\n"


WRITERS: Mapping[str, Callable[[Iterable[PairRow], Path], None]] = {".csv": _to_csv, ".parquet": _to_parquet}
"""By the ending of the table's name."""
