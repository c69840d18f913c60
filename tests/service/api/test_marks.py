"""Enrolments whose captures are suspect by themselves, over HTTP and on both kinds of database."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image

from service.adjudication.domain.evidence import Hypothesis
from service.bootstrap import App
from tests.captures import capture
from tests.data import evaluation_data
from tests.service.api.counter import FIRST, SECOND, Client, enrolment, files
from tests.service.api.test_bad_input import assert_problem
from tests.service.api.test_warnings import as_left_thumb, codes
from tests.service.made_up import slap_png

FOUR = ("right_index", "right_middle", "left_index", "left_middle")
ONE_FILE: Mapping[str, bytes | str] = dict.fromkeys(FOUR, "p1_1.png")
TWO_IMPRESSIONS: Mapping[str, bytes | str] = {"right_index": "p1_1.png", "right_middle": "p1_2.png"}


def marks(answer: dict[str, Any]) -> dict[str, list[list[str]]]:
    """The positions of each mark, sorted, by code."""
    found: dict[str, list[list[str]]] = {}
    for one in answer["marks"]:
        assert one["sentence"]
        found.setdefault(one["code"], []).append(sorted(one["positions"]))
    return found


def reasons(answer: dict[str, Any]) -> dict[str, set[str]]:
    return {one["position"]: {"same_finger", "identical_files"} & set(one["reasons"]) for one in answer["captures"]}


def test_one_file_at_four_positions_is_warned_of_at_once_and_opens_a_case_of_its_own(
    counter: Client, desk: Client, jisr: App
) -> None:
    part = enrolment()
    jisr.worker.stop()
    at_once = counter.post_enrolment(part, ONE_FILE, wait=0)
    assert at_once.status_code == 202
    assert codes(at_once.json()["captures"]) == {one: ["identical_files"] for one in FOUR}
    assert at_once.json()["marks"] == []
    jisr.worker.process()

    later = counter.get(at_once.json()["links"]["self"])
    expected = {"same_finger": [sorted(FOUR)], "identical_files": [sorted(FOUR)]}
    assert (later["status"], later["person_number"], later["candidates"]) == ("in_review", None, 0)
    assert marks(later) == expected
    assert reasons(later) == {one: {"same_finger", "identical_files"} for one in FOUR}
    case = desk.get(f"/v1/cases/{later['case']}")
    assert (case["status"], case["band"], case["origin"]) == ("open", "review", "enrolment")
    assert (case["candidates"], case["enrolment"]) == ([], part["id"])
    assert marks(case) == expected
    assert [one["id"] for one in desk.get("/v1/cases?status=open")["cases"]] == [case["id"]]


def test_two_impressions_of_one_finger_at_two_positions_open_a_case(counter: Client, desk: Client) -> None:
    found = counter.enrol({**TWO_IMPRESSIONS, "left_index": "p2_1.png", "face": SECOND["face"]})
    assert found["status"] == "in_review"
    assert marks(found) == {"same_finger": [["right_index", "right_middle"]]}
    assert {position for position, some in reasons(found).items() if some} == {"right_index", "right_middle"}
    assert not any(codes(found["captures"]).values())
    assert desk.get(f"/v1/cases/{found['case']}")["candidates"] == []


def test_different_fingers_open_none(counter: Client) -> None:
    found = counter.enrol({"right_index": "p1_1.png", "right_middle": "p2_1.png"})
    assert (found["status"], found["case"], found["marks"]) == ("enrolled", None, [])


def test_a_person_found_and_marks_are_one_case(counter: Client, desk: Client) -> None:
    first = counter.enrol(FIRST)
    found = counter.enrol({"face": "obama2.jpg", **TWO_IMPRESSIONS})
    (case,) = desk.get("/v1/cases?status=open")["cases"]
    assert (found["case"], found["candidates"]) == (case["id"], 1)
    (candidate,) = case["candidates"]
    assert candidate["person"]["number"] == first["person_number"]
    assert candidate["hypothesis"] in set(Hypothesis)
    assert candidate["rarity"] >= case["thresholds"]["review"]
    assert marks(case) == marks(found) == {"same_finger": [["right_index", "right_middle"]]}
    decided = desk.decide(case["id"], "same_person", survivor=candidate["person"]["id"])
    assert decided.status_code == 200
    assert marks(decided.json()) == marks(case)


def test_what_only_marks_is_shown_with_a_case_and_opens_none(counter: Client, desk: Client) -> None:
    alone = counter.enrol({"right_index": as_left_thumb()})
    assert (alone["status"], alone["marks"]) == ("enrolled", [])
    again = counter.enrol({"right_index": as_left_thumb()})
    expected = {"position_contradicted": [["right_index"]]}
    assert marks(again) == marks(desk.get(f"/v1/cases/{again['case']}")) == expected


@pytest.mark.parametrize(
    ("decision", "status"), [("distinct", "enrolled"), ("data_error", "unusable"), ("insufficient", "unusable")]
)
def test_a_case_without_candidates_is_decided_like_any(
    counter: Client, desk: Client, decision: str, status: str
) -> None:
    found = counter.enrol(TWO_IMPRESSIONS)
    subject = desk.get(f"/v1/cases/{found['case']}")["subject"]["id"]
    for survivor in ({}, {"survivor": subject}):
        refused = desk.decide(found["case"], "same_person", **survivor)
        assert_problem(refused, 422, "no-candidates", "decision")
        assert "resembles no one" in refused.text
    assert desk.get(f"/v1/cases/{found['case']}")["status"] == "open"
    assert desk.decide(found["case"], decision).status_code == 200
    now = counter.get(found["links"]["self"])
    assert now["status"] == status
    assert (now["person_number"] is None) == (decision != "distinct")


def test_who_is_under_review_for_marks_is_found_by_others_and_waits_for_both(counter: Client, desk: Client) -> None:
    marked = counter.enrol(TWO_IMPRESSIONS)
    later = counter.enrol({"right_index": "p1_2.png"})
    case = desk.get(f"/v1/cases/{later['case']}")
    assert [one["person"]["number"] for one in case["candidates"]] == [None]
    assert desk.decide(later["case"], "same_person", survivor=case["subject"]["id"]).status_code == 200
    assert counter.get(later["links"]["self"])["status"] == "in_review"
    assert desk.decide(marked["case"], "distinct").status_code == 200
    first, second = (counter.get(one["links"]["self"]) for one in (marked, later))
    assert first["status"] == second["status"] == "enrolled"
    assert first["person_number"] == second["person_number"] is not None


def test_searches_are_answered_with_the_warning(counter: Client) -> None:
    number = counter.enrol(FIRST)["person_number"].encode()
    expected = {"right_index": ["identical_files"], "right_middle": ["identical_files"], "left_index": []}
    sent = files({"right_index": "p1_1.png", "right_middle": "p1_1.png", "left_index": "p2_1.png"})
    identified = counter.call("POST", "/v1/identify", files=sent).json()
    verified = counter.call("POST", "/v1/verify", files=[*sent, *files({}, number=number)]).json()
    assert codes(identified["captures"]) == codes(verified["captures"]) == expected
    (found,) = identified["candidates"]
    assert found["rarity"] >= identified["thresholds"]["review"]
    assert {found["hypothesis"], verified["hypothesis"]} <= set(Hypothesis)
    assert verified["rarity"] >= verified["thresholds"]["review"]


def test_a_file_that_was_written_again_is_the_same_finger_and_not_the_same_file(counter: Client) -> None:
    out = io.BytesIO()
    with Image.open(io.BytesIO(capture("p1_1.png"))) as opened:
        opened.save(out, "BMP", dpi=(500, 500))
    found = counter.enrol({"right_index": "p1_1.png", "left_thumb": out.getvalue()})
    assert marks(found) == {"same_finger": [["left_thumb", "right_index"]]}


@pytest.mark.slow
def test_four_impressions_of_one_finger_as_four_fingers_open_a_case(counter: Client, desk: Client) -> None:
    folder = evaluation_data("fingerprints/FVC2002_DB1_B")
    shots: dict[str, bytes | str] = {at: (folder / f"101_{n}.png").read_bytes() for n, at in enumerate(FOUR, 1)}
    found = counter.enrol(shots)
    assert found["status"] == "in_review"
    assert marks(found) == {"same_finger": [sorted(FOUR)]}
    assert desk.get(f"/v1/cases/{found['case']}")["candidates"] == []


@pytest.mark.slow
def test_one_slap_given_as_both_hands_is_noticed_by_its_fingers(counter: Client) -> None:
    sent = slap_png([1, 2, 3, 4])
    found = counter.enrol({"plain_right_four": sent, "plain_left_four": sent})
    pairs = [["left_little", "right_index"], ["left_ring", "right_middle"]]
    pairs += [["left_middle", "right_ring"], ["left_index", "right_little"]]
    assert sorted(marks(found)["identical_files"]) == sorted(pairs)
    assert sorted(marks(found)["same_finger"]) == sorted(pairs)


def changed(name: str, *, mirrored: bool = False, dpi: int = 500) -> bytes:
    """A capture as in a mirror, or with another resolution stated."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(capture(name))) as opened:
        picture = opened.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else opened
        picture.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


@pytest.mark.parametrize(
    ("code", "hypothesis"), [("mirrored", "mirrored"), ("resolution_doubtful", "other_resolution")]
)
def test_mirrored_prints_and_other_resolutions_open_a_case_that_says_so(
    counter: Client, desk: Client, code: str, hypothesis: str
) -> None:
    first = counter.enrol({"right_index": "p1_1.png"})
    again = changed("p1_2.png", mirrored=True) if code == "mirrored" else changed("p1_2.png", dpi=300)
    found = counter.enrol({"right_index": again})
    assert found["status"] == "in_review"
    assert marks(found) == {code: [["right_index"]]}
    (candidate,) = desk.get(f"/v1/cases/{found['case']}")["candidates"]
    assert (candidate["person"]["number"], candidate["hypothesis"]) == (first["person_number"], hypothesis)
    assert candidate["evidence"]["right_index"]["scale"] == (None if code == "mirrored" else 0.6)


def test_a_slap_given_as_one_finger_opens_a_case_of_its_own(counter: Client) -> None:
    found = counter.enrol({"right_index": slap_png([1, 2, 3, 4])})
    assert (found["status"], found["candidates"]) == ("in_review", 0)
    assert marks(found)["slap_as_finger"] == [["right_index"]]
