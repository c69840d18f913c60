"""Error rates on a part of FVC2002, with the goals that benchmarks/fingerprint.py sets for the whole."""

import numpy as np
import pytest
from PIL import Image as Pillow

from benchmarks.rates import Trial, curve
from matcher.finger import FingerExtractor, compare, prepare
from matcher.types import Image
from tests.data import evaluation_data


@pytest.mark.parametrize("name", ["FVC2002_DB1_B", "FVC2002_DB3_B"])
def test_five_fingers_of_three_impressions_are_distinguished(name: str) -> None:
    folder = evaluation_data(f"fingerprints/{name}")
    extractor = FingerExtractor()
    finger = np.repeat(np.arange(5), 3)
    files = [folder / f"{101 + one}_{1 + impression}.png" for one in range(5) for impression in range(3)]
    images = [Image(np.asarray(Pillow.open(file).convert("L"))) for file in files]
    prepared = [prepare(extractor.extract(image)[0]) for image in images]
    scores = np.stack([compare(probe, prepared) for probe in prepared])
    first, second = np.triu_indices(len(finger), 1)
    rates = curve(Trial(scores[first, second], finger[first] == finger[second], finger[first], finger[second]))
    assert rates.eer <= 0.01
    assert rates.fnmr_at(0) <= 0.07
