"""Putting the HTTP application together."""

from typing import Any

from fastapi import FastAPI

from service.api import cases, enrolments, operations, problems, registry, search
from service.api.limits import BodyLimit
from service.api.metrics import MeasureRequests, Metrics
from service.api.requests import EnrolmentIn
from service.bootstrap import App

DESCRIPTION = """
Enrols people into a social registry by face and fingerprints, finds out whether they are already enrolled, lets
operators settle the doubtful cases, and gives each household one registry ID.

Every error is a problem document (RFC 9457) with a stable `type`, and names the fields to mend.
"""


class JisrApi(FastAPI):
    """FastAPI, with the schemas of problem documents and multipart parts in the OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for model in (problems.Problem, EnrolmentIn):
            own = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(own.pop("$defs", {}))
            schemas[model.__name__] = own
        return document


def create_app(app: App) -> FastAPI:
    """The HTTP side of a service that is wired and whose gallery is filled."""
    api = JisrApi(title="Jisr", version="0.1.0", description=DESCRIPTION)
    api.state.jisr = app
    api.state.metrics = Metrics(app)
    api.add_middleware(BodyLimit, most=app.store.settings.max_request_bytes)
    api.add_middleware(MeasureRequests, metrics=api.state.metrics)
    problems.install(api)
    for one in (enrolments, registry, search, cases, operations):
        api.include_router(one.router)
    return api
