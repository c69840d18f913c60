"""From captures to a household ID, and what happens when a person comes again."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

from service.bootstrap import App
from tests.service.api.counter import AGAIN, FIRST, SECOND, Client, enrolment, files


def home(role: str, household: str) -> dict[str, str]:
    return {"id": household, "role": role}


def test_two_members_share_one_household_id(counter: Client) -> None:
    family = str(uuid.uuid4())
    first = counter.enrol(FIRST, household=home("head", family))
    second = counter.enrol(SECOND, household=home("spouse", family))

    assert first["status"] == second["status"] == "enrolled"
    assert re.fullmatch(r"M\d{10}", first["household_id"])
    assert second["household_id"] == first["household_id"]
    assert first["person_number"] != second["person_number"]
    assert all(one["quality"] > 0 and one["problem"] is None for one in first["captures"])

    household = counter.get(first["links"]["household"])
    assert household == counter.get(f"/v1/households/{family}")
    assert [(one["number"], one["role"]) for one in household["members"]] == [
        (first["person_number"], "head"),
        (second["person_number"], "spouse"),
    ]
    person = counter.get(first["links"]["person"])
    assert (person["number"], person["household_id"], person["household_role"]) == (
        first["person_number"],
        first["household_id"],
        "head",
    )
    assert person["names"] == [{"script": "Latn", "full": "Amina Hassan", "kind": "full"}]


def test_a_member_joins_by_the_household_id(counter: Client) -> None:
    first = counter.enrol(FIRST, household=home("head", str(uuid.uuid4())))
    second = counter.enrol(SECOND, household=home("spouse", first["household_id"]))
    assert second["household_id"] == first["household_id"]


def test_a_person_who_comes_again_is_caught_and_gets_no_second_number(counter: Client, desk: Client) -> None:
    first = counter.enrol(FIRST, household=home("head", str(uuid.uuid4())))
    again = counter.enrol(AGAIN, household=home("head", str(uuid.uuid4())))

    assert again["status"] == "in_review"
    assert again["person_number"] is None
    assert again["household_id"] is None
    (case,) = desk.get("/v1/cases?status=open")["cases"]
    assert case["id"] == again["case"]
    assert case["band"] == "duplicate"
    assert [one["person"]["number"] for one in case["candidates"]] == [first["person_number"]]
    evidence = case["candidates"][0]["evidence"]
    assert set(evidence) == {"face", "right_index"}
    assert all(one["log10_lr"] > 0 for one in evidence.values())


def test_a_household_claimed_twice_by_one_person_stays_one(counter: Client, desk: Client) -> None:
    first = counter.enrol(FIRST, household=home("head", str(uuid.uuid4())))
    elsewhere = str(uuid.uuid4())
    again = counter.enrol(AGAIN, household=home("head", elsewhere))
    case = desk.get(f"/v1/cases/{again['case']}")

    survivor = case["candidates"][0]["person"]["id"]
    answer = desk.decide(case["id"], "same_person", survivor=survivor)
    assert answer.status_code == 200, answer.text
    assert answer.json()["decision"]["survivor"] == survivor

    settled = counter.get(again["links"]["self"])
    assert settled["status"] == "enrolled"
    assert settled["person_number"] == first["person_number"]
    assert settled["household_id"] == first["household_id"]
    assert counter.get(f"/v1/households/{elsewhere}")["id"] == first["household_id"]
    assert len(counter.get(first["links"]["household"])["members"]) == 1


def test_a_third_visit_is_found_by_either_capture_set(counter: Client, desk: Client, jisr: App) -> None:
    """After a merge the subject's captures are further references of the survivor."""
    counter.enrol(FIRST)
    again = counter.enrol({"face": "obama2.jpg"})
    case = desk.get(f"/v1/cases/{again['case']}")
    desk.decide(case["id"], "same_person", survivor=case["candidates"][0]["person"]["id"])
    third = counter.enrol({"face": "obama3.jpg"})
    assert third["status"] == "in_review"
    assert len(jisr.replica.index) == 2


