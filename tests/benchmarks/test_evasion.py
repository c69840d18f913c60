"""The evasion benchmark: its ways, its figures, and the registry it enrols in."""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from benchmarks.evasion.__main__ import command_line, main
from benchmarks.evasion.cache import CachedExtractor
from benchmarks.evasion.captures import (
    Face,
    Finger,
    Impression,
    Unusable,
    pixels_of,
    png,
    read_faces,
    read_fingers,
    resolutions,
    without_header_dpi,
)
from benchmarks.evasion.figures import Trial, clustered_interval, distinct, exact_interval, exact_share_interval, share
from benchmarks.evasion.measure import LAYOUTS, UNNAMED, Newcomer, Plan, Tried, false_alarms, tries_figures
from benchmarks.evasion.registry import REFUSED, Outcome, Registry, fill_kept
from benchmarks.evasion.ways import (
    PERMUTED,
    POSITIONS,
    SHIFTED,
    SLAP_DPI,
    SLAP_MM,
    SWAPPED,
    Known,
    Subject,
    draw_subject,
    face,
    placed,
    ways,
)
from benchmarks.lfw import read_pictures
from benchmarks.synthetic_people import synthetic_people
from matcher import Capture, CaptureError, Position, Quality, Template
from matcher.decode import decode
from matcher.fuse import COLUMN, MIRROR
from matcher.gallery.records import Records
from tests.captures import capture
from tests.data import evaluation_data

ALL_WAYS = [
    "honest_f4",
    "honest_f1",
    "face_wrong_1",
    "wrong_2_of_4",
    "wrong_4_true_face",
    "other_face",
    "swapped",
    "shifted",
    "permuted",
    "one_finger_all",
    "identical_files",
    "one_of_four_true",
    "dpi_300",
    "dpi_400",
    "dpi_600",
    "dpi_1000",
    "mirrored",
    "slap_as_finger",
    "low_quality_all",
]
PICTURES = [bytes([3, at]) for at in range(3)]
RNG = np.random.default_rng(1)


def finger(name: int, count: int = 4, dpi: float = 500) -> Finger:
    """A finger whose pictures are all different, the last the worst."""
    rng = np.random.default_rng(name)
    pictures = [png(rng.integers(0, 256, (40, 30), np.uint8)) for _ in range(count)]
    return Finger(str(name), [Impression(one, dpi, 90 - 10 * at) for at, one in enumerate(pictures)])


def known(name: int, dpi: float = 500) -> Known:
    impressions = finger(name, dpi=dpi).impressions
    return Known(str(name), impressions[0], impressions[1:])


def subject() -> Subject:
    fingers = [known(at) for at in range(8)]
    return Subject(fingers[:4], Face("own", PICTURES), fingers[4:], Face("other", [b"other 1", b"other 2"]))


ONE = subject()


def content(one: Known, at: int = 0) -> bytes:
    return one.others[at].content


def test_the_orders_are_what_they_are_called() -> None:
    assert [int(MIRROR[COLUMN[one]]) for one in POSITIONS] == [COLUMN[one] for one in SWAPPED]
    for order in (SWAPPED, SHIFTED, *PERMUTED):
        assert sorted(order) == sorted(POSITIONS)
        assert order != POSITIONS
    assert len(PERMUTED) == 24 - 4  # without the identity, shifts by one and three, and hands swapped
    assert not {SWAPPED, SHIFTED, (POSITIONS[3], *POSITIONS[:3])} & set(PERMUTED)


def test_there_are_all_ways() -> None:
    assert sorted(ways(RNG)) == sorted(ALL_WAYS)


@pytest.mark.parametrize("way", ALL_WAYS)
def test_a_way_sends_nothing_that_is_enrolled(way: str) -> None:
    enrolled = {one.content for one in ONE.enrolled()}
    sent = ways(RNG)[way].captures(ONE)
    assert sent
    assert not {one.content for one in sent} & enrolled
    assert len({one.position for one in sent}) == len(sent)


