"""Erasing people."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.api.deps import MayErase, Running
from service.api.json_body import StrictJsonRoute
from service.api.problems import declared
from service.api.shapes import AsText, Sent
from service.privacy.domain.certificates import certificate_in
from service.privacy.domain.erasures import LONGEST_REFERENCE, REFERENCE, Erasure, Ground, Order
from service.privacy.errors import CaseOpen, EnrolmentWaiting, NoSuchErasure, NothingToErase
from service.privacy.usecases.erase import begin_erasure, read_erasure, wait_for
from service.registry.errors import NoSuchPerson, PersonErased

WAIT_SECONDS = 5.0
"""For the worker to finish, so that an answer has the certificate as a rule."""
router = APIRouter(prefix="/v1/persons", tags=["people"], route_class=StrictJsonRoute)


class ErasureIn(Sent):
    """Why a person is erased."""

    ground: AsText[Ground] = Field(description="by Article 17(1) GDPR, or a law like it")
    reference: Annotated[str | None, Field(pattern=REFERENCE, max_length=LONGEST_REFERENCE)] = Field(
        None, description="where the request is filed, such as a file number: it is kept for ever, so give no name"
    )


class CertificateOut(BaseModel):
    """As `jisr privacy verify` takes it."""

    statement: str = Field(description="JSON: what was destroyed, when, by whom and on what ground; nothing personal")
    signature: str = Field(description="Ed25519 over the statement's bytes, by the key that signs the audit; in hex")
    public_key: str


class ErasureOut(BaseModel):
    """An erasure. From the answer on nothing personal can be read; files and snapshots follow within moments."""

    id: UUID
    number: str | None
    at: datetime
    by: str
    ground: Ground
    reference: str | None
    done: bool = Field(description="whether files, snapshots and the database's own files are clean too")
    certificate: CertificateOut | None = Field(description="null until it is done")

    @classmethod
    def of_erasure(cls, one: Erasure) -> "ErasureOut":
        signed = certificate_in(one)
        return cls(
            id=one.id,
            number=one.number,
            at=one.at,
            by=one.by,
            ground=one.ground,
            reference=one.reference,
            done=one.done,
            certificate=None if signed is None else CertificateOut.model_validate(signed, from_attributes=True),
        )


@router.post(
    "/{number}/erasure", responses=declared(NoSuchPerson, PersonErased, NothingToErase, CaseOpen, EnrolmentWaiting)
)
def create(number: str, sent: ErasureIn, app: Running, actor: MayErase) -> ErasureOut:
    """Erase a person with all records that were merged into them, or an enrolment that became no one, by its UUID.

    What remains is their number, which is never issued again. A person in an open case is not erased before it is
    decided. Asked again, the answer is that of the first time, with the certificate once there is one.
    """
    store = app.store
    order = Order(sent.ground, sent.reference)
    begun = begin_erasure(number, order, actor=actor, storage=store.storage, clock=store.clock)
    app.worker.wake()  # it does the rest, and writes the certificate
    return ErasureOut.of_erasure(wait_for(begun, WAIT_SECONDS, actor=actor, storage=store.storage))


@router.get("/{number}/erasure", responses=declared(NoSuchErasure))
def read(number: str, app: Running, actor: MayErase) -> ErasureOut:
    """What became of an erasure, with its certificate once it is done."""
    return ErasureOut.of_erasure(read_erasure(number, actor=actor, storage=app.store.storage))
