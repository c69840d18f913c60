"""Everything Jisr answers over HTTP: each door an application of its own, with its own error shapes, under one roof."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgi_correlation_id import CorrelationIdMiddleware
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Mount

from service.api.app import create_api
from service.api.connections import ConnectionBounds, Listening, RefuseCrowd, ServerConfig
from service.api.headers import SafeHeaders
from service.api.limits import BodyBounds, BodyLimit
from service.api.metrics import MeasureRequests, Metrics
from service.api.problems import AnswerMistakes
from service.api.proxies import Forwarded
from service.bootstrap import App
from service.settings import Settings


def create_web(app: App) -> Starlette:
    """The HTTP side of a service that is wired and whose index is filled."""
    metrics = Metrics(app)
    api = create_api(app, metrics)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(api.state.last_use.close)

    return Starlette(
        routes=[Mount("/", api)],
        lifespan=lifespan,
        middleware=[
            Middleware(Forwarded, trusted=app.store.settings.proxies),
            Middleware(SafeHeaders),
            Middleware(CorrelationIdMiddleware),
            Middleware(AnswerMistakes),
            Middleware(MeasureRequests, metrics=metrics),
            Middleware(RefuseCrowd),
            Middleware(BodyLimit, bounds=body_bounds(app.store.settings)),
        ],
    )


def server_config(app: App, host: str, port: int) -> ServerConfig:
    """How uvicorn serves it."""
    settings = app.store.settings
    bounds = ConnectionBounds(settings.connections, settings.header_seconds, settings.keep_alive_seconds)
    listening = Listening(host, port, settings.tls_certificate, settings.tls_key)
    return ServerConfig(create_web(app), listening, bounds)


def body_bounds(settings: Settings) -> BodyBounds:
    return BodyBounds(
        settings.max_request_bytes, settings.request_bytes_at_once, settings.wait_seconds, settings.body_seconds
    )
