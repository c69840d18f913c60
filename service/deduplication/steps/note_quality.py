"""What became of each capture, noted at it."""

from collections.abc import Mapping, Sequence

from matcher import CaptureError
from service.adjudication.domain.marks import Mark, marks_of
from service.deduplication.ports import DeduplicationUnit
from service.deduplication.steps.searched import Extracted, Searched
from service.enrolment.domain.enrolments import CAPTURE_ALTERED, CAPTURE_MISSING, CaptureRecord, Enrolment
from service.enrolment.steps.captures import problem_code

LOST = {
    CAPTURE_MISSING: "its file is no longer in the store; restore it and run `jisr retry`, or capture again",
    CAPTURE_ALTERED: "its file is not the one that was stored; restore it and run `jisr retry`, or capture again",
}


def note_quality(
    uow: DeduplicationUnit, searched: Searched, waiting: Mapping[int, Enrolment]
) -> dict[int, tuple[Mark, ...]]:
    """Note at each capture what became of it; the marks of each enrolment, by place."""
    captures = uow.enrolments.captures_of([one.key for one in waiting.values()])
    marks = {}
    for place, enrolment in waiting.items():
        records, within = captures.get(enrolment.key, ()), searched.marks[place]
        for record in records:
            _note(record, searched.batch[place], within)
        marks[place] = marks_of({one.position: _codes(one) for one in records}, within)
    return marks


def _note(record: CaptureRecord, one: Extracted, within: Sequence[Mark]) -> None:
    if one.lost:
        record.problem = one.lost.get(record.key)
        record.detail = None if record.problem is None else LOST[record.problem]
        return
    result = one.results[record.key]
    reasons = dict.fromkeys(mark.code for mark in within if record.position in mark.positions)
    if isinstance(result, CaptureError):
        record.problem, record.detail, record.reasons = problem_code(result), str(result), list(reasons)
        record.ridge_period_px = None
    else:
        record.quality, record.reasons = result.quality.score, [*result.quality.reasons, *reasons]
        record.ridge_period_px = result.quality.components.get("ridge_period_px") or None  # 0: unclear
        record.problem = record.detail = None


def _codes(record: CaptureRecord) -> set[str]:
    return {*record.reasons, *(one.code for one in record.warnings)}
