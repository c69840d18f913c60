"""The benchmark of sealing, on a few people of whom some fill a segment."""

from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.sealing import measure
from matcher.gallery import store


@pytest.mark.slow
def test_plain_and_sealed_are_measured_on_the_same_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SEGMENT_PEOPLE", 128)
    args = Namespace(people=300, gallery=None, rounds=1, searches=3, threads=2, seed=1)
    found = measure(args, tmp_path)
    assert found["people"] == 300
    for name in ("save", "load", "mapped_load", "mapped_search", "mapped_batch"):
        assert found[f"{name}_ratio"] > 0
    assert found["sealed_disk_bytes"] > found["plain_disk_bytes"] * 0.9
    assert (tmp_path / "plain" / "gallery" / "segment-00001-faces.npy").exists()
