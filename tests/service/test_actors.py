"""Every use case is told who acts."""

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import service
from service.kit.actor import Actor

EXEMPT = {
    "service.access.usecases.tokens.sign_in": "finds out who acts",
    "service.access.usecases.sessions.resume": "finds out who acts",
    "service.access.usecases.openid.begin_openid": "nobody is known yet",
    "service.access.usecases.openid.returned": "opens a ticket of one who is not known yet",
    "service.access.usecases.passkeys.begin_sign_in": "nobody is known yet",
    "service.access.usecases.passkeys.begin_passkey": "finds out who acts, by the session",
    "service.registry.usecases.look_up.checked_household": "a pure check of a text",
    "service.deduplication.usecases.export_pairs.require_ending": "a pure check of a file's name",
}
"""Public functions beside use cases that take no actor, and why."""
ROOT = Path(service.__file__).parents[1]


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions and methods, by their full name."""
    for path in sorted(ROOT.glob("service/*/usecases/*.py")):
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        classes = [one for name, one in inspect.getmembers(module, inspect.isclass) if not name.startswith("_")]
        for owner in (module, *classes):
            for name, one in vars(owner).items():
                if inspect.isfunction(one) and one.__module__ == module.__name__ and not name.startswith("_"):
                    yield f"{module.__name__}.{one.__qualname__}", one


FUNCTIONS = dict(public_functions())


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - EXEMPT.keys()))
def test_a_use_case_takes_an_actor_by_keyword(name: str) -> None:
    actor = inspect.signature(FUNCTIONS[name]).parameters.get("actor")
    assert actor is not None
    assert actor.kind is inspect.Parameter.KEYWORD_ONLY
    assert actor.default is inspect.Parameter.empty
    assert get_type_hints(FUNCTIONS[name])["actor"] is Actor


def test_the_walk_finds_use_cases_of_every_kind_and_every_exception() -> None:
    found = {
        "service.enrolment.usecases.receive.receive_enrolment",
        "service.deduplication.usecases.search_all.walk_on",
        "service.deduplication.usecases.process.Processor.process_waiting",
    }
    assert found | EXEMPT.keys() <= FUNCTIONS.keys()
    for name in EXEMPT:
        assert "actor" not in inspect.signature(FUNCTIONS[name]).parameters
