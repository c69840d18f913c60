"""A bound on the size of a request, so that none can fill memory or disk."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.errors import RequestTooLarge

MOST_WITHOUT_CAPTURES = 100_000
"""Bytes of a body that is not multipart: it holds no captures. The longest decision has half as many."""


class BodyLimit:
    """Stops reading after `most` bytes, whatever length the request states; sooner where no captures can come."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        with_captures = headers.get(b"content-type", b"").lower().startswith(b"multipart/")
        most = self._most if with_captures else min(self._most, MOST_WITHOUT_CAPTURES)
        announced = headers.get(b"content-length", b"0")
        read = int(announced) if announced.isdigit() and int(announced) > most else 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise RequestTooLarge(f"requests of more than {most} bytes are not read")
            return message

        await self._app(scope, limited, send)
