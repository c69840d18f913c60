"""Headers on every answer, errors included: types are not guessed, no referrer is sent, nothing personal is stored, no
other site embeds or opens it, and over TLS the browser comes back by TLS alone.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.proxies import path_within

KEPT = "/docs/files/"
"""Below here nothing is personal: the files of the page that describes the API."""
NO_SCRIPT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Of what is no page, should a browser take it for one. A page states what it needs itself."""
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": NO_SCRIPT,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
BY_TLS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Two years. OWASP ASVS 5.0, 3.4.1 asks for one year at least, and for the subdomains from level 2 on."""
NOT_STORED = {"Cache-Control": "no-store"}


class SafeHeaders:
    """Adds what an answer lacks of these. To be around everything else that answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept, by_tls = path_within(scope).startswith(KEPT), scope.get("scheme") == "https"
        headers = all_headers(by_tls=by_tls)
        if kept:
            del headers["Cache-Control"]
        wanted = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", ())}
                more = [(name, value) for name, value in wanted if name not in there]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await self._app(scope, receive, adding)


def all_headers(*, by_tls: bool) -> dict[str, str]:
    """Of an answer that may be personal."""
    return ALWAYS | NOT_STORED | (BY_TLS if by_tls else {})
