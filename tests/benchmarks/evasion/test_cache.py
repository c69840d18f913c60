"""Captures that the evasion benchmark keeps extracted for the next run."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.evasion.cache import CachedExtractor
from benchmarks.evasion.captures import (
    png,
)
from matcher import Capture, CaptureError, Position, Template
from tests.captures import capture


def test_what_is_extracted_is_kept_for_the_next_run(tmp_path: Path) -> None:
    wanted = Capture(Position.LEFT_INDEX, capture("p1_1.png"), 500)
    refused = Capture(Position.LEFT_INDEX, png(np.zeros((200, 200), np.uint8)), 500)
    first, other, error = CachedExtractor(tmp_path).extract([wanted, replace(wanted, dpi=510), refused])
    assert isinstance(first, Template)
    assert isinstance(other, Template)
    assert isinstance(error, CaptureError)
    for file in tmp_path.rglob("*-500"):  # so that what is found was not extracted again
        kept = pickle.loads(file.read_bytes())
        if isinstance(kept, Template):
            file.write_bytes(pickle.dumps(replace(kept, model="kept")))
    again = CachedExtractor(tmp_path)
    found, elsewhere, newly, still = again.extract(
        [wanted, replace(wanted, position=Position.RIGHT_RING), replace(wanted, dpi=510), refused]
    )
    assert isinstance(found, Template)
    assert isinstance(elsewhere, Template)
    assert isinstance(newly, Template)
    assert (found.model, elsewhere.model, newly.model) == ("kept", "kept", first.model)
    assert (found.position, elsewhere.position) == (Position.LEFT_INDEX, Position.RIGHT_RING)
    np.testing.assert_array_equal(found.vector, first.vector)
    assert (type(still), str(still)) == (type(error), str(error))
