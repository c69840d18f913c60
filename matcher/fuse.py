"""From the evidence of several positions to that of a person: a mixture over the hypotheses on how a probe came to be.

Somebody who enrols again honestly gives every capture as stated. Somebody who tries gives another's face, another's
finger, or the left hand as the right. Under each hypothesis the log10 likelihood ratios of the pairs it states are
added; the ratio of "same person" against "different people" is the sum of these, weighted by how often each hypothesis
may be true (`HYPOTHESIS_WEIGHTS`).

Adding treats the pairs as independent, given mated or non-mated. For the fingers and faces of different people that
holds well. Within one person a worn hand lowers several scores at once, so the sum of several weak fingers is somewhat
too strong.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.errors import TemplatesIncomparable
from matcher.parameters import FALSE_SHARE, HYPOTHESIS_WEIGHTS
from matcher.types import FINGERS, Candidate, Hypothesis, Position, Template

Ratios = NDArray[np.float64]
Counts = NDArray[np.int64]
HYPOTHESES = tuple(one for one in Hypothesis if one.value in HYPOTHESIS_WEIGHTS)
"""Those of the mixture, on how a probe's captures pair with a person's. The others read the captures anew."""
COLUMN = {position: column for column, position in enumerate(FINGERS)}
"""Of a finger, in arrays by finger of the person."""
MIRROR = np.array([*range(5, 10), *range(5)])
"""The column of the other hand's finger, by column."""
_WEIGHTS = np.log10([HYPOTHESIS_WEIGHTS[one] for one in HYPOTHESES])


def modality(position: Position) -> str:
    """The name under which networks and curves are kept: `finger` or `face`."""
    return "finger" if position.is_finger else "face"


