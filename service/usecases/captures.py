"""Captures on their way between a client, the disk and the matcher."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from matcher import SLAPS, Candidate, Capture, CaptureError, Position, Quality, Template
from service.domain.decision import PositionEvidence, Suspect
from service.domain.enrolments import CaptureRecord, Liveness
from service.domain.errors import CaptureRefused, CapturesRefused, RepeatedPosition, UnknownPosition
from service.ports import Blobs, Engine

POSITIONS = frozenset(position.value for position in Position)
PARTS = POSITIONS | frozenset(SLAPS)
"""What a capture may be of: one position, or several fingers at once."""


@dataclass(frozen=True, slots=True)
class SentCapture:
    """One file of a request, under the name the client gave its part.

    dpi: the client's word, over the header's. liveness: what the capture device says.
    """

    position: str
    content: bytes
    dpi: float | None = None
    liveness: Liveness | None = None


def check_positions(captures: Sequence[SentCapture]) -> None:
    """Raise UnknownPosition or RepeatedPosition, naming the part."""
    seen: set[str] = set()
    for one in captures:
        if one.position not in PARTS:
            known = ", ".join([*Position, *SLAPS])
            raise UnknownPosition(f"{one.position!r} is no position; these are: {known}", one.position)
        if one.position in seen:
            raise RepeatedPosition(f"{one.position} was sent twice; send one capture a position", one.position)
        seen.add(one.position)


def one_a_position(captures: Sequence[SentCapture], missing: Collection[str], engine: Engine) -> list[SentCapture]:
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
            fingers = engine.cut_slap(one.content, one.position, absent, one.dpi)
        except CaptureError as error:
            raise CapturesRefused([refusal(one.position, error)]) from None
        single += [SentCapture(position.value, content, liveness=one.liveness) for position, content in fingers]
    check_positions(single)
    return single


def check_captures(captures: Sequence[SentCapture], engine: Engine) -> None:
    """Raise CapturesRefused with every capture that can never be used, while the person is still at the counter."""
    refused = []
    for one in captures:
        try:
            engine.check(Position(one.position), one.content, one.dpi)
        except CaptureError as error:
            refused.append(refusal(one.position, error))
    if refused:
        raise CapturesRefused(refused)


def extract_all(sent_captures: Sequence[SentCapture], engine: Engine) -> list[Template]:
    """The templates of captures that must all serve. Raises CapturesRefused."""
    captures = one_a_position(sent_captures, (), engine)
    found = engine.extract([Capture(Position(one.position), one.content, one.dpi) for one in captures])
    refused = [
        refusal(sent.position, error)
        for sent, error in zip(captures, found, strict=True)
        if isinstance(error, CaptureError)
    ]
    if refused:
        raise CapturesRefused(refused)
    return [one for one in found if isinstance(one, Template)]


def judge_capture(sent: SentCapture, engine: Engine) -> Quality:
    """How well one capture would serve; nothing is kept. Raises UnknownPosition or CapturesRefused."""
    if sent.position not in POSITIONS:
        raise UnknownPosition(f"{sent.position!r} is not one position", sent.position)
    try:
        return engine.quality(Capture(Position(sent.position), sent.content, sent.dpi))
    except CaptureError as error:
        raise CapturesRefused([refusal(sent.position, error)]) from None


def problem_code(error: CaptureError) -> str:
    """A capture error's stable code: NoFace is `no_face`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def refusal(position: str, error: CaptureError) -> CaptureRefused:
    return CaptureRefused(str(error), position, problem_code(error))


def to_capture(record: CaptureRecord, blobs: Blobs) -> Capture:
    return Capture(Position(record.position), blobs.get(record.blob), record.dpi)


def search(templates: Sequence[Template], engine: Engine, limit: int, *, any_finger: bool = False) -> list[Suspect]:
    """Everybody the search thinks worth a look, as the domain speaks of them. any_finger: as the engine's."""
    if not templates:
        return []
    return [to_suspect(found) for found in engine.search(templates, limit, any_finger=any_finger)]


def to_suspect(found: Candidate) -> Suspect:
    evidence = {
        position.value: PositionEvidence(one.score, one.log10_lr, one.found_at and one.found_at.value)
        for position, one in found.evidence.items()
    }
    return Suspect(found.key, found.log10_lr, evidence)
