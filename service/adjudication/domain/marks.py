"""Marks: what makes an enrolment suspect by itself, whomever it resembles."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.adjudication.domain.evidence import Candidate, Hypothesis
from service.enrolment.domain.enrolments import IDENTICAL_FILES

FACE = "face"
SAME_FINGER = "same_finger"
MIRRORED, RESOLUTION_DOUBTFUL = "mirrored", "resolution_doubtful"
DEVICE_FINDINGS, SENDER_FINDINGS, PERSON_FINDINGS = "device_findings", "sender_findings", "person_findings"


@dataclass(frozen=True, slots=True)
class MarkRule:
    """opens: whether the mark opens a case by itself, or is only shown with one. sentence: for people, in English."""

    opens: bool
    sentence: str


MARKS: Mapping[str, MarkRule] = {
    SAME_FINGER: MarkRule(True, "One finger was given at several positions."),
    IDENTICAL_FILES: MarkRule(True, "One file was given at several positions."),
    "slap_as_finger": MarkRule(True, "A picture of several fingers was given as one finger."),
    RESOLUTION_DOUBTFUL: MarkRule(False, "The resolution stated does not fit the prints."),
    "several_people": MarkRule(False, "The picture shows more than one person."),
    MIRRORED: MarkRule(False, "The prints match somebody as in a mirror."),
    "position_contradicted": MarkRule(False, "The file states another position than the client."),
    "dpi_contradicted": MarkRule(False, "The client, the file or the picture in it state different resolutions."),
    DEVICE_FINDINGS: MarkRule(False, "The device's enrolments show an unusual pattern; see the findings."),
    SENDER_FINDINGS: MarkRule(False, "The sender's enrolments show an unusual pattern; see the findings."),
    PERSON_FINDINGS: MarkRule(False, "One face came with different fingers in several enrolments; see the findings."),
}
"""By code: the reasons and warnings of captures that become marks, those that only a whole enrolment or the person it
resembles shows, and those that patterns over many enrolments add to open cases."""
SHOWN_BY = {Hypothesis.MIRRORED: MIRRORED, Hypothesis.OTHER_RESOLUTION: RESOLUTION_DOUBTFUL}
"""Hypotheses on the captures themselves, which are marks if they explain a candidate best."""


@dataclass(frozen=True, slots=True)
class Mark:
    """code: one of MARKS. positions: of the captures that it is about."""

    code: str
    positions: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return MARKS[self.code].sentence


def marks_of(stated: Mapping[str, Collection[str]], within: Iterable[Mark]) -> tuple[Mark, ...]:
    """All marks of an enrolment, in the order of MARKS.

    stated: the codes of reasons and warnings by position. within: the marks that comparing its captures with each other
    found; their codes are not read from `stated`, where they do not tell which positions belong together.
    """
    found = list(within)
    for code in MARKS.keys() - {SAME_FINGER, IDENTICAL_FILES}:
        positions = tuple(position for position, codes in stated.items() if code in codes)
        if positions:
            found.append(Mark(code, positions))
    return in_order(found)


def with_candidates(marks: Iterable[Mark], shown: Sequence[Candidate]) -> tuple[Mark, ...]:
    """With what the strongest candidate's hypothesis says of the captures. shown: strongest first."""
    found = {one.code: one for one in marks if one.code in SHOWN_BY.values()}
    others = [one for one in marks if one.code not in found]
    for one in shown[:1]:
        code = SHOWN_BY.get(one.hypothesis)
        if code is not None:
            before = found[code].positions if code in found else ()
            fingers = [position for position in one.evidence if position != FACE]
            found[code] = Mark(code, tuple(dict.fromkeys([*before, *fingers])))
    return in_order([*others, *found.values()])


def in_order(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """In the order of MARKS."""
    order = list(MARKS)
    return tuple(sorted(marks, key=lambda one: (order.index(one.code), one.positions)))


def open_a_case(marks: Iterable[Mark]) -> bool:
    """Whether one of these opens a case though no candidate does."""
    return any(MARKS[one.code].opens for one in marks)
