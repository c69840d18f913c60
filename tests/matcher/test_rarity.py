import math

import numpy as np
import pytest

from matcher.calibrate import Calibration, Curve, Line, Rate
from matcher.fuse import HYPOTHESES, Layout, Pairs, fuse
from matcher.parameters import RARITY_MARGIN
from matcher.rarity import STEP, Rarity
from matcher.types import FINGERS, Hypothesis
from tests.matcher.made_up import CALIBRATIONS

STATED = [Hypothesis.AS_STATED]


def test_one_score_is_as_rare_as_its_rate_states() -> None:
    layout, calibration = Layout(False, 1, 0, 1, 1), CALIBRATIONS["finger"]
    scores = np.linspace(0.1, 0.45, 8)
    found = Rarity(CALIBRATIONS)(layout, calibration.curve(scores), STATED) + RARITY_MARGIN
    assert found == pytest.approx(-calibration.rate(scores), abs=0.05)
    assert (found <= -calibration.rate(scores) + 1e-9).all()


def test_nothing_is_rarer_than_the_highest_evidence() -> None:
    layout, rarity = Layout(False, 1, 0, 1, 1), Rarity(CALIBRATIONS)
    top, beyond, none = rarity(layout, np.array([4.0, 50.0, -np.inf]), STATED)
    assert top == beyond
    assert none == -RARITY_MARGIN


# Exponential scores, so that draws follow the rate exactly.
EXPONENTIAL = Calibration(
    "model",
    "2026-01-01",
    ("made up",),
    10,
    100,
    Curve((0.0, 4.0), (-1.0, 2.5)),
    Rate((0.0, 1.0), (0.0, -1.0)),
    Line(1, 1),
)


@pytest.mark.parametrize("layout", [Layout(True, 2, 0, 2, 2), Layout(False, 3, 0, 3, 3), Layout(True, 0, 2, 2, 2)])
@pytest.mark.parametrize("level", [1e-2, 1e-3])
def test_drawn_people_reach_evidence_as_often_as_promised(layout: Layout, level: float) -> None:
    rng, count = np.random.default_rng(1), 200_000
    calibrations = {"face": EXPONENTIAL, "finger": EXPONENTIAL}
    fingers = list(FINGERS[: layout.probe])
    pairs = np.full((count, layout.probe, 10), np.nan)
    columns = [at if layout.stated else at + 5 for at in range(layout.person)]
    draws = rng.exponential(1 / math.log(10), (count, layout.probe, layout.person))
    pairs[:, :, columns] = EXPONENTIAL.curve(draws)
    face = EXPONENTIAL.curve(rng.exponential(1 / math.log(10), count)) if layout.face else np.full(count, np.nan)
    some = Pairs(fingers, face, pairs)
    assert some.layouts()[0] == [layout]
    fused = fuse(some.by_hypothesis(), np.array([layout.applies] * count))
    rarity = Rarity(calibrations)(layout, fused.log10_lr) + RARITY_MARGIN
    reached = (rarity >= -math.log10(level)).mean()
    assert level / 5 < reached < level * 1.5


def test_rarity_rises_with_evidence_for_every_layout() -> None:
    rarity, ratios = Rarity(CALIBRATIONS), np.arange(-5, 40, STEP)
    for layout in (Layout(True, 10, 10, 10, 10), Layout(True, 0, 0, 4, 0), Layout(False, 0, 2, 4, 4)):
        for among in (HYPOTHESES, STATED, [Hypothesis.ANY_POSITION]):
            assert (np.diff(rarity(layout, ratios, among)) >= 0).all()
