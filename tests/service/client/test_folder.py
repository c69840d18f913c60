"""Reading folders: everyone who is plain, and by name everything that is not."""

import json
import os
import tracemalloc
import uuid
from pathlib import Path

import pytest

from service.client.enrolment import FOLDER_NAMESPACE, Defaults, prepared, script_of
from service.client.folder import printable, read_details, read_folder
from tests.data import evaluation_data

DEFAULTS = Defaults("a site", "a device", "form 1")


def put(root: Path, **files: bytes | str) -> Path:
    """A folder with these files; `__` in a name is a slash, `_png` its suffix."""
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_png", ".png").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def captures(root: Path) -> dict[str, list[str]]:
    return {one.name: sorted(one.captures) for one in read_folder(root).people}


def reasons(root: Path) -> dict[str, str]:
    return {one.where: one.reason for one in read_folder(root).files}


def test_names_from_the_field_are_read_and_the_misspelt_one_is_named() -> None:
    root = evaluation_data("field/folder_import/folder")
    assert captures(root) == {"omar": ["left_index", "left_thumb", "right_index", "right_thumb"]}
    assert reasons(root) == {"omar_left_indx.png": "is named after no position; did you mean left_index?"}


def test_a_byte_order_mark_from_the_field_is_fine() -> None:
    (ali,) = read_folder(evaluation_data("field/folder_import/folder_bom")).people
    assert prepared(ali, DEFAULTS).enrolment["person"] == {"names": [{"full": "Ali"}]}


def test_different_files_of_one_position_are_all_named_and_none_is_taken(tmp_path: Path) -> None:
    put(tmp_path, omar_face_png="a", omar__face_png="b", omar_left_ring_png="c")
    put(tmp_path, amina_face_png="d")
    (tmp_path / "amina_face (1).png").write_text("e")
    assert captures(tmp_path) == {"omar": ["left_ring"]}
    assert reasons(tmp_path) == {
        "amina_face.png": "is not the only face: there is amina_face (1).png",
        "amina_face (1).png": "is not the only face: there is amina_face.png",
        "omar_face.png": "is not the only face: there is omar/face.png",
        "omar/face.png": "is not the only face: there is omar_face.png",
    }


def test_a_copy_with_the_same_bytes_is_no_second_capture(tmp_path: Path) -> None:
    put(tmp_path, amina_face_png="d")
    (tmp_path / "amina_face (1).png").write_text("d")
    assert captures(tmp_path) == {"amina": ["face"]}
    assert not reasons(tmp_path)


def test_what_cannot_be_sent_is_named_and_what_systems_leave_is_not(tmp_path: Path) -> None:
    put(tmp_path, omar_face_png="x", omar_left_ring_png="", notes_png="n")
    (tmp_path / "omar_left_thumb.png").mkdir()
    (tmp_path / "omar_right_ring.png").symlink_to("nothing")
    os.mkfifo(tmp_path / "omar_right_index.png")
    (tmp_path / "again").symlink_to(tmp_path)
    for name in ("._omar_face.png", ".DS_Store", "Thumbs.db"):
        (tmp_path / name).write_text("x")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "ali_face.png").write_text("x")
    assert captures(tmp_path) == {"omar": ["face"]}
    assert reasons(tmp_path) == {
        "omar_left_ring.png": "is empty",
        "notes.png": "is named after no position",
        "omar_left_thumb.png": "is a folder named like a capture",
        "omar_right_ring.png": "leads to no file",
        "omar_right_index.png": "leads to no file",
        "again": "is a link to a folder; such links are not followed",
    }


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    put(tmp_path, elsewhere__face_png="x")
    root = tmp_path / "folder"
    root.mkdir()
    (root / "omar_face.png").symlink_to(tmp_path / "elsewhere" / "face.png")
    assert captures(root) == {"omar": ["face"]}


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    put(tmp_path, omar_face_png="x", ali__face_png="x", omar_json="{}")
    (tmp_path / "omar_face.png").chmod(0)
    (tmp_path / "omar.json").chmod(0)
    (tmp_path / "ali").chmod(0)
    try:
        assert not captures(tmp_path)
        assert reasons(tmp_path) == {
            "ali": "cannot be read: Permission denied",
            "omar_face.png": "cannot be read: Permission denied",
        }
        (held,) = read_folder(tmp_path).held_back
        assert held.reason == "omar.json cannot be read: Permission denied"
    finally:
        (tmp_path / "ali").chmod(0o700)


