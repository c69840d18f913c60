"""A token bound to a site makes that site's enrolments, and of other sites it learns what it may know: a band."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.access.usecases.areas import assign_site
from service.access.usecases.tokens import Bounds, create_token
from service.bootstrap import App
from service.kit.ids import new_uuid
from service.web import create_web
from tests.service.api.counter import AGAIN, FIRST, SECOND, Client, enrolment, files
from tests.service.api.serving import with_settings
from tests.service.api.test_queries import ROUTES
from tests.service.made_up import TESTER

HERE, ELSEWHERE = "Djibouti-Ville", "Ali Sabieh"
NAME = "Zahra Elsewhere"

ClientAt = Callable[..., Client]


@pytest.fixture
def client_at(jisr: App, http: TestClient) -> ClientAt:
    def made(role: AccessRole, site: str | None, device: str | None = None, *, area: str | None = None) -> Client:
        store, name = jisr.store, f"a {role} {new_uuid()}"
        bounds = Bounds(site, device, area=area)
        secret = create_token(name, role, actor=TESTER, storage=store.storage, clock=store.clock, bounds=bounds)
        return Client(http, secret)

    return made


def person(name: str) -> dict[str, Any]:
    return {"names": [{"full": name}]}


@dataclass(frozen=True)
class There:
    """A person enrolled at another site, in a household of hers; and a case there, of who came a second time."""

    enrolled: dict[str, Any]
    again: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """What an answer to another site may not hold."""
        return [NAME, self.enrolled["person_number"], self.enrolled["household_id"], self.again["case"]]


@pytest.fixture
def there(client_at: ClientAt) -> There:
    counter, home = client_at(AccessRole.ENROLLER, ELSEWHERE), str(new_uuid())
    details = {"site": ELSEWHERE, "person": person(NAME)}
    first = counter.enrol(FIRST, **details, household={"id": home, "role": "head"})
    again = counter.enrol(AGAIN, **details)
    assert (first["status"], again["status"]) == ("enrolled", "in_review")
    return There(first, again)


def test_an_enrolment_states_the_site_and_device_its_token_is_bound_to(client_at: ClientAt) -> None:
    counter = client_at(AccessRole.ENROLLER, HERE, "counter-1")
    for field, changes in {
        "enrolment.site": {"site": ELSEWHERE, "device": "counter-1"},
        "enrolment.device": {"site": HERE, "device": "counter-2"},
    }.items():
        answer = counter.post_enrolment(enrolment(**changes), FIRST, wait=0)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert counter.post_enrolment(enrolment(site=HERE, device="counter-1"), FIRST, wait=0).status_code == 202


def test_what_another_site_enrolled_is_as_if_it_were_not_there(client_at: ClientAt, there: There) -> None:
    here, own = client_at(AccessRole.ENROLLER, HERE), client_at(AccessRole.ENROLLER, ELSEWHERE)
    unknown = {"/v1/persons/": "2345678901", "/v1/households/": "M1234567878", "/v1/enrolments/": str(new_uuid())}
    known = {
        "/v1/persons/": there.enrolled["person_number"],
        "/v1/households/": there.enrolled["household_id"],
        "/v1/enrolments/": there.enrolled["id"],
    }
    for path, name in known.items():
        assert own.call("GET", path + name).status_code == 200
        waiting = "?wait=5" if "enrolments" in path else ""
        hidden, missing = (here.call("GET", path + one + waiting) for one in (name, unknown[path]))
        assert hidden.status_code == missing.status_code == 404
        assert _but_names(hidden.json(), name) == _but_names(missing.json(), unknown[path])


def _but_names(answer: dict[str, Any], name: str) -> str:
    return json.dumps(answer | {"request_id": None}).replace(name, "…")


@pytest.fixture
def areas(jisr: App) -> None:
    """HERE lies in the south, ELSEWHERE in another area of it whose name begins alike."""
    for site, area in ((HERE, "SUD/ALI"), (ELSEWHERE, "SUD/ALI-SABIEH")):
        assign_site(site, area, actor=TESTER, storage=jisr.store.storage)


@pytest.mark.usefixtures("areas")
@pytest.mark.parametrize("role", AccessRole)
def test_no_page_shows_a_site_or_an_area_what_is_anothers(client_at: ClientAt, there: There, role: AccessRole) -> None:
    """Every page that reads, whatever it is asked for; of a role that is bound to no site some show it."""
    asked = {
        "{enrolment_id}": [there.enrolled["id"], there.again["id"]],
        "{number}": [there.enrolled["person_number"]],
        "{household_id}": [there.enrolled["household_id"]],
        "{case_id}": [there.again["case"]],
    }
    bound = [client_at(role, HERE), client_at(role, None, area="SUD/ALI"), client_at(role, None, area="NORD")]
    free, shown = client_at(role, None), False
    for route in ROUTES:
        variable = next((one for one in asked if one in route), None)
        for name in asked[variable] if variable else [""]:
            path = route.replace(variable, name) if variable else route
            for client in bound:
                answer = client.call("GET", path)
                text = answer.text.replace(path, "")  # the problem's instance
                if answer.status_code == 404:
                    text = text.replace(name, "")
                assert not [one for one in there.names if one in text], path
            shown |= any(one in free.call("GET", path).text.replace(path, "") for one in [NAME, *there.names[:1]])
    assert shown == (role not in (AccessRole.ADMINISTRATOR,))


def test_a_search_states_the_band_alone_of_who_was_enrolled_elsewhere(client_at: ClientAt, there: There) -> None:
    here, own = client_at(AccessRole.ENROLLER, HERE), client_at(AccessRole.ENROLLER, ELSEWHERE)
    full = own.call("POST", "/v1/identify", files=files(AGAIN)).json()
    bare = here.call("POST", "/v1/identify", files=files(AGAIN)).json()
    assert there.enrolled["person_number"] in [one["number"] for one in full["candidates"]]
    assert full["elsewhere"] == bare["candidates"] == []
    assert bare["band"] == full["band"]
    assert bare["elsewhere"] == [one["band"] for one in full["candidates"]]

    number = there.enrolled["person_number"].encode()
    full = own.call("POST", "/v1/verify", files=files(AGAIN, number=number)).json()
    bare = here.call("POST", "/v1/verify", files=files(AGAIN, number=number)).json()
    assert full["number"] == there.enrolled["person_number"]
    assert set(full["evidence"]) == {"face", "right_index"}
    unknown: dict[str, Any] = {"number": None, "log10_lr": None, "rarity": None, "hypothesis": None, "evidence": {}}
    assert bare == full | unknown


def test_a_comparison_of_nothing_states_only_to_the_own_site_what_was_enrolled(client_at: ClientAt) -> None:
    here, own = client_at(AccessRole.ENROLLER, HERE), client_at(AccessRole.ENROLLER, ELSEWHERE)
    face_alone = own.enrol({"face": "biden.jpg"}, site=ELSEWHERE)
    sent = files({"left_thumb": "p2_1.png"}, number=face_alone["person_number"].encode())
    for client, stated in ((own, True), (here, False)):
        answer = client.call("POST", "/v1/verify", files=sent)
        assert answer.status_code == 422
        assert ("was enrolled with face" in answer.text) == stated


def test_a_setting_lets_sites_see_everyone_but_not_their_enrolments(
    jisr: App, client_at: ClientAt, there: There
) -> None:
    token = client_at(AccessRole.ENROLLER, HERE).token
    with TestClient(create_web(with_settings(jisr, sites_see_everyone=True))) as http:
        here = Client(http, token)
        assert here.get(f"/v1/persons/{there.enrolled['person_number']}")["names"][0]["full"] == NAME
        home = here.get(f"/v1/households/{there.enrolled['household_id']}")
        assert home["members"][0]["number"] == there.enrolled["person_number"]
        found = here.call("POST", "/v1/identify", files=files(AGAIN)).json()
        assert there.enrolled["person_number"] in [one["number"] for one in found["candidates"]]
        assert here.call("GET", f"/v1/enrolments/{there.enrolled['id']}").status_code == 404


def test_who_was_enrolled_at_two_sites_is_seen_by_both(client_at: ClientAt, there: There) -> None:
    here, desk = client_at(AccessRole.ENROLLER, HERE), client_at(AccessRole.ADJUDICATOR, None)
    assert desk.decide(there.again["case"], "insufficient").status_code == 200
    came = here.enrol(AGAIN, site=HERE, person=person("Zahra Here"))
    number = there.enrolled["person_number"]
    assert here.call("GET", f"/v1/persons/{number}").status_code == 404
    case = desk.get(f"/v1/cases/{came['case']}")
    survivor = case["candidates"][0]["person"]["id"]
    assert desk.decide(came["case"], "same_person", survivor=survivor).status_code == 200
    assert here.get(f"/v1/persons/{number}")["number"] == number
    assert here.get(f"/v1/enrolments/{came['id']}")["person_number"] == number


def test_of_a_household_of_two_sites_each_sees_its_own_people(client_at: ClientAt, there: There) -> None:
    here = client_at(AccessRole.ENROLLER, HERE)
    home = there.enrolled["household_id"]
    came = here.enrol(SECOND, site=HERE, person=person("Moussa"), household={"id": home, "role": "spouse"})
    assert came["household_id"] == home
    head, spouse = here.get(f"/v1/households/{home}")["members"]
    assert (head["role"], head["number"], head["names"]) == ("head", None, [])
    assert (spouse["number"], spouse["names"][0]["full"]) == (came["person_number"], "Moussa")


def test_an_adjudicator_of_a_site_decides_what_came_there(client_at: ClientAt, there: There) -> None:
    here, own = client_at(AccessRole.ADJUDICATOR, HERE), client_at(AccessRole.ADJUDICATOR, ELSEWHERE)
    assert here.get("/v1/cases")["cases"] == here.get("/v1/enrolments")["enrolments"] == []
    assert [one["id"] for one in own.get("/v1/cases")["cases"]] == [there.again["case"]]
    assert len(own.get("/v1/enrolments")["enrolments"]) == 2
    after = there.enrolled["id"]
    assert here.call("GET", f"/v1/enrolments?after={after}").status_code == 404
    assert here.call("GET", f"/v1/cases?after={there.again['case']}").status_code == 404
    assert here.decide(there.again["case"], "distinct").status_code == 404
    assert own.decide(there.again["case"], "distinct").status_code == 200


# Areas


@pytest.mark.usefixtures("areas")
@pytest.mark.parametrize("area", ["SUD", "SUD/ALI-SABIEH"])
def test_who_is_bound_to_an_area_sees_what_its_sites_see(client_at: ClientAt, there: There, area: str) -> None:
    desk, own = client_at(AccessRole.ADJUDICATOR, None, area=area), client_at(AccessRole.ADJUDICATOR, ELSEWHERE)
    for page in ("cases", "enrolments"):
        assert desk.get(f"/v1/{page}")[page] == own.get(f"/v1/{page}")[page] != []
    number = there.enrolled["person_number"]
    assert desk.get(f"/v1/persons/{number}") == own.get(f"/v1/persons/{number}")
    found = desk.call("POST", "/v1/identify", files=files(AGAIN)).json()
    assert number in [one["number"] for one in found["candidates"]]
    assert desk.decide(there.again["case"], "distinct").status_code == 200


@pytest.mark.usefixtures("areas")
def test_a_counter_of_an_area_enrols_at_its_sites_alone(client_at: ClientAt) -> None:
    counter = client_at(AccessRole.ENROLLER, None, area="SUD/ALI")
    assert counter.post_enrolment(enrolment(site=HERE), FIRST, wait=0).status_code == 202
    refused = counter.post_enrolment(enrolment(site=ELSEWHERE), FIRST, wait=0)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/other-site")
    assert "area SUD/ALI" in refused.json()["detail"]


@pytest.mark.usefixtures("areas")
def test_a_site_that_moves_to_another_area_is_seen_from_there_at_once(
    jisr: App, client_at: ClientAt, there: There
) -> None:
    path = f"/v1/persons/{there.enrolled['person_number']}"
    before, after = (client_at(AccessRole.SOCIAL_WORKER, None, area=one) for one in ("SUD", "NORD"))
    assert [one.call("GET", path).status_code for one in (before, after)] == [200, 404]
    assign_site(ELSEWHERE, "NORD", actor=TESTER, storage=jisr.store.storage)
    assert [one.call("GET", path).status_code for one in (before, after)] == [404, 200]
    assign_site(ELSEWHERE, None, actor=TESTER, storage=jisr.store.storage)
    assert [one.call("GET", path).status_code for one in (before, after)] == [404, 404]
