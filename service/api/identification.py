"""Who is this? Nothing sent here is kept."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field

from service.adjudication.domain.evidence import OF_CAPTURES, Band, Hypothesis
from service.api.deps import MayIdentify, Running
from service.api.form import CAPTURE_ERRORS, Dpi, Form, described, of_fingers
from service.api.problems import declared
from service.api.shapes import HYPOTHESIS, LOG10_LR, RARITY, CaptureWarningsOut, EvidenceOut, ThresholdsOut
from service.api.turns import InTurn
from service.deduplication.usecases.identify import Identification, identify
from service.registry.domain.people import PersonStatus

router = APIRouter(prefix="/v1/identify", tags=["search"])

EVERY: list[Hypothesis] = list(OF_CAPTURES)


def _of_captures(some: list[Hypothesis]) -> list[Hypothesis]:
    if Hypothesis.STATED_ALIKE in some:
        raise ValueError(f"{Hypothesis.STATED_ALIKE.value} is of no captures; POST /v1/persons/check")
    return some


class IdentifiedOut(BaseModel):
    number: str | None = Field(description="null while the person is under review")
    status: PersonStatus
    band: Band
    log10_lr: float = Field(description=LOG10_LR)
    rarity: float = Field(description=RARITY)
    hypothesis: Hypothesis = Field(description=HYPOTHESIS)
    evidence: dict[str, EvidenceOut]


class IdentificationOut(BaseModel):
    """Who of everyone enrolled this may be, strongest first."""

    band: Band
    thresholds: ThresholdsOut
    gallery_size: int
    candidates: list[IdentifiedOut]
    elsewhere: list[Band] = Field(
        description="of candidates enrolled at other sites, whom this token may not see: their bands, strongest first"
    )
    captures: list[CaptureWarningsOut] = Field(description="what was searched with; of a slap, each finger")

    @classmethod
    def of(cls, outcome: Identification) -> "IdentificationOut":
        candidates = [
            IdentifiedOut(
                number=one.person.number,
                status=one.person.status,
                band=one.band,
                log10_lr=round(one.candidate.log10_lr, 3),
                rarity=round(one.candidate.rarity, 3),
                hypothesis=one.candidate.hypothesis,
                evidence=EvidenceOut.by_position(one.candidate.evidence),
            )
            for one in outcome.found
        ]
        return cls(
            band=outcome.band,
            thresholds=ThresholdsOut.of(outcome.thresholds),
            gallery_size=outcome.gallery_size,
            candidates=candidates,
            elsewhere=list(outcome.elsewhere),
            captures=CaptureWarningsOut.by_position(outcome.warnings),
        )


Hypotheses = Annotated[
    list[Hypothesis],
    AfterValidator(_of_captures),
    Query(
        description="how the captures may be a person's; any way unless given. Name fingers of unknown position as you "
        "like, each once, and give `any_position`, with a face `as_stated` too",
        min_length=1,
    ),
]


@router.post("", responses=declared(*CAPTURE_ERRORS), openapi_extra=described({}))
async def search(
    actor: MayIdentify, form: Form, app: Running, turn: InTurn, *, dpi: Dpi = None, hypotheses: Hypotheses = EVERY
) -> IdentificationOut:
    """Who of everyone enrolled is this? (1:N)"""
    work = partial(
        identify,
        form.captures(of_fingers(dpi)),
        actor=actor,
        storage=app.store.storage,
        extractor=app.extractor,
        replica=app.replica,
        policy=app.policy,
        hypotheses=list(dict.fromkeys(hypotheses)),
    )
    return IdentificationOut.of(await turn.run(work))
