"""JSON as a registry reads it: what two readers could understand differently is refused.

The standard library keeps the last of several values of one name, reads NaN and Infinity, and takes half of a surrogate
pair for a character.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from service.kit.errors import NotJson, RepeatedName

MOST_DIGITS = 40
"""Of a whole number: more than any field takes. Reading a number takes time with the square of its digits."""

_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_Trail = tuple[Any, str] | None
"""The way to a value: the way to what holds it, and its name there."""


class _Repeating(dict[str, Any]):
    """An object with a name that was given twice. name: the first such."""

    name: str


def read_json(text: str) -> Any:
    """What a JSON text states; a byte-order mark before it is skipped. Raises NotJson, RepeatedName."""
    repeating: list[_Repeating] = []

    def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        marked = _Repeating(found)
        marked.name = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        repeating.append(marked)
        return marked

    try:
        value = json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=to_object,
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_finite,
        )
        if _HALF_PAIR.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} in line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NotJson("values are nested too deeply") from None
    except UnicodeEncodeError:
        raise NotJson("a text has half of a surrogate pair") from None
    if repeating:
        path = next(_paths_to_repeated(value))
        raise RepeatedName(f"the name `{path[-1]}` is given twice in one object", path)
    return value


def _no_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is no number of JSON")


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise NotJson(f"a whole number has {len(digits):,} digits; at most {MOST_DIGITS} are read")
    return int(digits)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise NotJson("a number is larger than any that is read")
    return value


def _paths_to_repeated(root: Any) -> Iterator[tuple[str, ...]]:
    """The way to each name that was given twice. No way is written out before one is found: there may be many."""
    waiting: list[tuple[_Trail, Any]] = [(None, root)]
    while waiting:
        trail, value = waiting.pop()
        if isinstance(value, _Repeating):
            yield _written((trail, value.name))
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        waiting += [((trail, str(name)), one) for name, one in inside if isinstance(one, dict | list)]


def _written(trail: _Trail) -> tuple[str, ...]:
    names: list[str] = []
    while trail is not None:
        trail, name = trail
        names.append(name)
    return tuple(reversed(names))
