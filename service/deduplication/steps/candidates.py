"""What the matcher found, in the words of the domain."""

from collections.abc import Mapping

import matcher
from service.adjudication.domain.evidence import Candidate, Hypothesis, PositionEvidence


def to_candidate(found: matcher.Candidate) -> Candidate:
    return Candidate(
        person_key=found.key,
        log10_lr=found.log10_lr,
        rarity=found.rarity,
        hypothesis=Hypothesis(found.hypothesis.value),
        evidence=to_evidence(found.evidence),
    )


def to_evidence(found: Mapping[matcher.Position, matcher.Evidence]) -> dict[str, PositionEvidence]:
    """By position."""
    return {
        position.value: PositionEvidence(one.score, one.log10_lr, one.found_at and one.found_at.value, one.scale)
        for position, one in found.items()
    }
