import json
from pathlib import Path

import numpy as np
import pytest

from matcher.calibrate import Curve, Line, cllr, read_calibrations, write_calibrations
from matcher.errors import CalibrationUnusable
from tests.matcher.made_up import CALIBRATIONS, MODELS


def test_stating_zero_costs_one_and_the_truth_nothing() -> None:
    assert cllr(np.zeros(5), np.zeros(7)) == pytest.approx(1)
    assert cllr(np.full(5, 9.0), np.full(7, -9.0)) == pytest.approx(0, abs=1e-6)


def test_the_best_of_many_comparisons_is_worth_less() -> None:
    curve = Curve((0.0, 1.0), (-1.7, 3.0))
    best = curve.of_best(np.array([1.0, 1.0, 0.0]), np.array([1, 10, 10]))
    assert best.tolist() == pytest.approx([3.0, 2.0, -1.7])


def test_written_curves_are_read_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    write_calibrations(path, CALIBRATIONS)
    assert read_calibrations(path, MODELS) == CALIBRATIONS
    assert read_calibrations(path, {"face": MODELS["face"]}) == {"face": CALIBRATIONS["face"]}


def test_curves_of_other_networks_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    write_calibrations(path, CALIBRATIONS)
    with pytest.raises(CalibrationUnusable, match=r"finger curve .* fitted for model finger-model, loaded is newer"):
        read_calibrations(path, {**MODELS, "finger": "newer"})


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"face": {}}', '{"face": {"model": "face-model"}}'])
def test_missing_or_damaged_curves_are_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "calibration.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CalibrationUnusable, match=r"calibration\.json"):
        read_calibrations(path, MODELS)


@pytest.mark.parametrize(
    ("scores", "ratios"),
    [([], []), ([0.1], [1, 2]), ([0.2, 0.1], [1, 2]), ([0.1, 0.2], [2, 1]), ([0.1, float("nan")], [1, 2])],
)
def test_curves_that_are_none_are_refused(scores: list[float], ratios: list[float]) -> None:
    with pytest.raises(CalibrationUnusable):
        Curve(tuple(scores), tuple(ratios))


@pytest.mark.parametrize("line", [(-1.0, 1.0), (1.0, -1.0), (float("inf"), 1.0)])
def test_lines_that_fit_no_inner_product_are_refused(line: tuple[float, float]) -> None:
    with pytest.raises(CalibrationUnusable):
        Line(*line)


def test_an_altered_curve_is_refused_even_when_it_parses(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    write_calibrations(path, CALIBRATIONS)
    rows = json.loads(path.read_text())
    rows["face"]["curve"]["log10_lr"] = [3.0, -1.7]
    path.write_text(json.dumps(rows))
    with pytest.raises(CalibrationUnusable, match="rise"):
        read_calibrations(path, MODELS)
