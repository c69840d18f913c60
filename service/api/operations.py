"""For operators of the service: does it answer, is it ready, what are its figures?"""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from service.api.deps import Running
from service.api.errors import NotReady
from service.api.problems import response
from service.enrolment.domain.enrolments import WAITING

router = APIRouter(tags=["operations"])


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
    """The database answers and enrolments are being processed."""
    if not app.store.storage.answers():
        raise NotReady("the database does not answer")
    if app.store.settings.embedded_worker and not app.worker.alive:
        raise NotReady("the worker has stopped")
    with app.store.storage.read() as uow:
        counts = uow.enrolments.count_by_status()
    return Readiness(people=len(app.replica.index), waiting=sum(counts.get(one, 0) for one in WAITING))


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Figures for Prometheus; counts only, nothing personal."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
