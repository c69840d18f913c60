"""Captures on their way between a client, the store and the matcher."""

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from matcher import SLAPS, Capture, CaptureError, Position, Template, WarningCode, template_to_bytes
from matcher import CaptureWarning as MatcherWarning
from service.enrolment.domain.enrolments import IDENTICAL_FILES, CaptureRecord, CaptureWarning, SentCapture
from service.enrolment.errors import (
    CaptureRefused,
    CapturesRefused,
    NothingToEnrol,
    RepeatedPosition,
    UnknownPosition,
)
from service.enrolment.ports import Extractor, TemplateRecord
from service.kit.blobs import BlobRecord, Blobs, read_sound

POSITIONS = frozenset(position.value for position in Position)
PARTS = POSITIONS | frozenset(SLAPS)
"""What a capture may be of: one position, or several fingers at once."""
WARNING_CODES = (*map(str, WarningCode), IDENTICAL_FILES)
"""Of single captures by the matcher, and of several together."""


Warnings = Mapping[str, Sequence[CaptureWarning]]
"""What was odd about captures that were used all the same, by position; an empty sequence where nothing was."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Captures to search or compare with: their templates, and what was odd about each."""

    templates: Sequence[Template]
    warnings: Warnings


def check_positions(captures: Sequence[SentCapture]) -> None:
    """Raise UnknownPosition or RepeatedPosition, naming the part."""
    seen: set[str] = set()
    for one in captures:
        if one.position not in PARTS:
            known = ", ".join([*Position, *SLAPS])
            raise UnknownPosition(f"{one.position!r} is no position; these are: {known}", one.position)
        if one.position in seen:
            raise RepeatedPosition(f"{one.position} was sent twice; send one capture per position", one.position)
        seen.add(one.position)


def one_per_position(
    captures: Sequence[SentCapture], missing: Collection[str], extractor: Extractor
) -> list[SentCapture]:
    """The captures, each slap cut into its fingers but for those `missing`.

    Raises CapturesRefused naming the slap, RepeatedPosition for a finger that came twice.
    """
    absent = [Position(name) for name in missing]
    single: list[SentCapture] = []
    for one in captures:
        if one.position not in SLAPS:
            single.append(one)
            continue
        try:
            cut = extractor.cut_slap(one.content, one.position, absent, one.dpi)
        except CaptureError as error:
            raise CapturesRefused([refusal(one.position, error)]) from None
        odd = to_warnings(cut.warnings)
        single += [
            SentCapture(position.value, content, liveness=one.liveness, warnings=odd)
            for position, content in cut.fingers
        ]
    check_positions(single)
    return single


def check_captures(captures: Sequence[SentCapture], extractor: Extractor) -> Warnings:
    """What is odd about each capture.

    Raises CapturesRefused with every one that can never be used, while the person is still at the counter.
    """
    refused = []
    warnings: dict[str, Sequence[CaptureWarning]] = {}
    for one in captures:
        try:
            found = extractor.check(Position(one.position), one.content, one.dpi)
        except CaptureError as error:
            refused.append(refusal(one.position, error))
        else:
            warnings[one.position] = (*one.warnings, *to_warnings(found))
    if refused:
        raise CapturesRefused(refused)
    return _with_repeated(warnings, captures)


def extract_all(sent: Sequence[SentCapture], extractor: Extractor) -> Probe:
    """The templates of captures that must all serve, at least one. Raises Refused, CapturesRefused."""
    check_positions(sent)
    if not sent:
        raise NothingToEnrol("send at least one capture", "captures")
    captures = one_per_position(sent, (), extractor)
    found = extractor.extract([Capture(Position(one.position), one.content, one.dpi) for one in captures])
    refused = [
        refusal(one.position, error)
        for one, error in zip(captures, found, strict=True)
        if isinstance(error, CaptureError)
    ]
    if refused:
        raise CapturesRefused(refused)
    templates = [one for one in found if isinstance(one, Template)]
    warnings = {
        one.position: (*one.warnings, *to_warnings(template.quality.warnings))
        for one, template in zip(captures, templates, strict=True)
    }
    return Probe(templates, _with_repeated(warnings, captures))


def repeated(contents: Mapping[str, Hashable]) -> list[tuple[str, ...]]:
    """The positions that were given the same content, two or more at a time. contents: by position."""
    places: defaultdict[Hashable, list[str]] = defaultdict(list)
    for position, content in contents.items():
        places[content].append(position)
    return [tuple(some) for some in places.values() if len(some) > 1]


def _with_repeated(warnings: Warnings, captures: Sequence[SentCapture]) -> Warnings:
    """The warnings, with one more at each position that was given the same file as another."""
    found = dict(warnings)
    for positions in repeated({one.position: one.content for one in captures}):
        for position in positions:
            others = ", ".join(one for one in positions if one != position)
            detail = f"the same file was given as {others}; capture each by itself"
            found[position] = (*found[position], CaptureWarning(IDENTICAL_FILES, detail))
    return found


def to_warnings(found: Iterable[MatcherWarning]) -> tuple[CaptureWarning, ...]:
    """The matcher's warnings as they are kept and answered."""
    return tuple(CaptureWarning(one.code.value, one.detail) for one in found)


def problem_code(error: CaptureError) -> str:
    """A capture error's stable code: NoFace is `no_face`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def refusal(position: str, error: CaptureError) -> CaptureRefused:
    return CaptureRefused(str(error), position, problem_code(error))


def to_capture(record: CaptureRecord, row: BlobRecord, blobs: Blobs) -> Capture:
    """What the matcher is given of a stored capture. row: of its bytes.

    Raises BlobMissing, BlobUnreadable, BlobAltered.
    """
    return Capture(Position(record.position), read_sound(blobs, row), record.dpi)


def to_record(template: Template, capture_key: int) -> TemplateRecord:
    return TemplateRecord(capture_key, template.position.value, template.model, template_to_bytes(template))
