"""The marks that comparing an enrolment's own captures with each other gives."""

from collections.abc import Iterable, Sequence

from matcher import Position, Template, same_fingers
from service.adjudication.domain.marks import SAME_FINGER, Mark
from service.enrolment.domain.enrolments import IDENTICAL_FILES


def marks_within(probe: Sequence[Template], repeated: Iterable[tuple[str, ...]]) -> list[Mark]:
    """One mark for each finger, and each file, that was given at several positions. repeated: of the same bytes."""
    fingers = [Mark(SAME_FINGER, positions) for positions in _joined(same_fingers(probe))]
    return fingers + [Mark(IDENTICAL_FILES, positions) for positions in repeated]


def _joined(pairs: Iterable[tuple[Position, Position]]) -> list[tuple[str, ...]]:
    """The positions that pairs join, each once, in the order of `Position`."""
    groups: list[set[Position]] = []
    for pair in pairs:
        touched = [one for one in groups if one & set(pair)]
        groups = [one for one in groups if one not in touched] + [set(pair).union(*touched)]
    return [tuple(one.value for one in Position if one in group) for group in groups]
