"""Household cards, and receipts of enrolments: issued, printed, revoked and verified."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from service.adjudication.usecases.read_outcome import read_outcome
from service.api.deps import MayChangeHousehold, MayReadEnrolment, MayReadHousehold, Running
from service.api.json_body import StrictJsonRoute
from service.api.paper.card import household_card
from service.api.paper.language import Language, Paper
from service.api.paper.receipt import Receipt, enrolment_receipt
from service.api.problems import declared
from service.api.shapes import AsText, Sent
from service.enrolment.errors import EnrolmentErased, NoSuchEnrolment
from service.registry.domain.cards import CardReason, CardState
from service.registry.errors import (
    CardNotGenuine,
    CardNotPossible,
    CardNotPrintable,
    MalformedHousehold,
    NoSuchCard,
    NoSuchHousehold,
)
from service.registry.usecases.cards import (
    CardCheck,
    CardView,
    IssueCard,
    issue_card,
    list_cards,
    read_card,
    revoke_card,
    verify_card,
)

router = APIRouter(prefix="/v1", tags=["cards"], route_class=StrictJsonRoute)
PDF = "application/pdf"
_CONTENT = {"schema": {"type": "string", "format": "binary"}}
PRINTED: dict[int | str, dict[str, Any]] = {200: {"description": "a PDF", "content": {PDF: _CONTENT}}}
LanguageAsked = Annotated[Language, Query(description="of the words; digits are Western in all")]
PaperAsked = Annotated[Paper, Query(description="`card`: 85.6 by 54 mm; `a4`: a sheet")]


class CardIn(Sent):
    id: AsText[UUID] = Field(description="chosen by the client: asking again makes no second card")
    reason: AsText[CardReason] = Field(
        CardReason.FIRST, description="why; any but `first` makes the cards from before useless"
    )


class CardOut(BaseModel):
    """A card; whose name is on it is printed, not stated."""

    serial: str
    household_id: str = Field(description="on the card")
    leads_to: str | None = Field(description="the household ID of today: another after a merge")
    issued_on: date
    issued_by: str
    reason: CardReason
    revoked_at: datetime | None

    @classmethod
    def of(cls, view: CardView) -> "CardOut":
        one = view.card
        return cls(
            serial=one.serial,
            household_id=view.household_id,
            leads_to=view.leads_to,
            issued_on=one.issued_on,
            issued_by=one.issued_by,
            reason=one.reason,
            revoked_at=one.revoked_at,
        )


class CardsOut(BaseModel):
    cards: Sequence[CardOut] = Field(description="oldest first, those that count no more too")


class PayloadIn(Sent):
    payload: Annotated[str, Field(min_length=1, max_length=1000)] = Field(description="the text of the QR code")


class CheckOut(BaseModel):
    """A genuine card, and what it is worth today."""

    state: CardState
    household_id: str = Field(description="on the card")
    leads_to: str | None = Field(description="the household ID of today; null: no household has it")
    revoked_at: datetime | None
    serial: str
    issued_on: date
    name: str = Field(description="of the head of household, as printed")
    key_id: str

    @classmethod
    def of(cls, one: CardCheck) -> "CheckOut":
        facts = one.facts
        return cls(
            state=one.state,
            household_id=facts.household_id,
            leads_to=one.leads_to,
            revoked_at=one.revoked_at,
            serial=facts.serial,
            issued_on=facts.issued_on,
            name=facts.name,
            key_id=facts.key_id,
        )


@router.post(
    "/households/{household_id}/cards",
    status_code=201,
    responses=declared(NoSuchHousehold, MalformedHousehold, CardNotPossible),
)
def issue(household_id: str, sent: CardIn, app: Running, actor: MayChangeHousehold) -> CardOut:
    """Make a card in the name of the head of household. The cards from before count no more."""
    store = app.store
    view = issue_card(
        IssueCard(sent.id, household_id, sent.reason),
        actor=actor,
        storage=store.storage,
        clock=store.clock,
        signer=store.card_signer,
    )
    return CardOut.of(view)


@router.get("/households/{household_id}/cards", responses=declared(NoSuchHousehold, MalformedHousehold))
def index(household_id: str, app: Running, actor: MayReadHousehold) -> CardsOut:
    """All cards of a household, and of those whose IDs lead to it."""
    found = list_cards(household_id, actor=actor, storage=app.store.storage)
    return CardsOut(cards=[CardOut.of(one) for one in found])


@router.get(
    "/cards/{serial}/pdf",
    responses={**declared(NoSuchCard, CardNotPrintable), **PRINTED},
    response_class=Response,
)
def card_pdf(
    serial: str,
    app: Running,
    actor: MayChangeHousehold,
    language: LanguageAsked = Language.FRENCH,
    paper: PaperAsked = Paper.CARD,
) -> Response:
    """A card to print: both sides, or on a sheet to be cut out and folded. The same card has the same bytes."""
    view = read_card(serial, actor=actor, storage=app.store.storage)
    return Response(household_card(view.card, view.household_id, language, paper), media_type=PDF)


@router.post("/cards/{serial}/revoke", responses=declared(NoSuchCard))
def revoke(serial: str, app: Running, actor: MayChangeHousehold) -> CardOut:
    """Have a card count no more, without another in its place."""
    store = app.store
    return CardOut.of(revoke_card(serial, actor=actor, storage=store.storage, clock=store.clock))


@router.post("/cards/verify", responses=declared(CardNotGenuine))
def verify(sent: PayloadIn, app: Running, actor: MayReadHousehold) -> CheckOut:
    """Whether a card is genuine, whether it still counts, and where its household ID leads."""
    store = app.store
    keys = [store.card_signer.public_key]
    return CheckOut.of(verify_card(sent.payload, actor=actor, storage=store.storage, public_keys=keys))


@router.get(
    "/enrolments/{enrolment_id}/receipt",
    responses={**declared(NoSuchEnrolment, EnrolmentErased), **PRINTED},
    response_class=Response,
)
def receipt(
    enrolment_id: UUID,
    app: Running,
    actor: MayReadEnrolment,
    language: LanguageAsked = Language.FRENCH,
    paper: PaperAsked = Paper.CARD,
) -> Response:
    """The receipt of an enrolment, as things stand: its number, what became of it, and whom to ask."""
    found = read_outcome(enrolment_id, actor=actor, storage=app.store.storage)
    number = found.person.number if found.person else None
    household = found.household.household_id if found.household else None
    return Response(enrolment_receipt(Receipt.of(found.enrolment, number, household), language, paper), media_type=PDF)