def test_the_subject_can_be_the_survivor_and_the_old_number_leads_to_the_new(counter: Client, desk: Client) -> None:
    first = counter.enrol(FIRST, household=home("head", str(uuid.uuid4())))
    again = counter.enrol(AGAIN)
    case = desk.get(f"/v1/cases/{again['case']}")
    answer = desk.decide(case["id"], "same_person", survivor=case["subject"]["id"])
    assert answer.status_code == 200, answer.text

    settled = counter.get(again["links"]["self"])
    assert settled["status"] == "enrolled"
    assert settled["person_number"] != first["person_number"]
    assert settled["household_id"] == first["household_id"]
    old = counter.get(f"/v1/persons/{first['person_number']}")
    assert old["number"] == settled["person_number"]
    assert old["asked_for"] == first["person_number"]
    assert old["aliases"] == [first["person_number"]]


def test_distinct_gives_the_subject_a_number_and_completes_the_household(counter: Client, desk: Client) -> None:
    first = counter.enrol(FIRST, household=home("head", str(uuid.uuid4())))
    again = counter.enrol(AGAIN, household=home("head", str(uuid.uuid4())))
    assert desk.decide(again["case"], "distinct").status_code == 200
    settled = counter.get(again["links"]["self"])
    assert settled["status"] == "enrolled"
    assert settled["person_number"] not in (None, first["person_number"])
    assert settled["household_id"] not in (None, first["household_id"])


def test_wrong_captures_leave_the_gallery(counter: Client, desk: Client, jisr: App) -> None:
    counter.enrol(FIRST)
    for decision in ("data_error", "insufficient"):
        again = counter.enrol(AGAIN, household=home("head", str(uuid.uuid4())))
        assert desk.decide(again["case"], decision).status_code == 200
        settled = counter.get(again["links"]["self"])
        assert (settled["status"], settled["reason"]) == ("unusable", decision)
        assert settled["person_number"] is None
    counter.enrol(SECOND)
    assert len(jisr.replica.index) == 2


def test_a_case_is_decided_once(counter: Client, desk: Client) -> None:
    counter.enrol(FIRST)
    again = counter.enrol(AGAIN)
    assert desk.decide(again["case"], "distinct").status_code == 200
    refused = desk.decide(again["case"], "data_error")
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/case-closed"
    assert counter.get(again["links"]["self"])["status"] == "enrolled"


def test_two_subjects_who_are_one_person_end_as_one(counter: Client, desk: Client) -> None:
    """The second comes while the first is still under review; settling both leaves one person with one number."""
    first = counter.enrol(FIRST)
    again = counter.enrol(AGAIN)
    third = counter.enrol({"face": "obama3.jpg"})
    assert again["status"] == third["status"] == "in_review"

    case = desk.get(f"/v1/cases/{third['case']}")
    pending = next(one["person"]["id"] for one in case["candidates"] if one["person"]["number"] is None)
    desk.decide(third["case"], "same_person", survivor=pending)
    assert counter.get(third["links"]["self"])["status"] == "in_review"

    case = desk.get(f"/v1/cases/{again['case']}")
    desk.decide(again["case"], "same_person", survivor=case["candidates"][0]["person"]["id"])
    for one in (again, third):
        settled = counter.get(one["links"]["self"])
        assert (settled["status"], settled["person_number"]) == ("enrolled", first["person_number"])


def test_taking_captures_back_leaves_those_merged_before_with_an_outcome(counter: Client, desk: Client) -> None:
    """A person was merged into a subject whose own captures then turn out to be wrong."""
    first = counter.enrol(FIRST)
    again, third = counter.enrol(AGAIN), counter.enrol({"face": "obama3.jpg"})
    pending = desk.get(f"/v1/cases/{again['case']}")["subject"]["id"]
    assert desk.decide(third["case"], "same_person", survivor=pending).status_code == 200
    assert desk.decide(again["case"], "data_error").status_code == 200

    assert counter.get(again["links"]["self"])["status"] == "unusable"
    settled = counter.get(third["links"]["self"])
    assert settled["status"] == "enrolled"
    assert settled["person_number"] not in (None, first["person_number"])


