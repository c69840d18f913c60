"""Is somebody who states this enrolled already? Nothing sent here is kept."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.adjudication.domain.evidence import Band
from service.api.deps import MayIdentify, Running
from service.api.json_body import StrictJsonRoute
from service.api.problems import declared
from service.api.sent_enrolments import PersonIn
from service.api.shapes import LOG10_LR, RARITY, FieldOut, ThresholdsOut
from service.deduplication.domain.comparison import Guard
from service.deduplication.steps.alike import Alike
from service.deduplication.usecases.check_statement import Checked, check_statement
from service.kit.errors import MalformedRequest
from service.registry.domain.people import PersonStatus

router = APIRouter(prefix="/v1/persons/check", tags=["people"], route_class=StrictJsonRoute)


class AlikeOut(BaseModel):
    """A person enrolled who may be the one who states this."""

    number: str | None = Field(description="null of a person under review")
    status: PersonStatus
    band: Band
    log10_lr: float = Field(description=LOG10_LR)
    rarity: float = Field(description=RARITY)
    guard: Guard | None = Field(description="`twins`: may be a twin, so never `duplicate`")
    evidence: dict[str, FieldOut] = Field(description="by field that both state")

    @classmethod
    def of(cls, one: Alike) -> "AlikeOut":
        return cls(
            number=one.person.number,
            status=one.person.status,
            band=one.band,
            log10_lr=round(one.evidence.log10_lr, 3),
            rarity=round(one.rarity, 3),
            guard=one.evidence.guard,
            evidence=FieldOut.by_field(one.evidence.fields),
        )


class CheckOut(BaseModel):
    """Who may be the one who states this. Nobody is refused by it: enrol the person, and captures decide."""

    alike: list[AlikeOut] = Field(description="the rarest evidence first")
    more: int = Field(description="how many others are alike, beyond the number that answers show")
    hidden: int = Field(description="how many others are alike whom this token may not see")
    thresholds: ThresholdsOut
    people: int = Field(description="enrolled")

    @classmethod
    def of(cls, done: Checked) -> "CheckOut":
        return cls(
            alike=[AlikeOut.of(one) for one in done.found],
            more=done.more,
            hidden=done.hidden,
            thresholds=ThresholdsOut.of(done.thresholds),
            people=done.people,
        )


@router.post("", responses=declared(MalformedRequest))
def check(sent: PersonIn, app: Running, actor: MayIdentify) -> CheckOut:
    """Is somebody enrolled who states the same, by names, birth and parents?"""
    done = check_statement(sent.demographics(), actor=actor, storage=app.store.storage, policy=app.policy)
    return CheckOut.of(done)
