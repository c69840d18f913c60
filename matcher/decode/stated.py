"""What a file states of itself, against what the client states: a contradiction is a warning, never a refusal.

The client's word counts: official samples hold wrong codes and wrong resolutions.
"""

from collections.abc import Collection, Mapping

from matcher.parameters import DPI_AGREES
from matcher.types import FINGERS, SLAPS, CaptureWarning, Position, WarningCode

_RIGHT, _LEFT = FINGERS[:5], FINGERS[5:]
_UNKNOWN = 0
_POSITIONS: Mapping[int, Collection[Position]] = {
    **{code: (position,) for code, position in enumerate(FINGERS, start=1)},
    11: (Position.RIGHT_THUMB,),
    12: (Position.LEFT_THUMB,),
    13: SLAPS["plain_right_four"],
    14: SLAPS["plain_left_four"],
    15: SLAPS["plain_thumbs"],
    **{40 + first: _RIGHT[1 + first : 3 + first] for first in range(3)},
    **{43 + first: _LEFT[1 + first : 3 + first] for first in range(3)},
    46: (Position.RIGHT_INDEX, Position.LEFT_INDEX),
    **{47 + first: _RIGHT[1 + first : 4 + first] for first in range(2)},
    **{49 + first: _LEFT[1 + first : 4 + first] for first in range(2)},
}
"""The fingers of each position code of ISO/IEC 19794-4:2011, table 7; 11 and 12 are plain thumbs in ANSI/NIST-ITL."""
_PALMS = range(20, 37)


def position_warnings(code: int, sent_as: Collection[Position]) -> tuple[CaptureWarning, ...]:
    """Whether a record's position code contradicts what it was sent as: one position, or those of a slap.

    None where the record does not know (code 0) or the client states nothing. A part of a slap's fingers is none.
    """
    if code == _UNKNOWN or not sent_as:
        return ()
    stated = _POSITIONS.get(code, ())
    if stated and set(stated) <= set(sent_as) and (len(stated) > 1) == (len(sent_as) > 1):
        return ()
    detail = f"the record states {_name(code)} (position code {code}), but it was sent as {', '.join(sent_as)}"
    return (CaptureWarning(WarningCode.POSITION_CONTRADICTED, detail),)


def dpi_warnings(taken: float | None, by: str, other: float | None, where: str) -> tuple[CaptureWarning, ...]:
    """Whether two resolutions differ by more than rounding; not if only one is stated.

    taken: the one that counts, which `by` states. other: the one that `where` states.
    """
    if taken is None or other is None or abs(other / taken - 1) <= DPI_AGREES:
        return ()
    detail = f"{where} states {other:g} dpi, {by} {taken:g} dpi; the latter was taken"
    return (CaptureWarning(WarningCode.DPI_CONTRADICTED, detail),)


def _name(code: int) -> str:
    if code in _PALMS:
        return "a palm"
    return ", ".join(_POSITIONS.get(code, ())) or "no known finger"
