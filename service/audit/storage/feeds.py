"""Where entries are handed on to: a file that others rotate, or syslog."""

import logging
import logging.handlers
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from service.audit.domain.entries import Entry
from service.audit.errors import FeedDown
from service.audit.ports import FeedTarget

SYSLOG = "syslog:"


class FileFeed:
    """Lines of JSON, appended. The file is opened for each batch, so that it may be renamed at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, entries: Sequence[Entry]) -> None:
        content = "".join(f"{one.line()}\n" for one in entries).encode()
        try:
            with os.fdopen(os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FeedDown(f"{self._path} cannot be written: {error.strerror}") from None


class SyslogFeed:
    """A line of JSON per message: to a socket of this machine, or by TCP, where it ends with a line feed (RFC 6587).

    What a server took from the network and then lost is beyond this side's knowledge.
    """

    def __init__(self, address: str | tuple[str, int]) -> None:
        self._address = address
        self._handler: _Strict | None = None

    def send(self, entries: Sequence[Entry]) -> None:
        try:
            handler = self._handler or _Strict(self._address)
            self._handler = handler
            for one in entries:
                handler.emit(logging.LogRecord("jisr.audit", logging.INFO, "", 0, one.line(), None, None))
        except OSError as error:
            self.close()
            raise FeedDown(f"syslog at {self._address} does not answer: {error}") from None

    def close(self) -> None:
        if self._handler is not None:
            self._handler.close()
            self._handler = None


class _Strict(logging.handlers.SysLogHandler):
    """The standard library's, which raises what it would print."""

    append_nul = False

    def __init__(self, address: str | tuple[str, int]) -> None:
        local = isinstance(address, str)
        self._end = "" if local else "\n"
        super().__init__(address, self.LOG_AUTHPRIV, None if local else socket.SOCK_STREAM)
        self.ident = "jisr-audit: "

    def format(self, record: logging.LogRecord) -> str:
        return str(record.msg) + self._end

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 the library's name
        raise


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
