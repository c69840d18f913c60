"""Everything Jisr answers over HTTP: each door an application of its own, with its own error shapes, under one roof."""

from asgi_correlation_id import CorrelationIdMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from service.api.app import create_api
from service.api.limits import BodyLimit
from service.api.metrics import MeasureRequests, Metrics
from service.bootstrap import App


def create_web(app: App) -> Starlette:
    """The HTTP side of a service that is wired and whose index is filled."""
    metrics = Metrics(app)
    return Starlette(
        routes=[Mount("/", create_api(app, metrics))],
        middleware=[
            Middleware(CorrelationIdMiddleware),
            Middleware(MeasureRequests, metrics=metrics),
            Middleware(BodyLimit, most=app.store.settings.max_request_bytes),
        ],
    )
