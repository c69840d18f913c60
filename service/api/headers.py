"""Headers on every answer, errors included: types are not guessed, no referrer is sent, nothing personal is stored."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.proxies import path_within

KEPT = "/docs/files/"
"""Below here nothing is personal: the files of the page that describes the API."""
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
NOT_STORED = {"Cache-Control": "no-store"}


class SafeHeaders:
    """Adds what an answer lacks of these. To be around everything else that answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept = path_within(scope).startswith(KEPT)
        wanted = [
            (name.lower().encode(), value.encode()) for name, value in (ALWAYS if kept else all_headers()).items()
        ]

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", ())}
                more = [(name, value) for name, value in wanted if name not in there]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await self._app(scope, receive, adding)


def all_headers() -> dict[str, str]:
    """Of an answer that may be personal."""
    return {**ALWAYS, **NOT_STORED}