def test_a_name_that_is_not_utf8_is_named_by_its_bytes(tmp_path: Path) -> None:
    for name in ("علي_face.png", "علي.json"):
        (tmp_path / os.fsdecode(name.encode("cp1256"))).write_text("{}")
    found = read_folder(tmp_path)
    assert not found.people
    for one in (*found.files, *found.held_back):
        assert one.where.isascii()
        assert "not UTF-8" in one.reason
    assert (len(found.files), len(found.held_back)) == (1, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"person": }', "line 1, column 12"),
        (b'{\r\n "person": {},\r\n "site" "a"}', "line 3, column 9"),
        (b"", "is empty"),
        (b"  ", "line 1, column 3"),
        (b"[]", "no JSON object"),
        (b'{"site": "a", "site": "b"}', "`site` is given twice"),
        (b'{"site": NaN}', "NaN"),
        ('{"site": "موقع"}'.encode("cp1256"), "not UTF-8 text, from byte 10 on"),
        (b'{"a":' * 50_000, "nested too deeply"),
        (b" " * 1_000_001, "more than 1,000,000 bytes"),
    ],
)
def test_a_malformed_json_holds_back_its_person_alone(tmp_path: Path, content: bytes, reason: str) -> None:
    put(tmp_path, omar_face_png="x", ali_face_png="x", omar_json=content)
    found = read_folder(tmp_path)
    assert [one.name for one in found.people] == ["ali"]
    (held,) = found.held_back
    assert held.where == "omar"
    assert held.reason.startswith("omar.json ")
    assert reason in held.reason


def test_several_json_files_of_one_person_are_named(tmp_path: Path) -> None:
    put(tmp_path, omar_face_png="x", omar_json="{}", omar__enrolment_json="{}")
    found = read_folder(tmp_path)
    assert not found.people
    assert [(one.where, one.reason) for one in found.held_back] == [
        ("omar", "has several JSON files: omar.json, omar/enrolment.json")
    ]


def test_a_folder_of_one_person_has_its_name(tmp_path: Path) -> None:
    root = put(tmp_path / "omar", face_png="x", enrolment_json='{"site": "a"}')
    (omar,) = read_folder(root).people
    assert (omar.name, sorted(omar.captures)) == ("omar", ["face"])
    assert omar.details is not None
    assert read_details(omar.details) == {"site": "a"}


def test_a_name_written_composed_or_not_is_one_person(tmp_path: Path) -> None:
    for name in ("Am\u00e9lie_face.png", "Ame\u0301lie_left_ring.png"):
        (tmp_path / name).write_text("x")
    assert captures(tmp_path) == {"Am\u00e9lie": ["face", "left_ring"]}


def test_the_id_is_that_of_earlier_versions_and_changes_with_the_files(tmp_path: Path) -> None:
    put(tmp_path, omar_face_png=bytes(range(256)) * 9000, omar_right_ring_png="x", omar_json='{"site": "b", "a": 1}')
    (omar,) = read_folder(tmp_path).people
    files = "".join(f"{position}{path.read_bytes().hex()}" for position, path in sorted(omar.captures.items()))
    stated = json.dumps({"site": "b", "a": 1}, sort_keys=True)
    ready = prepared(omar, DEFAULTS)
    assert ready.enrolment["id"] == str(uuid.uuid5(FOLDER_NAMESPACE, stated + "omar" + files))
    assert ready.derived
    (tmp_path / "omar_right_ring.png").write_text("y")
    assert prepared(omar, DEFAULTS).enrolment["id"] != ready.enrolment["id"]


def test_the_json_of_a_person_replaces_what_is_stated_for_all(tmp_path: Path) -> None:
    put(tmp_path, omar_face_png="x", omar_json='{"site": "b", "id": "1"}')
    (omar,) = read_folder(tmp_path).people
    ready = prepared(omar, DEFAULTS)
    assert not ready.derived
    assert (ready.enrolment["id"], ready.enrolment["site"], ready.enrolment["device"]) == ("1", "b", "a device")


@pytest.mark.parametrize(
    ("name", "script"), [("Omar", "Latn"), ("عمر", "Arab"), ("12 ዑመር", "Ethi"), ("", "Latn"), ("...", "Latn")]
)
def test_a_name_has_its_script(name: str, script: str) -> None:
    assert script_of(name) == script


def test_paths_are_printed_without_what_moves_a_terminal() -> None:
    assert printable("a\x1b[2Jb\n\udce4 عمر") == "a\\x1b[2Jb\\n\\udce4 عمر"


def test_no_content_is_kept_in_memory(tmp_path: Path) -> None:
    put(tmp_path, omar_face_png=bytes(30_000_000), **{f"p{n}_face_png": bytes(10_000) for n in range(1000)})
    tracemalloc.start()
    found = read_folder(tmp_path)
    omar = next(one for one in found.people if one.name == "omar")
    prepared(omar, DEFAULTS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.people) == 1001
    assert most < 6_000_000
