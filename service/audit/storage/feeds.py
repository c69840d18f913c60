"""Where entries are handed on to: a file that others rotate, or syslog."""

import errno
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from service.audit.domain.entries import Entry
from service.audit.errors import FeedDown
from service.audit.ports import FeedTarget

SYSLOG = "syslog:"
SECONDS = 10.0
"""How long a server may take nothing before it counts as down; and after how long the rest waits for the next turn."""
PRIORITY = f"<{10 * 8 + 6}>"
"""Facility `authpriv`, severity `informational` (RFC 5424, 6.2.1)."""


class FileFeed:
    """Lines of JSON, appended. The file is opened for each batch, so that it may be renamed at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, entries: Sequence[Entry]) -> int:
        content = "".join(f"{one.line()}\n" for one in entries).encode()
        try:
            with os.fdopen(os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FeedDown(f"{self._path} cannot be written: {error.strerror}") from None
        return len(entries)


class SyslogFeed:
    """A line of JSON per message: to a socket of this machine, or by TCP, where it ends with a line feed (RFC 6587).

    What a server took from the network and then lost is beyond this side's knowledge.
    """

    def __init__(self, address: str | tuple[str, int]) -> None:
        self._address = address
        self._connection: _Connection | None = None

    def send(self, entries: Sequence[Entry]) -> int:
        end, taken = time.monotonic() + SECONDS, 0
        try:
            self._connection = self._connection or _Connection(self._address)
            for one in entries:
                self._connection.send(one)
                taken += 1
                if time.monotonic() >= end:
                    break
        except OSError as error:
            self.close()
            if not taken:
                raise FeedDown(f"syslog at {self._address} does not answer: {error}") from None
        return taken

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Connection:
    """Every call ends after `SECONDS`, with a TimeoutError, which is an OSError as all that it raises."""

    def __init__(self, address: str | tuple[str, int]) -> None:
        if isinstance(address, str):
            self._socket, self._end = _local(address), ""
        else:
            self._socket, self._end = socket.create_connection(address, SECONDS), "\n"

    def send(self, one: Entry) -> None:
        """As much of an entry as fits into a datagram."""
        try:
            self._send(one.line())
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            self._send(one.short_line())

    def _send(self, line: str) -> None:
        self._socket.sendall(f"{PRIORITY}jisr-audit: {line}{self._end}".encode())

    def close(self) -> None:
        self._socket.close()


def _local(path: str) -> socket.socket:
    """Connected to a socket of this machine, of the kind that it is."""
    try:
        return _connected(path, socket.SOCK_DGRAM)
    except OSError as error:
        if error.errno != errno.EPROTOTYPE:
            raise
    return _connected(path, socket.SOCK_STREAM)


def _connected(path: str, kind: socket.SocketKind) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, kind)
    try:
        made.settimeout(SECONDS)
        made.connect(path)
    except OSError:
        made.close()
        raise
    return made


def feed_target(setting: str) -> FeedTarget | None:
    """A path, `syslog:/dev/log`, or `syslog:HOST:PORT`; None for an empty one. Raises ValueError."""
    if not setting:
        return None
    if not setting.startswith(SYSLOG):
        return FileFeed(Path(setting))
    address = setting.removeprefix(SYSLOG)
    if address.startswith("/"):
        return SyslogFeed(address)
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("must be a file, syslog:/dev/log, or syslog:HOST:PORT")
    return SyslogFeed((host, int(port)))
