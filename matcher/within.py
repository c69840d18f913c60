"""One enrolment's fingers against each other: is one finger given at several positions?"""

from collections.abc import Mapping, Sequence

from matcher import parameters as p
from matcher.finger import Prepared, compare, prepare
from matcher.types import Position, Template

ADVICE: Mapping[str, str] = {
    "same_finger": "Capture each finger by itself: this one was given at several positions.",
    "identical_files": "Capture each position by itself: this file was given at several.",
}
"""Reason code to a sentence for the counter, in English. Codes are stable: translations depend on them."""


def same_fingers(templates: Sequence[Template]) -> list[tuple[Position, Position]]:
    """The pairs of different positions at which one person's templates show one finger, in the order of `Position`.

    A position may have several templates, and a template two views; its best comparison counts. Templates of faces, and
    prints with fewer than SAME_FINGER_CYLINDERS cylinders, take no part.
    """
    prints = _prints(templates)
    return [
        (one, other)
        for place, one in enumerate(prints)
        for other in list(prints)[place + 1 :]
        if any(compare(probe, prints[other]).max() >= p.SAME_FINGER_SCORE for probe in prints[one])
    ]


def _prints(templates: Sequence[Template]) -> dict[Position, list[Prepared]]:
    """By position, in the order of `Position`."""
    found: dict[Position, list[Prepared]] = {}
    for position in Position:
        theirs = [view for one in templates if one.position is position for view in one.views]
        made = [prepare(one.minutiae) for one in theirs if one.minutiae is not None]
        usable = [one for one in made if len(one) >= p.SAME_FINGER_CYLINDERS]
        if usable:
            found[position] = usable
    return found
