"""Fields of a domain class that are sealed together in one column, and opened when their row is loaded.

The domain's attributes stay plain Python. Sealing happens before a flush, for all rows at once.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Column, LargeBinary, event
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_dirty
from sqlalchemy.orm.context import QueryContext

from service.kit.sealing import KeyClass
from service.kit.sql.data_keys import SqlDataKeys

KEYS = "keys"
"""Where a session holds its data keys."""
ATTRIBUTE = "sealed_fields"
_BATCH = "_sealed_batch"
_KEPT = "_sealed_text"
"""Where an object remembers what its column holds, opened."""


class Field:
    """type: of the value. empty: where nothing was kept, or what was kept is erased."""

    def __init__(self, kind: Any, empty: Any) -> None:
        self.empty = empty
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def dump(self, value: Any) -> Any:
        return self._adapter.dump_python(value, mode="json")

    def load(self, value: Any) -> Any:
        return self._adapter.validate_python(value)


@dataclass(frozen=True, slots=True)
class Sealed:
    """table: its name, with the row's `id` also the owner of the key. also: fills plain columns from the fields."""

    table: str
    kind: KeyClass
    fields: Mapping[str, Field]
    also: Callable[[Any], None] | None = None

    def owner(self, target: Any) -> str:
        return f"{self.table}/{target.id}"

    def text(self, target: Any) -> bytes:
        """The fields as JSON; empty where none has a value."""
        values = {name: getattr(target, name) for name in self.fields}
        if all(values[name] == one.empty for name, one in self.fields.items()):
            return b""
        return text_of({name: one.dump(values[name]) for name, one in self.fields.items()})


_sealed: dict[type, Sealed] = {}


def sealed() -> Column[bytes]:
    return Column("sealed", LargeBinary)


def seal(kind: type, how: Sealed) -> None:
    """Have these fields of a mapped class sealed."""
    _sealed[kind] = how
    event.listen(kind, "load", _loaded)
    for name in how.fields:
        setattr(kind, name, _Opening(name))


def text_of(values: Mapping[str, Any]) -> bytes:
    """Values in JSON's own types as they are sealed."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def place_of(owner: str) -> str:
    return f"{owner}/sealed"


def seal_pending(session: Session, *_: object) -> None:
    """Before a flush: seal what was added or has changed."""
    pending: defaultdict[KeyClass, list[tuple[Any, str, bytes]]] = defaultdict(list)
    for target in (*session.new, *session.dirty):
        how = _sealed.get(type(target))
        if how is None or not how.fields.keys() & target.__dict__.keys():  # loaded, and nothing of it was read
            continue
        text = how.text(target)
        changed = text != _kept_text(target)
        if changed:
            pending[how.kind].append((target, how.owner(target), text))
        if how.also is not None and (changed or target in session.new):
            how.also(target)
    keys: SqlDataKeys = session.info[KEYS]
    for kind, some in pending.items():
        _seal(some, kind, keys)


def _kept_text(target: Any) -> bytes | None:
    """What the column holds, opened; None where it was not opened: every field was replaced."""
    nothing = b"" if getattr(target, ATTRIBUTE) is None else None
    kept: bytes | None = target.__dict__.get(_KEPT, nothing)
    return kept


def _seal(some: Sequence[tuple[Any, str, bytes]], kind: KeyClass, keys: SqlDataKeys) -> None:
    found = keys.of_owners([owner for _, owner, text in some if text], kind)
    for target, owner, text in some:
        setattr(target, ATTRIBUTE, found[owner].seal(text, place_of(owner)) if text else None)
        setattr(target, _KEPT, text)


def _loaded(target: Any, context: QueryContext) -> None:
    """Note what was loaded; nothing is opened before it is read."""
    batch: _Batch = context.session.info.setdefault(_BATCH, _Batch(context.session))
    batch.targets.append(target)
    target.__dict__[_BATCH] = batch


class _Batch:
    """Objects of one session that are not opened yet, to be opened together: a page of them is one query for keys."""

    def __init__(self, session: Session) -> None:
        self._session, self.targets = session, list[Any]()

    def open(self) -> None:
        """Raises SealBroken."""
        targets, self.targets = self.targets, []
        kept = [one for one in targets if getattr(one, ATTRIBUTE) is not None and _lacks_fields(one)]
        some = [(getattr(one, ATTRIBUTE), place_of(_sealed[type(one)].owner(one))) for one in kept]
        texts = dict(zip(map(id, kept), self._session.info[KEYS].open_many(some), strict=True))
        for one in targets:
            _fill(one, texts.get(id(one), b""))


def _lacks_fields(target: Any) -> bool:
    """Whether a field was neither read nor set: what is replaced as a whole is not opened, its key may be destroyed."""
    return not _sealed[type(target)].fields.keys() <= target.__dict__.keys()


def _fill(target: Any, text: bytes) -> None:
    values = json.loads(text) if text else {}
    target.__dict__[_KEPT] = text
    for name, one in _sealed[type(target)].fields.items():
        target.__dict__.setdefault(name, one.load(values[name]) if name in values else one.empty)


class _Opening:
    """An attribute that is opened when it is first read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, target: Any, kind: type) -> Any:
        if target is None:
            return self
        if self._name not in target.__dict__ and _BATCH in target.__dict__:
            target.__dict__[_BATCH].open()
        return target.__dict__[self._name]

    def __set__(self, target: Any, value: Any) -> None:
        """The row is written again, also where nothing else of it has changed."""
        target.__dict__[self._name] = value
        flag_dirty(target)
