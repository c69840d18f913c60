"""ISO/IEC 19794-2 records: ours read back, others written here byte by byte, and those of the evaluation material."""

import struct
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Pillow

from matcher.errors import CaptureDamaged, CaptureTooLarge, CaptureUnreadable, TooFewFeatures
from matcher.finger import FingerExtractor, compare, prepare
from matcher.finger.records import (
    Version,
    extract_record,
    is_minutiae_record,
    read_minutiae_record,
    write_minutiae_record,
)
from matcher.parameters import DECODE_MAX_BYTES
from matcher.types import Image, Minutiae, Position
from tests.data import evaluation_data

QUICK = settings(max_examples=60, deadline=None)
STEP = 2 * np.pi / 256
ENDING, BIFURCATION, OTHER = 1, 2, 0
FOUR = [(ENDING, 10, 20, 0, 0), (BIFURCATION, 30, 40, 64, 100), (OTHER, 50, 60, 128, 50), (ENDING, 99, 79, 255, 1)]
Row = tuple[int, int, int, int, int]


def rows_of(rows: Sequence[Row], width: int = 6) -> bytes:
    return b"".join(struct.pack(">HHBB", kind << 14 | x, y, a, q)[:width] for kind, x, y, a, q in rows)


def old(
    rows: Sequence[Row] = FOUR,
    *,
    sampling: tuple[int, int] = (197, 197),
    views: int = 1,
    finger: int = 2,
    size: tuple[int, int] = (100, 80),
    reserved: int = 0,
    extended: bytes = b"",
) -> bytes:
    view = struct.pack(">BBBB", finger, 0, 80, len(rows)) + rows_of(rows) + struct.pack(">H", len(extended)) + extended
    head = struct.pack(">HHHHHBB", 0, *size, *sampling, views, reserved)
    return b"FMR\x00 20\x00" + struct.pack(">I", 12 + len(head) + len(view)) + head + view


