"""Consent of people to what is shared of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.api.deps import MayReadPerson, MayRecordConsent, Running
from service.api.json_body import StrictJsonRoute
from service.api.problems import declared
from service.api.shapes import AsText, Sent
from service.api.text import Line, Writable
from service.registry.domain.consents import ConsentAct, ConsentRecord, StatedConsent
from service.registry.errors import ConsentDiffers, NoSuchPerson, PersonErased, UnfitConsent, UnknownPerson
from service.registry.usecases.consents import ConsentView, check_consent, read_consents, record_consent

router = APIRouter(prefix="/v1/persons", tags=["consent"], route_class=StrictJsonRoute)
PURPOSE, PROGRAMME = r"^[a-z][a-z0-9_]{0,39}$", r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"


class ConsentIn(Sent):
    """Consent that was given, or revoked."""

    id: AsText[UUID] = Field(description="chosen by the client: sending the same again does no harm")
    purpose: str = Field(pattern=PURPOSE, description="a code", examples=["food_assistance"])
    programme: str | None = Field(None, pattern=PROGRAMME, description="a code; null: all programmes of the purpose")
    given: bool = Field(description="false: revoked, from now on")
    text_version: Line | None = Field(None, description="of the text that was read to them", examples=["2026-03 fr"])
    guardian: Line | None = Field(None, description="the number of the person who gives it for a child")
    guardian_name: Line | None = Field(None, description="who does, where they have no number")
    paper: Line | None = Field(None, description="the paper or recording that shows it")
    words: Annotated[Writable, Field(max_length=2000)] | None = None

    def stated(self) -> StatedConsent:
        return StatedConsent(**self.model_dump())


class ConsentOut(BaseModel):
    """One act of consent."""

    id: UUID
    purpose: str
    programme: str | None
    act: ConsentAct
    at: datetime = Field(description="from when on it counts")
    by: str
    role: str
    site: str | None
    text_version: str | None
    guardian: str | None = Field(description="their number; null of people whom this token may not see")
    guardian_name: str | None
    paper: str | None
    words: str | None

    @classmethod
    def of(cls, one: ConsentRecord, view: ConsentView) -> "ConsentOut":
        guardian = None if one.guardian_key is None else view.guardians.get(one.guardian_key)
        return cls(
            id=one.id,
            purpose=one.purpose,
            programme=one.programme,
            act=one.act,
            at=one.at,
            by=one.by,
            role=one.role,
            site=one.site,
            text_version=one.text_version,
            guardian=None if guardian is None else guardian.number,
            guardian_name=one.guardian_name,
            paper=one.paper,
            words=one.words,
        )


class ConsentsOut(BaseModel):
    consents: list[ConsentOut] = Field(description="all acts, oldest first; of a purpose and programme the last counts")


class ConsentCheckOut(BaseModel):
    allowed: bool = Field(description="whether the person's data may be shared for this, now")


@router.post(
    "/{number}/consents", responses=declared(NoSuchPerson, PersonErased, UnknownPerson, UnfitConsent, ConsentDiffers)
)
def record(number: str, sent: ConsentIn, app: Running, actor: MayRecordConsent) -> ConsentOut:
    """Record that a person gave consent to share their data for a purpose, or revoked it."""
    store = app.store
    view = record_consent(number, sent.stated(), actor=actor, storage=store.storage, clock=store.clock)
    return ConsentOut.of(view.records[0], view)


@router.get("/{number}/consents", responses=declared(NoSuchPerson, PersonErased))
def index(number: str, app: Running, actor: MayReadPerson) -> ConsentsOut:
    """Every act of consent of a person, also those that later ones changed or revoked."""
    view = read_consents(number, actor=actor, storage=app.store.storage)
    return ConsentsOut(consents=[ConsentOut.of(one, view) for one in view.records])


@router.get("/{number}/consents/check", responses=declared(NoSuchPerson, PersonErased))
def check(
    number: str,
    app: Running,
    actor: MayReadPerson,
    *,
    purpose: Annotated[str, Query(pattern=PURPOSE)],
    programme: Annotated[str | None, Query(pattern=PROGRAMME)] = None,
) -> ConsentCheckOut:
    """Whether a person's data may be shared for a purpose now. To be asked before each sharing."""
    return ConsentCheckOut(allowed=check_consent(number, purpose, programme, actor=actor, storage=app.store.storage))
