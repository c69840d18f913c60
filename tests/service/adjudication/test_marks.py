"""Which codes become marks, and which of them open a case."""

from dataclasses import replace

import pytest

from matcher import WarningCode
from service.adjudication.domain.evidence import Candidate, Hypothesis, PositionEvidence
from service.adjudication.domain.marks import MARKS, Mark, marks_of, open_a_case, with_candidates

OPENING = {"same_finger", "identical_files", "slap_as_finger"}


@pytest.mark.parametrize("code", MARKS)
def test_only_what_no_honest_capture_shows_opens_a_case(code: str) -> None:
    mark = Mark(code, ("face",))
    assert open_a_case([mark]) == (code in OPENING)
    assert mark.sentence.endswith(".")


def test_no_mark_opens_no_case() -> None:
    assert not open_a_case([])


def test_codes_of_captures_become_marks_with_the_positions_they_are_stated_of() -> None:
    stated = {
        "face": {"several_people", "too_dark"},
        "right_index": {"mirrored", "dpi_contradicted"},
        "left_index": {"mirrored"},
    }
    assert marks_of(stated, []) == (
        Mark("several_people", ("face",)),
        Mark("mirrored", ("right_index", "left_index")),
        Mark("dpi_contradicted", ("right_index",)),
    )
    assert marks_of({"face": {"too_dark"}}, []) == ()


def test_what_was_found_within_is_kept_by_group_and_comes_first() -> None:
    within = [Mark("identical_files", ("a", "b")), Mark("same_finger", ("c", "d")), Mark("same_finger", ("a", "b"))]
    stated = {one: {"same_finger", "identical_files", "mirrored"} for one in "ab"}
    found = [(one.code, one.positions) for one in marks_of(stated, within)]
    assert found == [
        ("same_finger", ("a", "b")),
        ("same_finger", ("c", "d")),
        ("identical_files", ("a", "b")),
        ("mirrored", ("a", "b")),
    ]


def test_warnings_of_captures_that_are_marks_exist() -> None:
    assert {"position_contradicted", "dpi_contradicted"} <= set(WarningCode) & MARKS.keys()


def test_what_explains_the_strongest_candidate_is_a_mark_of_its_fingers() -> None:
    evidence = {one: PositionEvidence(0.2, 3.0) for one in ("face", "right_thumb", "right_index")}
    mirrored = Candidate(1, 9.0, 9.0, Hypothesis.MIRRORED, evidence)
    scaled = Candidate(2, 8.0, 8.0, Hypothesis.OTHER_RESOLUTION, evidence)
    before = (Mark("resolution_doubtful", ("left_thumb",)), Mark("several_people", ("face",)))
    fingers = ("right_thumb", "right_index")
    assert with_candidates(before, []) == before
    assert with_candidates(before, [mirrored, scaled]) == (*before, Mark("mirrored", fingers))
    assert with_candidates(before, [scaled]) == (Mark("resolution_doubtful", ("left_thumb", *fingers)), before[1])
    assert with_candidates(before, [replace(scaled, hypothesis=Hypothesis.AS_STATED)]) == before
