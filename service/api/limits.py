"""A bound on the size of a request, so that none can fill memory or disk."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.errors import RequestTooLarge


class BodyLimit:
    """Stops reading after `most` bytes, whatever length the request states."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        read = int(announced) if announced.isdigit() and int(announced) > self._most else 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise RequestTooLarge(f"requests of more than {self._most} bytes are not read")
            return message

        await self._app(scope, limited, send)
