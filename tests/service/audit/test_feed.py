"""Entries are handed on in order; a target that is down gets them later, and the log states it."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from service.audit.domain.actions import Action
from service.audit.domain.entries import Entry
from service.audit.errors import FeedDown
from service.audit.storage import feeds
from service.audit.storage.feeds import FileFeed, SyslogFeed, feed_target
from service.audit.usecases.feed import count_behind, send_on
from service.kit.ids import new_uuid
from service.settings import Settings
from service.storage.unit import SqlStorage
from tests.service.audit.noted import note
from tests.service.made_up import TESTER


def behind(storage: SqlStorage) -> int:
    return count_behind(actor=TESTER, storage=storage)


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["number"] for line in path.read_text().splitlines()]


def test_a_file_is_appended_to_and_may_be_rotated(storage: SqlStorage, tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    target = FileFeed(path)
    note(storage, 3)
    assert send_on(actor=TESTER, storage=storage, target=target) == 3
    path.rename(tmp_path / "feed.jsonl.1")
    note(storage, 2)
    assert send_on(actor=TESTER, storage=storage, target=target) == 2
    assert send_on(actor=TESTER, storage=storage, target=target) == 0
    assert (numbers(tmp_path / "feed.jsonl.1"), numbers(path)) == ([1, 2, 3], [4, 5])


def test_what_a_target_missed_is_sent_when_it_is_back(storage: SqlStorage, tmp_path: Path) -> None:
    target = FileFeed(tmp_path / "mounted" / "feed.jsonl")
    note(storage, 3)
    with pytest.raises(FeedDown, match="cannot be written"):
        send_on(actor=TESTER, storage=storage, target=target)
    assert behind(storage) == 3
    (tmp_path / "mounted").mkdir()
    assert send_on(actor=TESTER, storage=storage, target=target) == 3
    assert behind(storage) == 0


@pytest.fixture
def local_syslog(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    address = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(5)
        yield address, listening


def test_syslog_of_this_machine_gets_a_message_per_entry(
    storage: SqlStorage, local_syslog: tuple[str, socket.socket]
) -> None:
    address, listening = local_syslog
    note(storage, 2)
    target = SyslogFeed(address)
    assert send_on(actor=TESTER, storage=storage, target=target) == 2
    target.close()
    for number in (1, 2):
        priority, _, text = listening.recv(65536).decode().partition("jisr-audit: ")
        assert priority == f"<{10 * 8 + 6}>"
        assert json.loads(text)["number"] == number


def test_syslog_by_tcp_gets_a_line_per_entry_and_is_tried_again_when_it_was_down(storage: SqlStorage) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = SyslogFeed(("127.0.0.1", port))
    note(storage, 2)
    with pytest.raises(FeedDown, match="does not answer"):
        send_on(actor=TESTER, storage=storage, target=target)
    assert behind(storage) == 2
    received: list[bytes] = []

    def take(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            while b"".join(received).count(b"\n") < 2:
                received.append(connection.recv(65536))

    with socket.create_server(("127.0.0.1", port)) as server:
        thread = threading.Thread(target=take, args=(server,))
        thread.start()
        assert send_on(actor=TESTER, storage=storage, target=target) == 2
        thread.join(5)
    target.close()
    lines = b"".join(received).decode().splitlines()
    assert [json.loads(line.partition("jisr-audit: ")[2])["number"] for line in lines] == [1, 2]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "SECONDS", 0.2)


def long_entry(storage: SqlStorage, names: int) -> None:
    """Of more bytes than a socket takes at once."""
    with storage.write() as uow:
        details = {"names": [f"{one:064}" for one in range(names)]}
        uow.audit.note(TESTER, Action.STORE_DELETE, people=[new_uuid()], details=details)
        uow.commit()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_takes_the_connection_and_reads_nothing_counts_as_down(storage: SqlStorage) -> None:
    long_entry(storage, 80_000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        target = SyslogFeed(server.getsockname())
        with pytest.raises(FeedDown, match="timed out"):
            send_on(actor=TESTER, storage=storage, target=target)
    assert behind(storage) == 1


@pytest.mark.usefixtures("impatient")
def test_a_local_socket_that_nothing_is_read_from_counts_as_down(
    storage: SqlStorage, local_syslog: tuple[str, socket.socket]
) -> None:
    address, listening = local_syslog
    note(storage)
    with storage.read() as uow:
        entries = uow.audit_records.page(1, 0, 1)
    target = SyslogFeed(address)
    taken = target.send([*entries] * 5000)
    assert 0 < taken < 5000
    with pytest.raises(FeedDown, match="timed out"):  # noqa: PT012
        for _ in range(20):
            target.send([*entries] * 5000)
    listening.recv(65536)
    assert target.send(entries) == 1
    target.close()


def test_what_fits_into_no_datagram_is_sent_without_what_has_no_bound(
    storage: SqlStorage, local_syslog: tuple[str, socket.socket]
) -> None:
    address, listening = local_syslog
    long_entry(storage, 10_000)
    note(storage)
    target = SyslogFeed(address)
    assert send_on(actor=TESTER, storage=storage, target=target) == 2
    target.close()
    short, whole = (json.loads(listening.recv(65536).decode().partition("jisr-audit: ")[2]) for _ in range(2))
    assert (short["number"], short["action"]) == (1, "store.delete")
    assert whole.keys() - short.keys() == {"people", "details"}


def test_a_local_server_may_take_a_stream(storage: SqlStorage, tmp_path: Path) -> None:
    address = str(tmp_path / "log")
    note(storage)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        target = SyslogFeed(address)
        assert send_on(actor=TESTER, storage=storage, target=target) == 1
        connection, _ = server.accept()
        with connection:
            assert json.loads(connection.recv(65536).decode().partition("jisr-audit: ")[2])["number"] == 1
    target.close()


class Slow:
    """Takes one entry per call."""

    def send(self, entries: Sequence[Entry]) -> int:
        return 1


def test_sending_goes_on_where_it_was_left(storage: SqlStorage) -> None:
    note(storage, 3)
    assert send_on(actor=TESTER, storage=storage, target=Slow(), stopping=lambda: True) == 1
    assert behind(storage) == 2
    assert send_on(actor=TESTER, storage=storage, target=Slow()) == 2
    assert behind(storage) == 0


def test_a_feed_is_a_file_or_syslog(tmp_path: Path) -> None:
    assert feed_target("") is None
    assert isinstance(feed_target(str(tmp_path / "feed")), FileFeed)
    assert isinstance(feed_target("syslog:/dev/log"), SyslogFeed)
    assert isinstance(feed_target("syslog:siem.example:6514"), SyslogFeed)
    with pytest.raises(ValueError, match="syslog:HOST:PORT"):
        Settings(audit_feed="syslog:siem.example")
