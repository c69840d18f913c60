"""What the evasion benchmark reads: fingers, faces, resolutions."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from benchmarks.evasion.cache import CachedExtractor
from benchmarks.evasion.captures import (
    Unusable,
    pixels_of,
    read_faces,
    read_fingers,
    resolutions,
    without_header_dpi,
)
from benchmarks.lfw import read_pictures
from matcher.decode import decode
from tests.captures import capture

RNG = np.random.default_rng(1)


@pytest.mark.parametrize(
    "lines",
    [
        "2\nA_B\t1\t2\nC\t3\tD\t1\nA_B\t1\tC\t3\n",
        "10\t1\nA_B 1 2\nC 3 D 1\n\n",
    ],
)
def test_pairs_name_each_persons_pictures(tmp_path: Path, lines: str) -> None:
    (tmp_path / "pairs.txt").write_text(lines)
    assert read_pictures(tmp_path / "pairs.txt") == {
        "A_B": ["A_B_0001", "A_B_0002"],
        "C": ["C_0003"],
        "D": ["D_0001"],
    }


def test_a_list_of_people_names_each_persons_pictures(tmp_path: Path) -> None:
    (tmp_path / "people.txt").write_text("2\n1\nA_B\t2\n1\nC\t1\n")
    assert read_pictures(tmp_path / "people.txt") == {"A_B": ["A_B_0001", "A_B_0002"], "C": ["C_0001"]}


def test_resolutions_are_by_the_folders_name() -> None:
    folders = [Path("x/DB1"), Path("x/DB2")]
    assert resolutions(["DB2=569"], folders) == {"DB1": 500, "DB2": 569}
    for wrong, why in (("DB3=569", "'DB3' is none of"), ("DB2", "write NAME=VALUE"), ("DB2=50000", "100 to 5000")):
        with pytest.raises(Unusable, match=why):
            resolutions([wrong], folders)


def test_a_files_own_resolution_is_left_out() -> None:
    pixels = RNG.integers(0, 256, (30, 40), np.uint8)
    file = BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG", dpi=(300, 300))
    found = without_header_dpi(file.getvalue())
    assert decode(file.getvalue()).dpi == pytest.approx(300, abs=0.1)
    assert decode(found).dpi is None
    np.testing.assert_array_equal(pixels_of(found), pixels)
    assert without_header_dpi(found) is found


def test_captures_are_read_of_any_kind_of_picture(tmp_path: Path, extractor: CachedExtractor) -> None:
    first, second = (Pillow.open(BytesIO(capture(name))).convert("L") for name in ("p1_1.png", "p1_2.png"))
    first.save(tmp_path / "left_thumb_a.TIF", "TIFF")
    second.save(tmp_path / "left_thumb_b.bmp")
    first.save(tmp_path / "alone_1.png")
    Pillow.fromarray(np.zeros((200, 200), np.uint8)).save(tmp_path / "alone_2.png")
    (tmp_path / "read_me.txt").write_text("no picture")
    (found,) = read_fingers(tmp_path, 500, extractor)
    assert found.name == f"{tmp_path.name}/left_thumb"
    assert [one.dpi for one in found.impressions] == [500, 500]
    assert all(decode(one.content).dpi is None for one in found.impressions)


def test_faces_are_those_that_the_pairs_name(tmp_path: Path, extractor: CachedExtractor) -> None:
    images = tmp_path / "images"
    for name, shot in (("A_A_0001", "obama.jpg"), ("A_A_0002", "obama2.jpg"), ("B_0003", "biden.jpg")):
        (images / name[:-5]).mkdir(parents=True, exist_ok=True)
        (images / name[:-5] / f"{name}.jpg").write_bytes(capture(shot))
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("1\nA_A\t1\t2\nA_A\t1\tC\t1\n")  # B is not named, C is not there
    (found,) = read_faces(pairs, images, extractor)
    assert (found.name, list(found.pictures)) == ("A_A", [capture("obama.jpg"), capture("obama2.jpg")])
    pairs.write_text("1\nD\t1\t2\n")
    with pytest.raises(Unusable, match=r"2 pictures .* such as \['D_0001'\]"):
        read_faces(pairs, images, extractor)
    pairs.write_text("nothing of this kind")
    with pytest.raises(Unusable, match="has no lines"):
        read_faces(pairs, images, extractor)
