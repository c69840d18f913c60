import math

from matcher.fuse import fuse, ranked
from matcher.types import Candidate, Evidence, Hypothesis, Position


def test_evidence_adds_and_the_likeliest_come_first() -> None:
    parts = {Position.FACE: Evidence(0.5, 2.0), Position.LEFT_THUMB: Evidence(0.1, -0.5)}
    assert fuse(3, parts) == Candidate(3, 1.5, 1.5, Hypothesis.AS_STATED, parts)
    pairs = [(4, 1.0), (2, 1.0), (9, 3.0), (1, -math.inf)]
    some = [Candidate(key, ratio, ratio, Hypothesis.AS_STATED, {}) for key, ratio in pairs]
    assert [candidate.key for candidate in ranked(some, 3)] == [9, 2, 4]