def by_position(templates: Iterable[Template]) -> dict[Position, tuple[Template, ...]]:
    """Templates with all their views by position, in the order of `Position`, so that every sum adds in one order."""
    grouped: defaultdict[Position, list[Template]] = defaultdict(list)
    for template in templates:
        grouped[template.position].extend(template.views)
    return {position: tuple(grouped[position]) for position in Position if position in grouped}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a probe and a person can be compared by: how often evidence is reached by chance depends on it alone.

    face: whether both have one. stated, mirrored: the probe's fingers that the person has too, or has on the other
    hand. probe, person: how many fingers each has.
    """

    face: bool
    stated: int
    mirrored: int
    probe: int
    person: int

    @property
    def applies(self) -> tuple[bool, ...]:
        """By hypothesis, in their order. One that states the same as another, or nothing at all, does not apply."""
        both = self.face and self.stated > 0
        return (
            self.face or self.stated > 0,
            both,
            both,
            self.face + self.stated > 1,
            self.mirrored > 0,
            self.probe > 0 and self.person > 0,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """log10 LR of a probe's p fingers and face with those of n people.

    fingers: the probe's, in the order of `Position`. face: float64 (n,). pairs: float64 (n, p, 10), by column of the
    person's finger. Both NaN where there is nothing to compare, −∞ where it is not compared.
    """

    fingers: Sequence[Position]
    face: Ratios
    pairs: Ratios

    def __len__(self) -> int:
        return len(self.face)

    def __getitem__(self, rows: NDArray[np.intp]) -> Self:
        """Some of the people."""
        return type(self)(self.fingers, self.face[rows], self.pairs[rows])

    @property
    def stated(self) -> Ratios:
        """(n, p): of each finger with the person's of the same position."""
        return self.pairs[:, np.arange(len(self.fingers)), self._columns]

    @property
    def mirrored(self) -> Ratios:
        """(n, p): of each finger with the same one of the person's other hand."""
        return self.pairs[:, np.arange(len(self.fingers)), MIRROR[self._columns]]

    @property
    def anywhere(self) -> Ratios:
        """(n, p): of each finger with the person's that fits best, the choice charged for; −∞ if not all are compared.

        The best of m comparisons exceeds a ratio at most m times as often as one does, so log10 m is subtracted.
        """
        compared = ~np.isneginf(self.pairs).any(axis=2)
        best = np.where(np.isnan(self.pairs), -np.inf, self.pairs).max(axis=2, initial=-np.inf)
        return np.where(compared, best - np.log10(np.maximum(self.person_fingers, 1))[:, None], -np.inf)

    @property
    def person_fingers(self) -> Counts:
        """(n,): how many fingers a person has."""
        if not self.fingers:
            return np.zeros(len(self), np.int64)
        return np.asarray(np.count_nonzero(~np.isnan(self.pairs[:, 0]), axis=1))

    def layouts(self) -> tuple[list[Layout], NDArray[np.intp]]:
        """The layouts that occur, and which of them each person has."""
        stated, mirrored = ((~np.isnan(some)).sum(axis=1) for some in (self.stated, self.mirrored))
        rows = np.stack([~np.isnan(self.face), stated, mirrored, self.person_fingers], axis=1)
        _, first, which = np.unique(rows @ (11 ** np.arange(4)), return_index=True, return_inverse=True)
        some = rows[first].tolist()
        return [Layout(bool(face), same, other, len(self.fingers), theirs) for face, same, other, theirs in some], which

    def by_hypothesis(self) -> Ratios:
        """log10 LR under each hypothesis (n, 6), in their order; −∞ where it does not apply or is not compared."""
        return np.stack([self.under(hypothesis) for hypothesis in HYPOTHESES], axis=1)

    def under(self, hypothesis: Hypothesis) -> Ratios:
        """log10 LR under one hypothesis (n,); −∞ where it does not apply or is not compared."""
        face, has_face = np.where(np.isnan(self.face), 0.0, self.face), ~np.isnan(self.face)
        if hypothesis is Hypothesis.HANDS_SWAPPED:
            mirrored = self.mirrored
            return np.where((~np.isnan(mirrored)).any(axis=1), _sum(mirrored) + face, -np.inf)
        if hypothesis is Hypothesis.ANY_POSITION:
            return np.where((self.person_fingers > 0) & bool(self.fingers), _sum(self.anywhere) + face, -np.inf)
        stated = self.stated
        common = np.count_nonzero(~np.isnan(stated), axis=1)
        if hypothesis is Hypothesis.AS_STATED:
            return np.where(has_face | (common > 0), _sum(stated) + face, -np.inf)
        if hypothesis is Hypothesis.SOME_FALSE:
            doubted = np.log10(1 - FALSE_SHARE + FALSE_SHARE * 10.0 ** np.hstack([self.face[:, None], stated]))
            return np.where(common + has_face > 1, _sum(doubted), -np.inf)
        alone = face if hypothesis is Hypothesis.FACE_ALONE else _sum(stated)
        return np.where(has_face & (common > 0), alone, -np.inf)

    @property
    def _columns(self) -> Counts:
        return np.array([COLUMN[position] for position in self.fingers], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """log10_lr: float64 (n,), of the mixture. likeliest: (n,), index of the hypothesis that explains a person best."""

    log10_lr: Ratios
    likeliest: NDArray[np.intp]


def fuse(ratios: Ratios, applies: NDArray[np.bool_], among: Sequence[Hypothesis] = HYPOTHESES) -> Fused:
    """The mixture of what `Pairs.by_hypothesis` gives. applies: bool (n, 6). among: those that count."""
    counted = applies & np.isin(HYPOTHESES, among)
    weights = np.where(counted, _WEIGHTS, -np.inf)
    weighted = np.where(counted, ratios, -np.inf) + np.where(counted, weights, 0)
    share = np.where(counted.any(axis=1), log10_sum(weights), 0)
    return Fused(log10_sum(weighted) - share, weighted.argmax(axis=1))


def log10_sum(logs: Ratios) -> Ratios:
    """log10 of the sum of 10^x along the last axis; −∞ where all are."""
    highest = logs.max(axis=-1, keepdims=True)
    level = np.where(np.isfinite(highest), highest, 0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10((10.0 ** (logs - level)).sum(axis=-1)) + level[..., 0], np.float64)


def weight_of(hypothesis: Hypothesis, layout: Layout, among: Sequence[Hypothesis] = HYPOTHESES) -> float:
    """log10 of its share among the hypotheses that apply; −∞ if it does not."""
    applies = [has and one in among for one, has in zip(HYPOTHESES, layout.applies, strict=True)]
    at = HYPOTHESES.index(hypothesis)
    if not applies[at]:
        return -math.inf
    return float(_WEIGHTS[at] - np.log10(sum(10.0**w for w, has in zip(_WEIGHTS, applies, strict=True) if has)))


def ranked(candidates: Iterable[Candidate], limit: int | None = None) -> list[Candidate]:
    """Rarest first, then likeliest; equal evidence in the order of keys."""
    return sorted(candidates, key=lambda one: (-one.rarity, -one.log10_lr, one.key))[:limit]


def require_comparable(templates: Iterable[Template], calibrations: Mapping[str, Calibration]) -> None:
    """Raises TemplatesIncomparable for templates of other networks than the curves', or fingers without minutiae."""
    for template in templates:
        wanted = calibrations[modality(template.position)].model
        if template.model != wanted:
            raise TemplatesIncomparable(f"{template.position}: made by model {template.model}, compared by {wanted}")
        if template.position.is_finger and template.minutiae is None:
            raise TemplatesIncomparable(f"{template.position}: a finger's template without minutiae")


def _sum(ratios: Ratios) -> Ratios:
    """Along the last axis, of what there is to compare."""
    return np.asarray(np.where(np.isnan(ratios), 0, ratios).sum(axis=1), np.float64)
