"""How well a capture will serve. Nothing sent here is kept."""

from functools import partial

from fastapi import APIRouter
from pydantic import BaseModel, Field

from matcher import ADVICE, Quality
from service.api.deps import MayJudgeQuality, Running
from service.api.errors import FieldError, Malformed
from service.api.form import CAPTURE_ERRORS, Dpi, Form, described, of_fingers
from service.api.problems import declared
from service.api.shapes import WarningOut
from service.api.turns import InTurn
from service.enrolment.usecases.judge_capture import judge_capture

router = APIRouter(prefix="/v1/quality", tags=["search"])


class AdviceOut(BaseModel):
    code: str = Field(description="stable, to translate by", examples=["too_far"])
    sentence: str = Field(description="what to do about it, in English")


class QualityOut(BaseModel):
    """How well a capture will serve."""

    position: str
    score: int = Field(description="0 (useless) to 100")
    components: dict[str, float] = Field(description="what was measured, in the units their names state")
    reasons: list[AdviceOut] = Field(description="what could be better, worst first; empty when all is well")
    warnings: list[WarningOut] = Field(description="what was odd about the file; empty where nothing was")

    @classmethod
    def of(cls, position: str, quality: Quality) -> "QualityOut":
        components = {name: round(value, 3) for name, value in quality.components.items()}
        reasons = [AdviceOut(code=code, sentence=ADVICE[code]) for code in quality.reasons]
        warnings = [WarningOut(code=one.code, detail=one.detail) for one in quality.warnings]
        return cls(position=position, score=quality.score, components=components, reasons=reasons, warnings=warnings)


@router.post("", responses=declared(*CAPTURE_ERRORS), openapi_extra=described({}))
async def judge(actor: MayJudgeQuality, form: Form, app: Running, turn: InTurn, dpi: Dpi = None) -> QualityOut:
    """How well will this one capture serve, and what could the counter do better?"""
    captures = form.captures(of_fingers(dpi))
    if len(captures) != 1:
        raise Malformed([FieldError("captures", "not_one", f"send one capture; {len(captures)} came")])
    found = await turn.run(
        partial(judge_capture, captures[0], actor=actor, storage=app.store.storage, extractor=app.extractor)
    )
    return QualityOut.of(captures[0].position, found)