@pytest.mark.parametrize(
    ("way", "true", "wrong", "with_face"),
    [
        ("honest_f4", 4, 0, "own"),
        ("honest_f1", 1, 0, "own"),
        ("face_wrong_1", 0, 1, "own"),
        ("wrong_2_of_4", 2, 2, "own"),
        ("wrong_4_true_face", 0, 4, "own"),
        ("other_face", 4, 0, "other"),
        ("one_of_four_true", 1, 3, ""),
    ],
)
def test_true_and_wrong_captures_are_as_many_as_stated(way: str, true: int, wrong: int, with_face: str) -> None:
    sent = {one.position: one.content for one in ways(RNG)[way].captures(ONE)}
    portrait = sent.pop("face", None)
    assert portrait in (PICTURES[1:] if with_face == "own" else [b"other 2"] if with_face else [None])
    own = {position.value: content(one) for one, position in zip(ONE.fingers, POSITIONS, strict=True)}
    other = {position.value: content(one) for one, position in zip(ONE.other_fingers, POSITIONS, strict=True)}
    assert sum(sent[position] == own[position] for position in sent) == true
    assert sum(sent[position] == other[position] for position in sent) == wrong
    assert len(sent) == true + wrong


def test_a_try_depends_on_what_is_true_of_it() -> None:
    assert ways(RNG)["face_wrong_1"].depends_on(ONE) == {"own"}
    assert ways(RNG)["wrong_2_of_4"].depends_on(ONE) == {"0", "1"}
    assert ways(RNG)["one_finger_all"].depends_on(ONE) == {"0"}
    assert ways(RNG)["mirrored"].depends_on(ONE) == {"0", "1", "2", "3"}


@pytest.mark.parametrize(("way", "order"), [("swapped", SWAPPED), ("shifted", SHIFTED)])
def test_fingers_are_given_in_this_order(way: str, order: tuple[Position, ...]) -> None:
    sent = ways(RNG)[way].captures(ONE)
    assert [one.position for one in sent] == [*map(str, order)]
    assert [one.content for one in sent] == [content(one) for one in ONE.fingers]


def test_one_finger_is_given_everywhere() -> None:
    sent = ways(RNG)["one_finger_all"].captures(ONE)
    assert [one.content for one in sent] == [content(ONE.fingers[0], at) for at in (0, 1, 2, 0)]
    sent = ways(RNG)["identical_files"].captures(ONE)
    assert [one.content for one in sent] == [content(ONE.fingers[0])] * 4
    assert {one.position for one in sent} == set(map(str, POSITIONS))


@pytest.mark.parametrize("dpi", [300, 400, 600, 1000])
def test_a_wrong_resolution_is_stated_of_unchanged_pictures(dpi: int) -> None:
    sent = ways(RNG)[f"dpi_{dpi}"].captures(ONE)
    assert [(one.content, one.dpi) for one in sent] == [(content(one), dpi) for one in ONE.fingers]


def test_a_mirrored_picture_is_flipped_left_to_right() -> None:
    sent = ways(RNG)["mirrored"].captures(ONE)
    np.testing.assert_array_equal(pixels_of(sent[0].content), pixels_of(content(ONE.fingers[0]))[:, ::-1])
    assert {one.dpi for one in sent} == {500}


def test_a_slap_shows_the_fingers_at_one_resolution_side_by_side() -> None:
    fingers = [known(0, 500), known(1, 1000), known(2, 500), known(3, 500)]
    (sent,) = ways(RNG)["slap_as_finger"].captures(replace(ONE, fingers=fingers))
    pixels = pixels_of(sent.content)
    assert (sent.position, sent.dpi, pixels.shape) == ("right_index", SLAP_DPI, (40, 30 + 15 + 30 + 30))
    np.testing.assert_array_equal(pixels[:, :30], pixels_of(content(fingers[0])))
    assert (pixels[20:, 30:45] == 255).all()


def test_a_slap_is_no_wider_than_a_scanner() -> None:
    wide = Impression(png(np.zeros((10, 700), np.uint8)), 500, 90)
    fingers = [Known(str(at), wide, [wide]) for at in range(4)]
    (sent,) = ways(RNG)["slap_as_finger"].captures(replace(ONE, fingers=fingers))
    assert pixels_of(sent.content).shape[1] == 1400 <= SLAP_MM / 25.4 * SLAP_DPI < 2100


