"""Putting the REST door together."""

from typing import Any

from fastapi import FastAPI

from service.api import (
    added,
    areas,
    cards,
    cases,
    changes,
    checks,
    consents,
    docs,
    enrolments,
    erasures,
    findings,
    households,
    identification,
    openid,
    operations,
    own_access,
    passkeys,
    people,
    problems,
    quality,
    search,
    sessions,
    tasks,
    verification,
)
from service.api.last_use import LastUse
from service.api.metrics import Metrics
from service.api.rate_limits import RateLimits
from service.api.sent_enrolments import AddedIn, EnrolmentIn
from service.api.turns import Turns
from service.api.ways import ways_of
from service.bootstrap import App

DESCRIPTION = """
Enrols people into a social registry by face and fingerprints, finds out whether they are already enrolled, lets
operators decide the doubtful cases, and gives each household one household ID.

Every error is a problem document (RFC 9457) with a stable `type`, and names the fields to correct. Every answer carries
an `X-Request-ID`, which names the request in the service's log.
"""
NOUNS = (
    enrolments,
    search,
    people,
    checks,
    added,
    erasures,
    households,
    changes,
    consents,
    areas,
    cards,
    identification,
    verification,
    quality,
    cases,
    findings,
    tasks,
    sessions,
    own_access,
    openid,
    passkeys,
    operations,
)


class JisrApi(FastAPI):
    """FastAPI, with the schemas of problem documents and multipart parts in the OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for model in (problems.Problem, EnrolmentIn, AddedIn):
            own = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(own.pop("$defs", {}))
            schemas[model.__name__] = own
        return document


def create_api(app: App, metrics: Metrics) -> FastAPI:
    """The REST door of a service that is wired and whose index is filled."""
    api = JisrApi(title="Jisr", version="0.1.0", description=DESCRIPTION, docs_url=None, redoc_url=None)
    settings = app.store.settings
    api.state.jisr, api.state.metrics = app, metrics
    api.state.turns = Turns(settings.threads, settings.wait_seconds)
    api.state.last_use = LastUse()
    api.state.rate_limits = RateLimits(settings.requests_per_minute, settings.wrong_tokens_per_minute)
    api.state.ways = ways_of(settings, app.store.storage, app.store.clock)
    problems.install(api)
    for noun in NOUNS:
        api.include_router(noun.router)
    docs.install(api)
    return api