def test_a_number_never_leads_to_a_person_without_one(counter: Client, desk: Client) -> None:
    first = counter.enrol(FIRST)
    again, third = counter.enrol(AGAIN), counter.enrol({"face": "obama3.jpg"})
    case = desk.get(f"/v1/cases/{third['case']}")
    people = [one["person"]["id"] for one in case["candidates"]]
    pending = desk.get(f"/v1/cases/{again['case']}")["subject"]["id"]
    refused = desk.decide(third["case"], "same_person", survivor=pending, merged=people)
    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/unknown-survivor"
    assert counter.get(f"/v1/persons/{first['person_number']}")["status"] == "active"


def test_the_same_post_twice_at_once_is_one_enrolment(counter: Client, jisr: App) -> None:
    part = enrolment()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: counter.post_enrolment(part, FIRST), range(4)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["person_number"] for answer in answers}) == 1
    with jisr.store.storage.read() as uow:
        assert sum(uow.enrolments.count_by_status().values()) == 1


def test_the_same_person_posted_twice_at_once_is_one_person_and_one_case(counter: Client, desk: Client) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(counter.enrol, (FIRST, AGAIN)))
    assert sorted(one["status"] for one in outcomes) == ["enrolled", "in_review"]
    assert len(desk.get("/v1/cases")["cases"]) == 1


def test_a_repeated_post_is_answered_as_the_first_was(counter: Client, desk: Client) -> None:
    part = enrolment()
    first = counter.post_enrolment(part, FIRST)
    second = counter.post_enrolment(part, FIRST)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert desk.get("/v1/cases")["cases"] == []


def test_the_same_uuid_with_other_content_is_a_conflict(counter: Client) -> None:
    part = enrolment()
    counter.post_enrolment(part, FIRST)
    for other, captures in ((part, SECOND), (part | {"site": "elsewhere"}, FIRST)):
        refused = counter.post_enrolment(other, captures)
        assert refused.status_code == 409
        assert refused.json()["type"] == "/problems/enrolment-differs"


def test_no_one_is_kept_out_for_want_of_fingers(counter: Client) -> None:
    exceptions = [{"position": "face", "reason": "refused"}, {"position": "right_thumb", "reason": "amputated"}]
    outcome = counter.enrol({}, exceptions=exceptions)
    assert outcome["status"] == "enrolled"
    assert outcome["person_number"]
    assert outcome["household_id"] is None
    assert outcome["exceptions"] == exceptions


def test_without_waiting_the_answer_comes_at_once_and_the_outcome_later(counter: Client) -> None:
    answer = counter.post_enrolment(enrolment(), FIRST, wait=0)
    assert answer.status_code == 202
    assert answer.json()["status"] in ("received", "processing", "enrolled")
    later = counter.call("GET", answer.headers["Location"], params={"wait": 60}).json()
    assert later["status"] == "enrolled"


def test_the_client_may_state_the_resolution(counter: Client) -> None:
    outcome = counter.enrol(FIRST, captures={"right_index": {"dpi": 500}})
    assert outcome["status"] == "enrolled"


def test_the_device_s_liveness_evidence_reaches_the_operator(counter: Client, desk: Client) -> None:
    stated = {"score": 0.93, "vendor": "Example Optics", "level": "iBeta level 2"}
    counter.enrol(FIRST)
    again = counter.enrol(AGAIN, captures={"face": {"liveness": stated}})
    shown = {one["position"]: one["liveness"] for one in desk.get(f"/v1/cases/{again['case']}")["captures"]}
    assert shown == {"face": stated, "right_index": None}


def test_identify_and_verify_report_the_evidence_and_keep_nothing(counter: Client, jisr: App) -> None:
    first = counter.enrol(FIRST)
    counter.enrol(SECOND)
    found = counter.call("POST", "/v1/identify", files=files(AGAIN)).json()
    assert found["band"] == "duplicate"
    assert found["gallery_size"] == 2
    assert found["candidates"][0]["number"] == first["person_number"]
    assert set(found["candidates"][0]["evidence"]) == {"face", "right_index"}

    yes = counter.call("POST", "/v1/verify", files=files(AGAIN, number=first["person_number"].encode())).json()
    no = counter.call("POST", "/v1/verify", files=files(SECOND, number=first["person_number"].encode())).json()
    assert yes["band"] == "duplicate"
    assert no["band"] == "unique"
    assert yes["log10_lr"] > 4 > 0 > no["log10_lr"]
    assert len(jisr.replica.index) == 2


