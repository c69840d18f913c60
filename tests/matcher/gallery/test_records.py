import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.gallery.quantise import pack_minutiae, unpack_minutiae
from matcher.gallery.records import records_of
from matcher.parameters import GALLERY_MINUTIAE
from matcher.types import Minutiae, Position
from tests.matcher.made_up import DIMENSIONS, MODELS, again, person

some_positions = st.lists(st.sampled_from(list(Position)), max_size=6)
SEVERAL = [(7, [Position.LEFT_RING, Position.FACE]), (2**40, []), (9, list(Position))]


@settings(deadline=None)
@given(st.lists(some_positions, max_size=5), st.data())
def test_people_come_back_as_they_were_to_the_precision_of_the_packing(
    having: list[list[Position]], data: st.DataObject
) -> None:
    people = [(3 * i, [*person(i, positions), *again(i, positions[:2])]) for i, positions in enumerate(having)]
    records = records_of(people, DIMENSIONS)
    start = data.draw(st.integers(0, len(people)))
    stop = data.draw(st.integers(start, len(people)))
    part = records[start:stop]
    assert part.keys.tolist() == [key for key, _ in people[start:stop]]
    for row, (_, templates) in enumerate(people[start:stop]):
        kept = part.templates(row, MODELS)
        wanted = sorted(templates, key=lambda one: list(Position).index(one.position))
        assert [one.position for one in kept] == [one.position for one in wanted]
        for one, other in zip(kept, wanted, strict=True):
            exact = 5e-3 if one.position.is_finger else 5e-5
            np.testing.assert_allclose(one.vector, other.vector, atol=exact)
            assert (one.minutiae is None) == (other.minutiae is None)


def test_masks_and_owners_state_the_positions_of_each_person() -> None:
    records = records_of([(key, person(key, positions)) for key, positions in SEVERAL], DIMENSIONS)
    assert records.masks.tolist() == [1 << 9 | 1, 0, 2**11 - 1]
    assert records.owners.tolist() == [0, 0] + [2] * 11


def test_removed_people_keep_their_row_and_nothing_else() -> None:
    records = records_of([(key, person(key, positions)) for key, positions in SEVERAL], DIMENSIONS)
    left = records.without(np.array([True, False, False]))
    assert left.keys.tolist() == [-1, 2**40, 9]
    assert left.templates(0, MODELS) == ()
    for one, other in zip(left.templates(2, MODELS), records.templates(2, MODELS), strict=True):
        np.testing.assert_array_equal(one.vector, other.vector)
        if one.minutiae is not None and other.minutiae is not None:
            np.testing.assert_array_equal(one.minutiae.x, other.minutiae.x)


@given(st.integers(0, 300), st.integers(0, 2**32 - 1))
def test_minutiae_keep_their_location_and_those_of_highest_quality_stay(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, direction, quality = (rng.uniform(0, high, count).astype(np.float32) for high in (1772, 1772, 2 * np.pi, 1))
    found = Minutiae(x, y, direction, quality, rng.random(count) < 0.5)
    packed = pack_minutiae(found)
    assert len(packed) <= 1024
    kept = unpack_minutiae(packed)
    order = np.sort(np.argsort(-found.quality, kind="stable")[:GALLERY_MINUTIAE])
    np.testing.assert_allclose(kept.x, found.x[order], atol=1 / 63)
    np.testing.assert_allclose(kept.y, found.y[order], atol=1 / 63)
    np.testing.assert_allclose(np.cos(kept.direction - found.direction[order]), 1, atol=1e-6)
    np.testing.assert_allclose(kept.quality, found.quality[order], atol=1 / 250)
    np.testing.assert_array_equal(kept.ending, found.ending[order])