def test_the_poorest_impressions_are_sent() -> None:
    sent = ways(RNG)["low_quality_all"].captures(ONE)
    assert [one.content for one in sent] == [content(one, -1) for one in ONE.fingers]


def test_a_subject_is_drawn_of_eight_fingers_and_two_faces() -> None:
    fingers, faces = [finger(at) for at in range(9)], [Face("a", PICTURES), Face("b", PICTURES), Face("c", [b"c"])]
    for _ in range(20):
        drawn = draw_subject(fingers, faces, RNG)
        names = [one.name for one in (*drawn.fingers, *drawn.other_fingers)]
        assert len(set(names)) == 8
        assert {drawn.face.name, drawn.other_face.name} == {"a", "b"}
        assert all(one.enrolled not in one.others for one in drawn.fingers)
    with pytest.raises(Unusable, match="7 fingers and 2 faces"):
        draw_subject(fingers[:7], faces, RNG)
    with pytest.raises(Unusable, match="9 fingers and 1 faces"):
        draw_subject(fingers, faces[1:], RNG)


@pytest.mark.parametrize(("count", "of"), [(0, 10), (3, 10), (3.4, 10), (10, 10)])
def test_exact_intervals_hold_the_share(count: float, of: int) -> None:
    low, high = exact_interval(count, of)
    assert 0 <= low <= count / of <= high <= 1
    assert high - low > 0.2


def test_an_exact_interval_is_as_published() -> None:
    assert exact_interval(0, 20) == pytest.approx([0, 0.1684], abs=1e-4)
    assert exact_interval(5, 20) == pytest.approx([0.0866, 0.4910], abs=1e-4)
    assert exact_interval(0, 0) == [0, 1]


def test_searches_with_the_same_finger_count_once() -> None:
    trials = [Trial(False, {"a", "b"})] * 300 + [Trial(False, {"c"})] * 300
    assert distinct(trials) == 3
    assert exact_share_interval(trials) == exact_interval(0, 3)
    assert exact_share_interval([Trial(True, {str(at)}) for at in range(50)]) == exact_interval(50, 50)
    assert exact_share_interval([Trial(True, set("abcd"))]) == exact_interval(1, 1)
    assert clustered_interval(trials, 100, 1) == exact_interval(0, 3)


def test_an_interval_by_fingers_is_wider_where_fingers_differ() -> None:
    by_finger = [Trial(at % 20 < 14, {str(at % 20)}) for at in range(400)]
    spread = [Trial(at < 280, {str(at % 20)}) for at in range(400)]
    (low, high), (inner_low, inner_high) = clustered_interval(by_finger, 500, 1), clustered_interval(spread, 500, 1)
    assert low < inner_low <= share(by_finger) == 0.7 <= inner_high < high
    assert high - low > 0.3
    expected = 2 * 1.96 * np.sqrt(0.7 * 0.3 / 20)
    assert high - low == pytest.approx(expected, rel=0.2)


def test_a_finger_counts_wholly_in_each_search_that_depends_on_it() -> None:
    rng = np.random.default_rng(1)
    pairs = [rng.permutation(20)[:2].tolist() for _ in range(400)]
    trials = [Trial(first < 14, {str(first), str(second)}) for first, second in pairs]
    low, high = clustered_interval(trials, 500, 1)
    assert low < 0.7 < high
    assert high - low > 2 * 1.96 * np.sqrt(0.7 * 0.3 / 20)


def tried(by: str, *marks: str, case: bool = True, status: str = "in_review", name: str = "a") -> Tried:
    return Tried(Outcome(status, 1, 2, case, {}, marks), by, True, frozenset({name}))


