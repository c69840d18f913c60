"""Is this the person with this number? Nothing sent here is kept."""

from functools import partial

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.adjudication.domain.evidence import Band, Hypothesis
from service.api.deps import MayVerify, Running
from service.api.form import CAPTURE_ERRORS, Dpi, Form, described, of_fingers, part
from service.api.problems import declared
from service.api.shapes import HYPOTHESIS, LOG10_LR, RARITY, CaptureWarningsOut, EvidenceOut, ThresholdsOut
from service.api.turns import InTurn
from service.deduplication.errors import NothingToCompare
from service.deduplication.usecases.identify import Verification, verify
from service.registry.errors import NoSuchPerson, PersonErased

router = APIRouter(prefix="/v1/verify", tags=["search"])


class VerificationOut(BaseModel):
    """Whether these captures are this person's.

    Of a person enrolled at another site, whom the token may not see, only the band and the thresholds are stated.
    """

    number: str | None = Field(description="of the person compared with; after a merge the survivor's")
    band: Band
    thresholds: ThresholdsOut
    log10_lr: float | None = Field(description=LOG10_LR)
    rarity: float | None = Field(description=RARITY)
    hypothesis: Hypothesis | None = Field(description=HYPOTHESIS)
    evidence: dict[str, EvidenceOut]
    captures: list[CaptureWarningsOut] = Field(description="what was compared; of a slap, each finger")

    @classmethod
    def of(cls, outcome: Verification) -> "VerificationOut":
        return cls(
            number=outcome.person.number if outcome.seen else None,
            band=outcome.band,
            thresholds=ThresholdsOut.of(outcome.thresholds),
            log10_lr=round(outcome.log10_lr, 3) if outcome.seen else None,
            rarity=round(outcome.rarity, 3) if outcome.seen else None,
            hypothesis=outcome.hypothesis if outcome.seen else None,
            evidence=EvidenceOut.by_position(outcome.evidence) if outcome.seen else {},
            captures=CaptureWarningsOut.by_position(outcome.warnings),
        )


@router.post(
    "",
    responses=declared(*CAPTURE_ERRORS, NoSuchPerson, PersonErased, NothingToCompare),
    openapi_extra=described({"number": {"type": "string", "description": "the person's number"}}),
)
async def compare(actor: MayVerify, form: Form, app: Running, turn: InTurn, dpi: Dpi = None) -> VerificationOut:
    """Is this the person with this number? (1:1)"""
    work = partial(
        verify,
        part(form, "number").strip(),
        form.captures(of_fingers(dpi)),
        actor=actor,
        storage=app.store.storage,
        extractor=app.extractor,
        comparator=app.comparator,
        policy=app.policy,
    )
    return VerificationOut.of(await turn.run(work))
