"""One spelling of a value's content, whatever order or form it came in, to compare or hash.

A field that has its default is left out, so that a field added later changes nothing for those who do not use it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID


def canonical(value: object) -> bytes:
    """A value's content as JSON: equal content gives equal bytes.

    Dataclasses are written by field name, without the fields that have their default; mappings by key; sequences in
    their order; sets sorted; instants in UTC; numbers as the shortest that reads back the same, 500.0 as 500; bytes as
    their SHA-256.
    Raises TypeError for anything else.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _plain(value: object) -> Any:
    """A value in JSON's own types."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value) if not _has_default(value, one)}
    match value:
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case AbstractSet():
            return sorted(map(_plain, value), key=lambda one: json.dumps(one, sort_keys=True))
        case Sequence() if not isinstance(value, str | bytes):
            return list(map(_plain, value))
    return _scalar(value)


def _scalar(value: object) -> Any:
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return value.value
        case float():
            return int(value) if value.is_integer() else value
        case bytes():
            return hashlib.sha256(value).hexdigest()
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case str() | UUID():
            return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _has_default(owner: object, field: Field[Any]) -> bool:
    if field.default is not MISSING:
        default = field.default
    elif field.default_factory is not MISSING:
        default = field.default_factory()
    else:
        return False
    return bool(getattr(owner, field.name) == default)