def test_a_try_is_caught_by_name_or_by_a_mark() -> None:
    some = [
        tried("as_stated", "same_finger"),
        tried("hands_swapped"),
        tried(UNNAMED, "same_finger"),
        tried(UNNAMED),
        tried(UNNAMED, case=False, status="enrolled"),
        tried(UNNAMED, case=False, status=f"{REFUSED} not_a_fingerprint"),
        tried(UNNAMED, case=False, status="enrolled"),
        tried(UNNAMED, case=False, status="enrolled"),
    ]
    found = tries_figures({"way": some}, Plan(10, 10, 8, 8, 100, 1))
    assert found["caught"]["way"] == 3 / 8
    assert found["caught_by_name"]["way"] == 2 / 8
    assert found["caught_by_mark_alone"]["way"] == 1 / 8
    assert found["hypotheses"]["way"] == {"as_stated": 1 / 8, "hands_swapped": 1 / 8}
    assert found["marks"]["way"] == {"same_finger": 2 / 8}
    assert found["not_caught"]["way"] == {
        "enrolled": 3 / 8,
        "case that names others alone": 1 / 8,
        f"{REFUSED} not_a_fingerprint": 1 / 8,
    }
    assert found["ci95"]["way"] == [3 / 8, 3 / 8]  # one finger, drawn again and again
    assert found["preselection_recall"]["way"] == 1


def test_any_case_of_a_newcomer_is_a_false_alarm() -> None:
    layouts = list(LAYOUTS)
    some = [
        Newcomer(layouts[0], Outcome("in_review", case=True, named={5: "as_stated"}), frozenset("abcd")),
        Newcomer(layouts[0], Outcome("enrolled"), frozenset("abcd")),
        Newcomer(layouts[1], Outcome("in_review", case=True, marks=("same_finger",)), frozenset("e")),
        Newcomer(layouts[1], Outcome(REFUSED), frozenset("e")),
    ]
    found = false_alarms("fpir_review", some)
    assert found["fpir_review"] == 0.5
    assert found["fpir_by_marks_alone"] == 0.25
    assert found["fpir_by_layout"] == {layouts[0]: 0.5, layouts[1]: 0.5}
    assert found["fpir_distinct_fingers"] == 5
    assert found["fpir_ci95"] == exact_interval(2, 4)
    assert "fpir_real_only_ci95" in false_alarms("fpir_real_only", some)


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--people", "0"], "--people: '0' is not a whole number from 1"),
        (["--dpi", "DB=x"], "--dpi: 'DB=x': write NAME=VALUE, such as DB=569"),
        (["--ways", "swaped"], "--ways: there is no way swaped; there are honest_f4, "),
        ([], "--fingers: DB has no pictures <finger>_<impression>.png"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("DB").mkdir()
    monkeypatch.setattr(sys, "argv", ["evasion", "--fingers", "DB", "--faces", "pairs.txt", "images", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_the_help_names_all_ways_and_ends_with_an_example() -> None:
    shown = " ".join(command_line().format_help().split())
    for way in ALL_WAYS:
        assert way in shown
    assert "example: python -m benchmarks.evasion --fingers" in shown


@pytest.fixture(scope="module")
def extractor(tmp_path_factory: pytest.TempPathFactory) -> CachedExtractor:
    return CachedExtractor(tmp_path_factory.mktemp("cache"))


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


@pytest.mark.slow
def test_a_small_run_ends_with_one_line_of_json(tmp_path: Path) -> None:
    data = [evaluation_data(name) for name in ("fingerprints/FVC2002_DB1_B", "faces/lfw_devtest/images")]
    fingers = tmp_path / "prints"
    fingers.mkdir()
    for name in range(101, 109):
        for number in (1, 2):
            file = f"{name}_{number}.png"
            (fingers / file).write_bytes((data[0] / file).read_bytes())
    lines = (data[1].parent / "pairs.txt").read_text().splitlines()[1:4]
    (tmp_path / "pairs.txt").write_text("\n".join(["3", *lines]))
    command = [sys.executable, "-m", "benchmarks.evasion", "--fingers", str(fingers)]
    command += ["--faces", str(tmp_path / "pairs.txt"), str(data[1]), "--ways", "honest_f4", "swapped", "mirrored"]
    options = ["--people=60", "--pool=40", "--searches=1", "--newcomers=4"]
    run = subprocess.run(
        [*command, *options, f"--gallery={tmp_path / 'gallery'}", f"--cache={tmp_path / 'cache'}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["people"] == 60
    assert found["caught"].keys() == found["ci95"].keys() == found["preselection_recall"].keys()
    assert found["caught"]["honest_f4"] == found["caught"]["swapped"] == 1
    assert found["ms_p50"] <= found["ms_p95"]
    assert found["hot_bytes_per_person"] > 0
    assert {"fpir_review", "fpir_ci95", "fpir_real_only"} <= found.keys()
