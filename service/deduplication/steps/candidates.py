"""What the matcher found, in the words of the domain."""

import matcher
from service.adjudication.domain.evidence import Candidate, PositionEvidence


def to_candidate(found: matcher.Candidate, person_key: int | None = None) -> Candidate:
    """person_key: whose the key stands for, where it is not the person's own."""
    evidence = {
        position.value: PositionEvidence(one.score, one.log10_lr, one.found_at and one.found_at.value)
        for position, one in found.evidence.items()
    }
    return Candidate(found.key if person_key is None else person_key, found.log10_lr, evidence)
