"""The registry of the evasion benchmark: enrolments that go all the way, and its index."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.evasion.cache import CachedExtractor
from benchmarks.evasion.captures import (
    Impression,
    Unusable,
    png,
)
from benchmarks.evasion.registry import REFUSED, Outcome, Registry, fill_kept
from benchmarks.evasion.ways import (
    POSITIONS,
    face,
    placed,
)
from benchmarks.synthetic_people import synthetic_people
from matcher import Capture, Position, Quality, Template
from matcher.gallery.records import Records
from tests.captures import capture

RNG = np.random.default_rng(1)


def impression(name: str) -> Impression:
    return Impression(capture(name), 500, 90)


@pytest.mark.slow
def test_enrolments_go_all_the_way_and_can_be_taken_back(tmp_path: Path, extractor: CachedExtractor) -> None:
    registry = Registry(tmp_path, extractor)
    first = [face(capture("obama.jpg")), *placed([impression("p1_1.png")])]
    again = [face(capture("obama2.jpg")), *placed([impression("p1_2.png")])]
    made_up = Capture(Position.RIGHT_INDEX, capture("p2_1.png"), 500)
    registry.add_people(3)
    (template,) = extractor.extract([made_up])
    assert isinstance(template, Template)
    registry.index.replace({3: [template]})

    enrolled = registry.enrol(first)
    assert (enrolled.status, enrolled.case) == ("enrolled", False)
    assert enrolled.person_key is not None
    assert enrolled.person_key > 3
    tried_again = registry.enrol(again)
    assert (tried_again.status, tried_again.named) == ("in_review", {enrolled.person_key: "as_stated"})
    registry.take_back(tried_again)
    assert enrolled.person_key in registry.preselected(again)
    assert tried_again.person_key not in registry.preselected(again)
    assert registry.enrol(again).named.keys() == {enrolled.person_key}  # the try before is not found

    assert registry.enrol(placed([impression("p2_1.png")])).named == {3: "as_stated"}  # of whom there is only a row
    marked = registry.enrol(placed([impression("p1_1.png")] * 2))
    assert set(marked.marks) == {"identical_files", "same_finger"}
    blank = Impression(png(np.zeros((200, 200), np.uint8)), 500, 0)
    assert registry.enrol(placed([blank])) == Outcome(f"{REFUSED} not_a_fingerprint")
    assert len(registry.index.seconds) == 5


def test_an_index_is_kept_with_what_it_was_made_of(tmp_path: Path, extractor: CachedExtractor) -> None:
    faces = RNG.standard_normal((200, extractor.dimensions["face"])).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    kept = tmp_path / "kept"

    def people(seed: int) -> Iterator[Records]:
        rng = np.random.default_rng(seed)
        return synthetic_people(50, faces, rng, pool=20, fingers=POSITIONS, first_key=1, enrolled=faces[:3])

    first = Registry(tmp_path / "first", extractor).index
    fill_kept(first, people(1), {"seed": 1}, kept)
    assert len(first) == 50
    assert 1 in first
    second = Registry(tmp_path / "second", extractor).index
    fill_kept(second, iter(()), {"seed": 1}, kept)
    assert len(second) == 50
    with pytest.raises(Unusable, match="name another folder"):
        fill_kept(second, iter(()), {"seed": 2}, kept)
    model = extractor.models["face"]
    probe = [Template(Position.FACE, faces[1], Quality(80), model)]
    assert second.search(probe)[0].key == 2  # the first people have the real faces
