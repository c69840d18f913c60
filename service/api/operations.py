"""For operators of the service: does it answer, is it ready, what are its figures?"""

from datetime import datetime, timedelta
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from service.api.deps import Running, measuring
from service.api.errors import NotReady
from service.api.problems import declared, response
from service.kit.turns import Lock, Sign

router = APIRouter(tags=["operations"])
SILENT = timedelta(seconds=60)
"""A worker signs every few seconds, but not while it extracts one batch of captures."""


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    people: int = Field(description="people in the gallery")
    waiting: int = Field(description="enrolments without an outcome")


@router.get("/healthz")
async def health() -> Health:  # in the event loop: it needs no thread, however many requests hold one
    """The process answers."""
    return Health()


@router.get("/readyz", responses={503: response("`not-ready`: The service cannot answer yet.")})
def ready(app: Running) -> Readiness:
    """The database answers, and a worker, in this process or another, gets on with the enrolments."""
    if not app.store.storage.answers():
        raise NotReady("the database does not answer")
    if app.store.settings.embedded_worker and not app.worker.alive:
        raise NotReady("the worker has stopped")
    with app.store.storage.read() as uow:
        sign = uow.turns.last_sign(Lock.WORKER)
        _require_working(sign, app.store.clock.now())
        app.replica.catch_up(uow)  # with what a worker in another process has recorded
        return Readiness(people=len(app.replica.index), waiting=uow.enrolments.count_waiting())


def _require_working(sign: Sign | None, now: datetime) -> None:
    if sign is not None and sign.trouble is not None:
        raise NotReady(f"enrolments are accepted, but none can be processed: {sign.trouble}")
    if sign is None or abs(now - sign.seen_at) > SILENT:  # ahead: one from before the clock was set back
        raise NotReady("no worker processes enrolments: start `jisr worker`, or the service with JISR_EMBEDDED_WORKER")


@router.get(
    "/metrics",
    dependencies=[Depends(measuring)],
    response_class=Response,
    responses={**declared(), 200: {"content": {"text/plain": {}}}},
)
def metrics(request: Request) -> Response:
    """Figures for Prometheus; counts only, nothing personal."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
