"""Entries are handed on in order; a target that is down gets them later, and the log states it."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.audit.errors import FeedDown
from service.audit.storage.feeds import FileFeed, SyslogFeed, feed_target
from service.audit.usecases.feed import count_behind, send_on
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


def test_a_feed_is_a_file_or_syslog(tmp_path: Path) -> None:
    assert feed_target("") is None
    assert isinstance(feed_target(str(tmp_path / "feed")), FileFeed)
    assert isinstance(feed_target("syslog:/dev/log"), SyslogFeed)
    assert isinstance(feed_target("syslog:siem.example:6514"), SyslogFeed)
    with pytest.raises(ValueError, match="syslog:HOST:PORT"):
        Settings(audit_feed="syslog:siem.example")
