"""From the evidence of all pairs to candidates: fused, ranked, explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.fuse import COLUMN, HYPOTHESES, MIRROR, Fused, Pairs, Ratios, fuse
from matcher.rarity import Rarity
from matcher.types import FINGERS, Candidate, Evidence, Hypothesis, Position

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Evidence and scores of n people: of the faces, float32 (n,), and of the pairs of fingers, float32 (n, p, 10)."""

    pairs: Pairs
    face_scores: Scores
    finger_scores: Scores

    def __getitem__(self, rows: NDArray[np.intp]) -> Scored:
        """Some of the people."""
        return Scored(self.pairs[rows], self.face_scores[rows], self.finger_scores[rows])

    def fused(self, among: Sequence[Hypothesis] = HYPOTHESES) -> Fused:
        """The mixture of the hypotheses that count."""
        layouts, which = self.pairs.layouts()
        applies = np.array([one.applies for one in layouts], np.bool_).reshape(-1, len(HYPOTHESES))
        return fuse(self.pairs.by_hypothesis(), applies[which], among)


def candidates_of(
    keys: NDArray[np.int64],
    scored: Scored,
    rarity: Rarity,
    among: Sequence[Hypothesis] = HYPOTHESES,
    limit: int | None = None,
) -> list[Candidate]:
    """People by key as candidates, the best `limit`: rarest first, then likeliest, equal evidence in order of keys.

    Left out is who can be compared by none of the hypotheses that count.
    """
    if not len(keys):
        return []
    fused = scored.fused(among)
    rare = _rarities(scored.pairs, fused.log10_lr, rarity, among)
    order = [row for row in np.lexsort((keys, -fused.log10_lr, -rare)).tolist() if np.isfinite(fused.log10_lr[row])]
    found = []
    for row in order[:limit]:
        hypothesis = HYPOTHESES[fused.likeliest[row]]
        evidence = _evidence(scored, row, hypothesis)
        found.append(Candidate(int(keys[row]), float(fused.log10_lr[row]), float(rare[row]), hypothesis, evidence))
    return found


def _rarities(pairs: Pairs, log10_lr: Ratios, rarity: Rarity, among: Sequence[Hypothesis]) -> Ratios:
    layouts, which = pairs.layouts()
    found = np.zeros(len(log10_lr))
    for at, layout in enumerate(layouts):
        found[which == at] = rarity(layout, log10_lr[which == at], among)
    return found


def _evidence(scored: Scored, row: int, hypothesis: Hypothesis) -> Mapping[Position, Evidence]:
    """As the hypothesis pairs the fingers; a pair that was not compared is left out."""
    pairs = scored.pairs
    found: dict[Position, Evidence] = {}
    if not np.isnan(pairs.face[row]):
        found[Position.FACE] = Evidence(max(float(scored.face_scores[row]), 0.0), float(pairs.face[row]))
    for finger, position in enumerate(pairs.fingers):
        ratios, charge = pairs.pairs[row, finger], 0.0
        column = COLUMN[position]
        if hypothesis is Hypothesis.HANDS_SWAPPED:
            column = int(MIRROR[column])
        elif hypothesis is Hypothesis.ANY_POSITION:
            column = int(np.where(np.isnan(ratios), -np.inf, ratios).argmax())
            charge = float(np.log10(max(int(np.count_nonzero(~np.isnan(ratios))), 1)))
        if np.isfinite(ratios[column]):
            at = None if FINGERS[column] is position else FINGERS[column]
            score = max(float(scored.finger_scores[row, finger, column]), 0.0)
            found[position] = Evidence(score, float(ratios[column]) - charge, at)
    return found