def new(
    rows: Sequence[Row] = FOUR,
    *,
    width: int = 6,
    qualities: bytes = b"",
    certificates: bytes | None = None,
    views: int = 1,
    extended: bytes = b"",
    date: bytes = bytes(9),
    ridge_ending: int = 1,
    size: tuple[int, int] = (100, 80),
    finger: int = 2,
) -> bytes:
    body = date + bytes(5) + bytes([len(qualities) // 5]) + qualities
    body += b"" if certificates is None else bytes([len(certificates) // 3]) + certificates
    body += struct.pack(">BBHHBHHBB", finger, 0, 197, 197, 0, *size, width << 4 | ridge_ending, len(rows))
    body += rows_of(rows, width)
    body += struct.pack(">H", len(extended)) + extended
    head = struct.pack(">HB", views, certificates is not None)
    return b"FMR\x00030\x00" + struct.pack(">I", 19 + len(body)) + head + struct.pack(">I", 4 + len(body)) + body


@st.composite
def prints(draw: st.DrawFn) -> Minutiae:
    """Any print that a record holds, between its steps."""
    count = draw(st.integers(0, 255))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    reach = draw(st.sampled_from([2, 500, 16382]))
    x, y, direction, quality = (
        rng.uniform(0, high, count).astype(np.float32) for high in (reach, reach, 2 * np.pi - 1e-4, 1)
    )
    return Minutiae(x, y, direction, quality, rng.random(count) < 0.5)


def assert_same(one: Minutiae, other: Minutiae) -> None:
    for name in ("x", "y", "direction", "quality", "ending"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


@QUICK
@given(prints(), st.sampled_from(Version))
def test_what_was_written_reads_back_to_the_formats_resolution(print_: Minutiae, version: Version) -> None:
    content = write_minutiae_record(print_, version, Position.LEFT_RING, 77)
    found = read_minutiae_record(content)
    assert np.all(np.abs(found.x - print_.x) <= 0.5)
    assert np.all(np.abs(found.y - print_.y) <= 0.5)
    assert np.all(np.abs(np.angle(np.exp(1j * (found.direction - print_.direction)))) <= STEP / 2 + 1e-5)
    assert np.all((found.direction >= 0) & (found.direction < 2 * np.pi))
    assert np.all(np.abs(found.quality - print_.quality) <= (0.0101 if version is Version.V2005 else 0.00501))
    np.testing.assert_array_equal(found.ending, print_.ending)
    assert write_minutiae_record(found, version, Position.LEFT_RING, 77) == content
    assert_same(found, read_minutiae_record(write_minutiae_record(found, version, Position.LEFT_THUMB, 0)))


@pytest.mark.parametrize("version", Version)
def test_of_too_many_minutiae_those_of_highest_quality_are_written(version: Version) -> None:
    steps = np.arange(300, dtype=np.float32)
    print_ = Minutiae(steps, steps, 0 * steps, (steps + 1) / np.float32(300), steps > 10)
    assert read_minutiae_record(write_minutiae_record(print_, version, Position.LEFT_THUMB, 50)).x.min() == 45


def test_what_no_record_holds_is_not_written() -> None:
    minus = np.array([-1.0], np.float32)
    outside = Minutiae(minus, -minus, -minus, -minus, minus > 0)
    inside = Minutiae(-minus, -minus, -minus, -minus, minus > 0)
    for print_, position, quality in (
        (outside, Position.LEFT_RING, 50),
        (inside, Position.FACE, 50),
        (inside, Position.LEFT_RING, 101),
    ):
        with pytest.raises(ValueError, match="a record holds"):
            write_minutiae_record(print_, Version.V2011, position, quality)


def test_our_records_are_as_the_standard_lays_them_out() -> None:
    x, y, angle = (np.array([row[column] for row in FOUR], np.float32) for column in (1, 2, 3))
    direction = (-angle % 256 * STEP).astype(np.float32)
    quality = np.array([0.02, 1, 0.5, 0.01], np.float32)
    print_ = Minutiae(x, y, direction, quality, np.array([True, False, True, True]))
    rows = [(kind or ENDING, *row, round(100 * q)) for (kind, *row, _), q in zip(FOUR, quality.tolist(), strict=True)]
    size = (100, 80)
    assert write_minutiae_record(print_, Version.V2005, Position.RIGHT_INDEX, 80) == old(rows, size=size)
    theirs = new(rows, qualities=bytes([80, 0, 0, 0, 0]), date=b"\xff" * 9, ridge_ending=0)
    assert write_minutiae_record(print_, Version.V2011, Position.RIGHT_INDEX, 80) == theirs


@pytest.mark.parametrize(
    ("content", "unstated"),
    [
        (old(), [True, False, False, False]),
        (old(extended=b"12345"), [True, False, False, False]),
        (old([(*row[:4], 0) for row in FOUR]), [True] * 4),
        (old([(*row[:4], q) for row, q in zip(FOUR, (254, 100, 50, 1), strict=True)]), [True, False, False, False]),
        (old([(*row[:4], 255) for row in FOUR]), [True] * 4),
        (new([(*row[:4], q) for row, q in zip(FOUR, (254, 100, 50, 1), strict=True)]), [True, False, False, False]),
        (new(width=5), [True] * 4),
        (new(width=5, qualities=bytes([255, 0, 0, 0, 0, 90, 1, 1, 1, 1]), certificates=bytes(6)), [True] * 4),
        (new(width=5, certificates=b"", extended=bytes(300)), [True] * 4),
    ],
)
def test_records_of_others(content: bytes, unstated: list[bool]) -> None:
    assert is_minutiae_record(content)
    found = read_minutiae_record(content)
    np.testing.assert_array_equal(found.x, [10, 30, 50, 99])
    np.testing.assert_array_equal(found.y, [20, 40, 60, 79])
    np.testing.assert_allclose(found.direction, [0, 1.5 * np.pi, np.pi, STEP], rtol=1e-6)
    np.testing.assert_array_equal(found.ending, [True, False, True, True])
    np.testing.assert_allclose(found.quality, np.where(unstated, 1, [1, 1, 0.5, 0.01]), rtol=1e-6)


def test_other_resolutions_are_brought_to_500_dpi() -> None:
    np.testing.assert_array_equal(read_minutiae_record(old()).x, read_minutiae_record(old(sampling=(196, 196))).x)
    halved, stated = read_minutiae_record(old(sampling=(394, 394))), read_minutiae_record(old(), dpi=1000)
    np.testing.assert_allclose(halved.x, [5, 15, 25, 49.5], rtol=0.002)
    np.testing.assert_array_equal(stated.y, [10, 20, 30, 39.5])
    np.testing.assert_array_equal(stated.direction, read_minutiae_record(old()).direction)
    np.testing.assert_array_equal(read_minutiae_record(old(sampling=(0, 0)), dpi=500).x, [10, 30, 50, 99])


@pytest.mark.parametrize(
    ("content", "error", "states"),
    [
        (b"FMR\x00", CaptureDamaged, "cut short"),
        (b"FMR\x00 10\x00" + bytes(40), CaptureUnreadable, 'version " 20"'),
        (old()[:-1], CaptureDamaged, "states 54 bytes, the file has 53"),
        (old() + b"x", CaptureDamaged, "states 54 bytes, the file has 55"),
        (old(views=0), CaptureUnreadable, "0 views"),
        (old(views=3), CaptureUnreadable, "3 views; send one record per finger"),
        (new(views=2), CaptureUnreadable, "2 views"),
        (old(sampling=(0, 0)), CaptureUnreadable, "resolution"),
        (old(sampling=(197, 300)), CaptureUnreadable, "resolution"),
        (old(reserved=1), CaptureDamaged, "reserved"),
        (old(size=(98, 80)), CaptureDamaged, "outside"),
        (old(size=(100, 78)), CaptureDamaged, "outside"),
        (new(size=(98, 80)), CaptureDamaged, "outside"),
        (old() + bytes(9) + b"x", CaptureDamaged, "states 54 bytes, the file has 64"),
        (old() + bytes(9) + b"x" + bytes(9), CaptureDamaged, "not zeros"),
        (new() + b"\xff", CaptureDamaged, "not zeros"),
        (old(size=(0, 79)), CaptureDamaged, "size"),
        (old([(3, 1, 1, 1, 1)]), CaptureDamaged, "kind"),
        (old([(1, 1, 1, 1, 101)]), CaptureDamaged, "quality"),
        (old([(1, 1, 1, 1, 253)]), CaptureDamaged, "quality"),
        (new([(1, 1, 1, 1, 200)]), CaptureDamaged, "quality"),
        (new(qualities=bytes([101, 0, 0, 0, 0])), CaptureDamaged, "quality"),
        (new(width=7), CaptureDamaged, "five bytes nor six"),
        (old().replace(struct.pack(">I", 54), struct.pack(">I", 50), 1)[:50], CaptureDamaged, "cut short|agree"),
    ],
)
def test_values_without_a_meaning_in_the_standard_are_refused(
    content: bytes, error: type[Exception], states: str
) -> None:
    with pytest.raises(error, match=states):
        read_minutiae_record(content)


@pytest.mark.parametrize("record", [old, new])
@QUICK
@given(data=st.data())
def test_a_cut_or_changed_record_is_read_or_refused(record: Callable[[], bytes], data: st.DataObject) -> None:
    whole = record()
    content = bytearray(whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole)
    for at, value in data.draw(st.lists(st.tuples(st.integers(4, len(whole)), st.integers(0, 255)), max_size=4)):
        content[at : at + 1] = bytes([value])
    try:
        found = read_minutiae_record(bytes(content))
    except CaptureUnreadable:
        return
    assert np.isfinite(found.x).all()
    assert ((found.quality >= 0) & (found.quality <= 1)).all()


@pytest.mark.parametrize("record", [old, new])
def test_a_part_of_a_record_is_refused(record: Callable[[], bytes]) -> None:
    for end in range(len(record())):
        with pytest.raises(CaptureUnreadable):
            read_minutiae_record(record()[:end])


def codes(content: bytes, dpi: float | None = None, position: Position | None = None) -> list[str]:
    return [one.code for one in extract_record(content, dpi, position)[1].warnings]


@pytest.mark.parametrize("record", [old, new])
@pytest.mark.parametrize(("size", "moved"), [((99, 80), (98, 79)), ((100, 79), (99, 78)), ((99, 79), (98, 78))])
def test_a_minutia_on_the_edge_is_moved_inside_with_a_warning(
    record: Callable[..., bytes], size: tuple[int, int], moved: tuple[int, int]
) -> None:
    content = record(size=size)
    found = read_minutiae_record(content)
    np.testing.assert_array_equal(found.x, [10, 30, 50, moved[0]])
    np.testing.assert_array_equal(found.y, [20, 40, 60, moved[1]])
    np.testing.assert_array_equal(found.ending, [True, False, True, True])
    assert codes(content) == ["coordinates_clamped"]
    assert codes(record()) == []


def test_the_sample_of_a_widely_used_extractor_is_read() -> None:
    content = evaluation_data("field/minutia_on_the_edge/edge.fmr").read_bytes()
    assert codes(content, position=Position.RIGHT_INDEX) == ["coordinates_clamped"]


@pytest.mark.parametrize("record", [old, new])
@pytest.mark.parametrize("zeros", [1, 3, 512])
def test_zeros_after_a_record_are_ignored_with_a_warning(record: Callable[..., bytes], zeros: int) -> None:
    assert_same(read_minutiae_record(record() + bytes(zeros)), read_minutiae_record(record()))
    assert codes(record() + bytes(zeros)) == ["padding_ignored"]


@pytest.mark.parametrize("record", [old, new])
@pytest.mark.parametrize(
    ("finger", "position", "expected"),
    [
        (2, Position.RIGHT_INDEX, []),
        (0, Position.RIGHT_INDEX, []),
        (7, Position.RIGHT_INDEX, ["position_contradicted"]),
        (13, Position.RIGHT_INDEX, ["position_contradicted"]),
        (11, Position.RIGHT_THUMB, []),
        (99, Position.RIGHT_INDEX, ["position_contradicted"]),
        (7, None, []),
    ],
)
def test_a_record_that_contradicts_the_clients_position_has_a_warning(
    record: Callable[..., bytes], finger: int, position: Position | None, expected: list[str]
) -> None:
    assert codes(record(finger=finger), position=position) == expected


def test_a_record_that_contradicts_the_clients_resolution_has_a_warning() -> None:
    assert codes(old(), dpi=500) == codes(old(), dpi=503) == codes(old(sampling=(0, 0)), dpi=500) == []
    assert codes(old(), dpi=1000) == ["dpi_contradicted"]
    (warning,) = extract_record(old(), dpi=1000)[1].warnings
    assert "500 dpi, the client 1000 dpi" in warning.detail


def test_a_full_rotation_is_written_as_none() -> None:
    one = np.array([5], np.float32)
    print_ = Minutiae(one, one, np.array([2 * np.pi - 1e-5], np.float32), one / np.float32(5), one > 0)
    for version in Version:
        found = read_minutiae_record(write_minutiae_record(print_, version, Position.LEFT_RING, 50))
        assert found.direction[0] == 0


def test_too_large_a_record_is_not_read() -> None:
    with pytest.raises(CaptureTooLarge):
        read_minutiae_record(old() + bytes(DECODE_MAX_BYTES))


def test_the_quality_of_a_record_counts_its_certain_minutiae() -> None:
    minutiae, quality = extract_record(new(width=5))
    assert len(minutiae) == 4
    assert quality.components == {"sure_minutiae": 4}
    more = [(1, i, i, i, 0) for i in range(40)]
    assert extract_record(old(more))[1].score > 85 > 25 > quality.score
    for rows in (FOUR[:3], []):
        with pytest.raises(TooFewFeatures, match=f"{len(rows)} minutiae"):
            extract_record(old(rows))


def picture(path: str, dpi: float) -> Image:
    return Image(np.asarray(Pillow.open(evaluation_data(f"fingerprints/{path}.png")).convert("L")), dpi)


def unsqueezed(minutiae: Minutiae) -> Minutiae:
    """The evaluation records were made from 388 × 374 pixels squeezed into 300 × 400, which they do not state."""
    across, down = np.float32(388 / 300), np.float32(374 / 400)
    direction = np.arctan2(np.sin(minutiae.direction) * down, np.cos(minutiae.direction) * across)
    direction = np.mod(direction, np.float32(2 * np.pi))
    return Minutiae(minutiae.x * across, minutiae.y * down, direction, minutiae.quality, minutiae.ending)


@pytest.mark.parametrize("finger", [101, 102, 103])
def test_records_match_our_minutiae_of_the_same_fingers_and_of_no_other(finger: int) -> None:
    folder = evaluation_data("formats/iso19794-2")
    names = [f"{one}_{impression}" for one in (101, 102, 103) for impression in (1, 2, 3)]
    records = [prepare(unsqueezed(read_minutiae_record((folder / f"{name}.iso").read_bytes()))) for name in names]
    ours = FingerExtractor().minutiae(picture(f"FVC2002_DB1_B/{finger}_1", 500))
    scores = compare(prepare(ours), records)
    mated = np.array([name.startswith(str(finger)) for name in names])
    assert scores[names.index(f"{finger}_1")] > 0.25
    assert scores[mated].min() > 0.04 > scores[~mated].max()


@pytest.mark.parametrize("name", ["1_1", "2_3"])
def test_our_minutiae_agree_with_the_true_ones_of_a_synthetic_print(name: str) -> None:
    folder = "fingerprints/SFINGE_10x10"
    true = read_minutiae_record((evaluation_data(folder) / f"{name}.ist").read_bytes(), dpi=500)  # it states 350
    ours = FingerExtractor().minutiae(picture(f"SFINGE_10x10/{name}", 350))
    apart = np.hypot(true.x[:, None] - ours.x, true.y[:, None] - ours.y)
    angle: NDArray[np.float64] = np.angle(np.exp(1j * (true.direction[:, None] - ours.direction)))
    found = ((apart < 8) & (np.abs(angle) < np.radians(20))).any(axis=1)
    assert found.mean() > 0.75
    assert compare(prepare(ours), [prepare(true)])[0] > 0.3


def test_invalid_evaluation_records_are_refused() -> None:
    for path in evaluation_data("formats/iso19794-2/invalid").iterdir():
        with pytest.raises(CaptureUnreadable):
            read_minutiae_record(path.read_bytes())
