"""Bounds on what requests may hold: bytes of one, bytes of all together, and the time in which they come."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.errors import Overloaded, RequestTooLarge, RequestTooSlow

SLOWEST = 2_000
"""Bytes per second below which a body is given up: a tenth of what the slowest mobile networks carry."""
SMALL = 100_000
"""Bytes of a body that waits for no share, and the most of one that is not multipart: it holds no captures. The longest
decision has half as many."""


@dataclass(frozen=True, slots=True)
class BodyBounds:
    """Of request bodies. most: bytes of one. together: bytes of all that are being read or answered.

    wait_seconds: the longest wait for a share of these. seconds: in which SLOWEST bytes for each must come.
    """

    most: int
    together: int
    wait_seconds: float
    seconds: float


class BodyLimit:
    """Stops reading after `most` bytes, whatever length the request states, and begins only when there is room.

    Nothing is reserved before the application reads: it asks first who calls.
    """

    def __init__(self, app: ASGIApp, bounds: BodyBounds) -> None:
        self._app = app
        self._bounds = bounds
        self._room = Room(bounds.together)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, self._bounds, self._room)
        try:
            await self._app(scope, body.receive, send)
        finally:
            body.leave()


class _Body:
    """The body of one request as the application reads it."""

    def __init__(self, scope: Scope, receive: Receive, bounds: BodyBounds, room: "Room") -> None:
        self._receive, self._bounds, self._room = receive, bounds, room
        headers = dict(scope["headers"])
        with_captures = headers.get(b"content-type", b"").lower().startswith(b"multipart/")
        self._most = bounds.most if with_captures else min(bounds.most, SMALL)
        announced = headers.get(b"content-length", b"0")
        self._size = int(announced) if announced.isdigit() else 0
        if b"transfer-encoding" in headers:
            self._size = self._most
        self._read = self._size if self._size > self._most else 0
        self._held: int | None = None
        self._ended = False
        self._left, self._missing = bounds.seconds, SLOWEST * bounds.seconds

    async def receive(self) -> Message:
        """The next message. Raises RequestTooLarge, RequestTooSlow or Overloaded."""
        if self._ended:
            return await self._receive()
        self._check_size()
        if self._held is None:
            self._held = await self._room.take(self._size if self._size > SMALL else 0, self._bounds.wait_seconds)
        message = await self._next()
        self._read += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        self._check_size()
        return message

    def leave(self) -> None:
        """Give the share back."""
        if self._held:
            self._room.give(self._held)
        self._held = 0

    def _check_size(self) -> None:
        if self._read > self._most:
            raise RequestTooLarge(f"requests of more than {self._most} bytes are not read")

    async def _next(self) -> Message:
        """Only the time that the client takes counts, not that in which others are answered."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                message = await self._receive()
        except TimeoutError:
            raise RequestTooSlow(f"fewer than {SLOWEST} bytes per second came in {self._bounds.seconds:g} s") from None
        self._left -= time.monotonic() - began
        self._missing -= len(message.get("body", b""))
        if self._missing <= 0:
            self._left, self._missing = self._bounds.seconds, SLOWEST * self._bounds.seconds
        return message


class Room:
    """Bytes that may be held at the same time, given out in the order of asking. For one event loop.

    Who asks for more than the whole gets through alone.
    """

    def __init__(self, size: int) -> None:
        self._whole = self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int, seconds: float) -> int:
        """Wait for so many bytes, and return how many are to be given back. Raises Overloaded."""
        held = min(size, self._whole)
        if held == 0:
            return 0
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((held, turn))
        self._give_out()
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.give(held)
            else:
                self._waiting = deque(one for one in self._waiting if one[1] is not turn)
                self._give_out()
            if isinstance(error, TimeoutError):
                raise Overloaded("too much is being received; try again in a moment") from None
            raise
        return held

    def give(self, size: int) -> None:
        """Give bytes back."""
        self._free += size
        self._give_out()

    def _give_out(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= size
                turn.set_result(None)
