"""Finding people over HTTP, as they were enrolled with real captures, on both kinds of database."""

import json
from collections.abc import Callable

from service.access.domain import AccessRole
from service.audit.domain.actions import Action
from service.bootstrap import App
from tests.service.api.counter import FIRST, SECOND, Client
from tests.service.audit.noted import entries_of

SEARCH = "/v1/persons/search"


def test_who_was_enrolled_is_found_and_the_search_is_noted_without_what_was_asked(jisr: App, counter: Client) -> None:
    names = [{"full": "Mohamed Ali Hassan"}, {"full": "Halima Djama", "kind": "mother"}]
    person = counter.enrol(FIRST, person={"names": names, "birth_year": 1980})["person_number"]
    other = counter.enrol(SECOND, person={"names": [{"full": "Fatouma Omar"}]})["person_number"]
    answer = counter.call("POST", SEARCH, json={"name": "محمد علي", "birth_year": 1982})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["found"]
    assert (found["person"]["number"], found["matched"]) == (person, ["name", "birth_year"])
    assert 0.85 < found["score"] < 1
    assert not answer.json()["more"]
    assert counter.call("POST", SEARCH, json={"number": other}).json()["found"][0]["score"] == 1
    first, second = entries_of(jisr.store.database, Action.PERSON_SEARCH)
    assert [json.loads(one.details) for one in (first, second)] == [
        {"by": ["name", "birth_year"], "shown": 1},
        {"by": ["number"], "shown": 1},
    ]
    assert found["person"]["id"] in str(first.people)


def test_what_cannot_be_searched_for_is_refused_by_field(
    counter: Client, client_as: Callable[[AccessRole], Client]
) -> None:
    for sent, field in (
        ({}, "name"),
        ({"birth_year": 1980}, "name"),
        ({"name": "?"}, "name"),
        ({"phone": "12"}, "phone"),
        ({"household": "M12"}, "household"),
        ({"name": "Ali", "limit": 51}, "limit"),
        ({"name": "Ali", "age": 3}, "age"),
    ):
        answer = counter.call("POST", SEARCH, json=sent)
        assert answer.status_code == 422, answer.text
        assert field in [one["field"] for one in answer.json()["errors"]]
    assert client_as(AccessRole.AUDITOR).call("POST", SEARCH, json={"name": "Ali"}).status_code == 403
