"""`jisr enrol`, against a real service behind a network that may fail."""

import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import uvicorn
from PIL import Image
from typer.testing import CliRunner, Result

from matcher import SearchIndex
from service.access.domain import AccessRole
from service.access.usecases.tokens import create_token
from service.bootstrap import App, Recognition, open_store, wire
from service.cli import app as cli
from service.client import post
from service.kit.ids import new_uuid
from service.settings import Settings
from service.web import create_web
from tests.captures import capture
from tests.data import evaluation_data
from tests.matcher.finger.made_up import ridges_picture
from tests.service.api.test_mistakes import Announcing
from tests.service.made_up import TESTER

MIDDLE = 20_000
"""Bytes: more than a question, less than a capture."""
ANSWERS = {
    "503": b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "429": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "foreign": b'HTTP/1.1 400 Bad Request\r\nContent-Length: 17\r\nConnection: close\r\n\r\n{"errors": ["x"]}',
}
"""What something between us and the service answers in its place."""


@pytest.fixture(scope="module")
def served(loaded_recognition: Recognition, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A service of this module's own; its worker runs."""
    extractor, comparator = loaded_recognition.extractor, loaded_recognition.comparator
    store = open_store(Settings(home=tmp_path_factory.mktemp("served")))
    app = wire(store, Recognition(extractor, comparator, SearchIndex(extractor.format)))
    app.replica.start(app.store.storage)
    app.worker.start()
    yield app
    app.worker.stop()
    app.store.database.dispose()


@pytest.fixture(scope="module")
def port(served: App) -> Iterator[int]:
    """Where it listens."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Announcing(uvicorn.Config(create_web(served), log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert server.ready.wait(20)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def token(served: App) -> str:
    store = served.store
    return create_token("a counter", AccessRole.ENROLLER, actor=TESTER, storage=store.storage, clock=store.clock)


class Network:
    """Between client and service. faults: one per connection, in order; afterwards all is well.

    `cut`: no answer. A name of ANSWERS: that answer. `upload`: ends in the middle of the first upload.
    """

    def __init__(self, port: int, *faults: str) -> None:
        self._to = port
        self._faults = list(faults)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    @property
    def faults_left(self) -> int:
        return len(self._faults)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                inside, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(inside,), daemon=True).start()

    def _serve(self, inside: socket.socket) -> None:
        fault = self._faults.pop(0) if self._faults else ""
        with inside:
            if fault == "cut" or fault in ANSWERS:
                inside.recv(1000)
                inside.sendall(ANSWERS.get(fault, b""))
                return
            with socket.create_connection(("127.0.0.1", self._to)) as outside:
                back = threading.Thread(target=_pass_on, args=(outside, inside), daemon=True)
                back.start()
                _pass_on(inside, outside, MIDDLE if fault == "upload" else None)
                back.join()


def _pass_on(source: socket.socket, target: socket.socket, most: int | None = None) -> None:
    """Until the source ends, or `most` bytes have passed; then both are closed."""
    passed = 0
    with suppress(OSError):
        while piece := source.recv(4096):
            target.sendall(piece)
            passed += len(piece)
            if most is not None and passed >= most:
                source.shutdown(socket.SHUT_RDWR)
                break
        target.shutdown(socket.SHUT_WR)


def enrol(port: int, token: str, folder: Path, *options: str, url: str | None = None, command: str = "enrol") -> Result:
    to = url or f"http://127.0.0.1:{port}"
    arguments = [command, str(folder), "--url", to, "--token", token, "--consent", "form 1", *options]
    return CliRunner().invoke(cli, arguments)


def put(folder: Path, **files: str | bytes) -> Path:
    """A folder with these files; text is the name of a capture of the tests'."""
    for name, content in files.items():
        whole = capture(content) if isinstance(content, str) else content
        (folder / name.replace("_png", ".png").replace("_json", ".json")).write_bytes(whole)
    return folder


def enrolments(served: App) -> int:
    with served.store.storage.read() as uow:
        return sum(uow.enrolments.count_by_status().values())


def test_plain_names_are_sent_and_the_misspelt_one_is_named(served: App, port: int, token: str) -> None:
    result = enrol(port, token, evaluation_data("field/folder_import/folder"))
    assert result.exit_code == 1
    assert "omar_left_indx.png is named after no position; did you mean left_index?" in result.stderr
    assert "1 sent, " in result.stdout
    assert "1 files are left out" in result.stdout


def test_a_byte_order_mark_is_fine_and_a_second_run_finds_all_there(port: int, token: str) -> None:
    root = evaluation_data("field/folder_import/folder_bom")
    first, second = enrol(port, token, root), enrol(port, token, root)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "1 sent, 0 already there" in first.stdout
    assert "0 sent, 1 already there" in second.stdout


def test_marks_are_shown_and_no_one_is_said_to_be_enrolled_already(port: int, token: str, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.fromarray(ridges_picture(40)).save(out, "PNG", dpi=(500, 500))
    result = enrol(
        port, token, put(tmp_path, **dict.fromkeys(("twice_right_index_png", "twice_left_index_png"), out.getvalue()))
    )
    assert result.exit_code == 0, result.output
    (line,) = [one for one in result.stdout.splitlines() if one.startswith("twice:")]
    assert line.startswith("twice: in_review (to be looked at; ")
    assert "right_index, left_index: One finger was given at several positions." in line
    assert "right_index: the same file was given as left_index; capture each by itself" in line


def test_strict_sends_nothing_where_something_is_not_plain(served: App, port: int, token: str, tmp_path: Path) -> None:
    put(tmp_path, strict_right_index_png="p1_1.png", other_rihgt_index_png="p1_2.png")
    before = enrolments(served)
    result = enrol(port, token, tmp_path, "--strict")
    assert result.exit_code == 1
    assert "other_rihgt_index.png is named after no position; did you mean right_index?" in result.stderr
    assert "nothing was sent: 1 files are left out" in result.stderr
    assert enrolments(served) == before
    (tmp_path / "other_rihgt_index.png").unlink()
    assert enrol(port, token, tmp_path, "--strict").exit_code == 0
    assert enrolments(served) == before + 1


def test_a_malformed_json_ends_only_its_person(served: App, port: int, token: str, tmp_path: Path) -> None:
    put(tmp_path, json_right_index_png="p1_1.png", json_json=b'{\n "site": }', well_right_index_png="p2_1.png")
    result = enrol(port, token, tmp_path)
    assert result.exit_code == 1
    assert (
        "json is not sent: json.json is not JSON of one meaning: Expecting value in line 2, column 10" in result.stderr
    )
    assert "1 sent" in result.stdout
    assert "1 people are held back" in result.stdout


def test_who_is_refused_is_named_with_file_and_reason_and_the_rest_goes_on(
    port: int, token: str, tmp_path: Path
) -> None:
    put(tmp_path, cat_left_thumb_png=b"no picture", sami_right_index_png="p1_1.png")
    put(tmp_path, sami_json=b'{"person": {"names": []}}', lina_right_index_png="p2_1.png")
    result = enrol(port, token, tmp_path)
    assert result.exit_code == 1
    assert "cat: refused (left_thumb: " in result.stdout
    assert "[cat_left_thumb.png])" in result.stdout
    assert "sami: refused (enrolment.person.names: " in result.stdout
    assert "[sami.json])" in result.stdout
    assert "1 sent, 0 already there, 2 refused" in result.stdout


def test_a_name_with_brackets_is_no_markup(port: int, token: str, tmp_path: Path) -> None:
    put(tmp_path, **{"[bold]ali[x]_right_index_png": "p1_2.png"})
    assert "[bold]ali[x]: " in enrol(port, token, tmp_path).stdout


@pytest.mark.parametrize("faults", [("cut",) * 4, ("503",) * 4, ("cut", "503", "cut")])
def test_a_network_that_fails_for_a_while_is_tried_again(
    port: int, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: tuple[str, ...]
) -> None:
    monkeypatch.setattr(post, "PAUSES", (0.01,) * 5)
    names = {f"{'-'.join(faults)} {one}_right_index_png": "p1_1.png" for one in ("a", "b")}
    network = Network(port, *faults)
    result = enrol(port, token, put(tmp_path, **names), url=network.url)
    network.close()
    assert network.faults_left == 0
    assert result.exit_code == 0, result.output
    assert "2 sent" in result.stdout


def test_a_full_queue_is_waited_for_however_long(
    port: int, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "PAUSES", (0.01,))
    monkeypatch.setattr(post, "LONGEST_PAUSE", 0.01)
    network = Network(port, *["429"] * 9)
    result = enrol(port, token, put(tmp_path, full_right_index_png="p1_1.png"), url=network.url)
    network.close()
    assert (network.faults_left, result.exit_code) == (0, 0), result.output


def test_a_foreign_answer_refuses_one_person_and_the_rest_goes_on(port: int, token: str, tmp_path: Path) -> None:
    put(tmp_path, **{f"foreign{n}_right_index_png": "p1_1.png" for n in range(3)})
    network = Network(port, "foreign", "foreign")  # to the question, and to the upload
    result = enrol(port, token, tmp_path, "--parallel", "1", url=network.url)
    network.close()
    assert "the service answers 400" in result.stdout
    assert "2 sent, 0 already there, 1 refused" in result.stdout, result.output


def test_an_upload_cut_in_the_middle_is_sent_again_and_enrolled_once(
    served: App, port: int, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "PAUSES", (0.01,) * 5)
    put(tmp_path, middle_right_index_png="p2_1.png")
    before = enrolments(served)
    network = Network(port, "upload", "upload")
    result = enrol(port, token, tmp_path, url=network.url)
    network.close()
    assert network.faults_left == 0
    assert result.exit_code == 0, result.output
    assert enrolments(served) == before + 1


def test_a_service_that_stays_away_ends_the_run_once_and_counts_who_was_not_sent(
    port: int, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "PAUSES", (0.01,) * 2)
    put(tmp_path, **{f"p{n}_right_index_png": "p1_1.png" for n in range(20)})
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    result = enrol(port, token, tmp_path, url=f"http://127.0.0.1:{free}")
    assert result.exit_code == 1
    assert result.stdout.count("ConnectError") == 1
    assert "0 sent, 0 already there, 0 refused, 0 unreadable, 20 not sent" in result.stdout


def test_a_token_that_is_not_known_ends_the_run_at_once(port: int, tmp_path: Path) -> None:
    put(tmp_path, **{f"p{n}_right_index_png": "p1_1.png" for n in range(20)})
    result = enrol(port, "jisr_wrong", tmp_path)
    assert result.exit_code == 1
    assert result.stdout.count("token") == 1
    assert "20 not sent" in result.stdout


def test_the_same_uuid_with_other_content_is_named(port: int, token: str, tmp_path: Path) -> None:
    put(tmp_path, same_right_index_png="p1_1.png", same_json=json.dumps({"id": str(new_uuid())}).encode())
    assert "1 sent" in enrol(port, token, tmp_path).stdout
    assert "0 sent, 1 already there" in enrol(port, token, tmp_path).stdout
    put(tmp_path, same_right_index_png="p1_2.png")
    changed = enrol(port, token, tmp_path)
    assert "was sent before with other content" in changed.stdout
    assert "1 already there" in changed.stdout


def test_a_folder_without_captures_is_named(port: int, token: str, tmp_path: Path) -> None:
    result = enrol(port, token, tmp_path)
    assert result.exit_code == 2
    assert "no file is named after a position" in result.stderr


def test_the_help_states_how_files_are_named() -> None:
    text = CliRunner().invoke(cli, ["enrol", "--help"]).stdout
    for word in ("amina_face.jpg", "plain_right_four", "--strict", "enrolment.json", ".DS_Store"):
        assert word in text


def test_a_folder_is_added_to_people_by_number_once(served: App, port: int, token: str, tmp_path: Path) -> None:
    put(tmp_path, joe_face_png="biden.jpg")
    (number,) = re.findall(r"^joe: enrolled, (\d+)", enrol(port, token, tmp_path).stdout, re.MULTILINE)
    (tmp_path / "joe_face.png").unlink()
    put(tmp_path, **{f"{number}_face_png": "biden.jpg", "nobody_face_png": "biden.jpg"})
    first, second = (enrol(port, token, tmp_path, command="add") for _ in range(2))
    assert f"{number}: enrolled, {number}" in first.stdout, first.output
    assert "no person has the number nobody" in first.stdout
    assert "1 sent, 0 already there, 1 refused" in first.stdout
    assert "0 sent, 1 already there, 1 refused" in second.stdout
    with served.store.storage.read() as uow:
        who = uow.people.by_number(number)
        assert who is not None
        assert [one.position for one in uow.templates.of_people([who.key])[who.key]] == ["face", "face"]
