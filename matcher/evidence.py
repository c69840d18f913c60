"""Evidence between two people from their templates, one to one. The gallery computes the same from its columns."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.finger import Prints, compare_many, prepare_many
from matcher.fuse import by_position, fuse, modality
from matcher.types import Candidate, Evidence, Position, Template

Calibrations = Mapping[str, Calibration]


class Person:
    """A person's templates by position."""

    __slots__ = ("captures",)

    def __init__(self, templates: Sequence[Template]) -> None:
        self.captures = by_position(templates)


def judge(probe: Person, people: Sequence[tuple[int, Person]], calibrations: Calibrations) -> list[Candidate]:
    """Calibrated evidence on each (key, person), in their order; people without a common position are left out.

    Faces are compared by the cosine of their vectors, fingers by their minutiae. Of several captures of a position the
    best pair counts.
    """
    evidence: list[dict[Position, Evidence]] = [{} for _ in people]
    for position in probe.captures:
        rows = [row for row, (_, person) in enumerate(people) if position in person.captures]
        if not rows:
            continue
        having = [people[row][1] for row in rows]
        best = _best_minutiae if position.is_finger else _best_cosines
        scores = best(probe, having, position)
        pairs = np.array([len(probe.captures[position]) * len(person.captures[position]) for person in having])
        ratios = calibrations[modality(position)].curve.of_best(scores, pairs)
        for row, score, ratio in zip(rows, scores.tolist(), ratios.tolist(), strict=True):
            evidence[row][position] = Evidence(max(score, 0.0), ratio)
    return [fuse(key, parts) for (key, _), parts in zip(people, evidence, strict=True) if parts]


def _best_cosines(probe: Person, people: Sequence[Person], position: Position) -> NDArray[np.float32]:
    """float32 (n,). All people have the position."""
    vectors = np.concatenate([template.vector for person in people for template in person.captures[position]])
    wanted = np.stack([template.vector for template in probe.captures[position]])
    vectors = vectors.reshape(-1, wanted.shape[1])  # np.stack of thousands would take longer than the rest
    return _best_of_each((vectors @ wanted.T).max(axis=1), [len(person.captures[position]) for person in people])


def _best_minutiae(probe: Person, people: Sequence[Person], position: Position) -> NDArray[np.float32]:
    """float32 (n,). All people have the position."""
    references = _prepared(people, position)
    wanted = _prepared([probe], position)
    scores = np.max([compare_many(wanted[i], references) for i in range(len(wanted))], axis=0)
    return _best_of_each(scores, [len(person.captures[position]) for person in people])


def _prepared(people: Sequence[Person], position: Position) -> Prints:
    """The cylinders of all captures of one finger, made for this comparison: keeping them would take ten times the
    memory.
    """
    captures = [template.minutiae for person in people for template in person.captures[position]]
    return prepare_many([minutiae for minutiae in captures if minutiae is not None])


def _best_of_each(scores: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.asarray(np.maximum.reduceat(scores, starts), np.float32)