def test_a_finger_under_another_name_is_found_at_its_own(counter: Client) -> None:
    first = counter.enrol(FIRST)
    counter.enrol(SECOND)
    sent = {"left_thumb": AGAIN["right_index"]}
    for path in ("/v1/identify", "/v1/identify?hypotheses=any_position"):
        (found,) = counter.call("POST", path, files=files(sent)).json()["candidates"]
        assert (found["number"], found["hypothesis"]) == (first["person_number"], "any_position")
        assert found["evidence"]["left_thumb"]["found_at"] == "right_index"


def test_stopping_and_starting_again_forgets_no_one(counter: Client, jisr: App) -> None:
    counter.enrol(FIRST)
    jisr.replica.snapshot(jisr.store.storage)
    counter.enrol(SECOND)
    jisr.replica.index.clear()
    jisr.replica.start(jisr.store.storage)  # one person from the snapshot, one from the log
    assert len(jisr.replica.index) == 2
    assert counter.enrol(AGAIN)["status"] == "in_review"


def test_a_household_shows_that_its_head_was_merged_away(counter: Client, desk: Client) -> None:
    family = str(uuid.uuid4())
    counter.enrol(FIRST, household=home("head", family))
    again = counter.enrol(AGAIN, household=home("head", str(uuid.uuid4())))
    counter.enrol(SECOND, household=home("child", family))
    case = desk.get(again["links"]["case"])
    subject = case["subject"]["id"]
    assert desk.decide(case["id"], "same_person", survivor=subject).status_code == 200
    household = counter.get(f"/v1/households/{family}")
    assert [one["role"] for one in household["members"]] == ["child"]
    assert [one["kind"] for one in household["tasks"]] == ["head_missing"]


def test_what_somebody_has_to_see_to_is_listed_in_pages(counter: Client, desk: Client, jisr: App) -> None:
    jisr.worker.stop()
    ids = []
    for shots in (FIRST, SECOND, FIRST):
        answer = counter.post_enrolment(enrolment(), shots, wait=0)
        ids.append(answer.json()["id"])
    for one in ids[:2]:
        (face,) = (jisr.store.blobs.root / one).glob("*face")
        face.unlink()
    assert jisr.worker.process() == 3
    pages, link = [], "/v1/enrolments?status=unusable&reason=capture_missing&limit=1"
    while link:
        page = desk.get(link)
        pages.append([(one["id"], one["reason"]) for one in page["enrolments"]])
        link = page["next"]
    assert pages == [[(ids[0], "capture_missing")], [(ids[1], "capture_missing")], []]
    assert [one["status"] for one in desk.get("/v1/enrolments")["enrolments"]] == ["unusable", "unusable", "enrolled"]


def test_names_of_every_kind_are_kept_and_shown(counter: Client, desk: Client) -> None:
    names = [
        {"script": "Latn", "full": "Amina", "kind": "given"},
        {"script": "Latn", "full": "Hassan", "kind": "family"},
        {"script": "Arab", "full": "أمينة حسن", "kind": "full"},
        {"script": "Latn", "full": "Hassan Ali", "kind": "father"},
        {"script": "Latn", "full": "Khadija Omar", "kind": "mother"},
    ]
    number = counter.enrol(FIRST, person={"names": names})["person_number"]
    assert desk.call("GET", f"/v1/persons/{number}").json()["names"] == names


def test_a_hijri_birth_and_a_person_without_a_name(counter: Client, desk: Client) -> None:
    number = counter.enrol(FIRST, person={"no_name": "found_child", "birth_hijri": "1446-01-01"})["person_number"]
    person = desk.call("GET", f"/v1/persons/{number}").json()
    assert (person["names"], person["no_name"]) == ([], "found_child")
    assert (person["birth_date"], person["birth_hijri"], person["birth_year"]) == ("2024-07-07", "1446-01-01", None)
