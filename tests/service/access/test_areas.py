"""Areas and the sites that lie in them, and who is bound to one; on both kinds of database."""

from datetime import timedelta

import pytest
from pyotp import TOTP

from service.access.domain import AccessRole
from service.access.domain.areas import SiteArea
from service.access.steps.opening import SessionLimits
from service.access.usecases.areas import assign_site, list_sites
from service.access.usecases.operators import activate_operator, create_operator
from service.access.usecases.sessions import Credentials, open_session, resume
from service.access.usecases.tokens import Bounds, create_token, sign_in
from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.made_up import TESTER

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def places(storage: SqlStorage) -> None:
    for site, area in {
        "Ali Sabieh 1": "SUD/ALI-SABIEH",
        "Ali Sabieh 2": " SUD / ALI-SABIEH ",
        "Dikhil 1": "SUD/DIKHIL",
        "Sud 1": "SUD",
        "Sudest 1": "SUDEST",
        "small": "sud",
        "moved": "NORD",
        "gone": "SUD",
    }.items():
        assign_site(site, area, actor=TESTER, storage=storage)
    assign_site("moved", "SUD", actor=TESTER, storage=storage)
    assign_site("gone", None, actor=TESTER, storage=storage)


def by_token(storage: SqlStorage, area: str, *, everyone: bool = False) -> Actor:
    bounds = Bounds(area=area)
    secret = create_token("t", AccessRole.AUDITOR, actor=TESTER, storage=storage, clock=Noon(), bounds=bounds)
    return sign_in(secret, channel="api", request_id="r1", storage=storage, clock=Noon(), sites_see_everyone=everyone)


@pytest.mark.parametrize(
    ("area", "sites"),
    [
        ("SUD", {"Ali Sabieh 1", "Ali Sabieh 2", "Dikhil 1", "Sud 1", "moved"}),
        ("SUD/ALI-SABIEH", {"Ali Sabieh 1", "Ali Sabieh 2"}),
        ("sud", {"small"}),
        ("SUD/ALI", set()),
        ("%", set()),
        ("NORD", set()),
    ],
)
def test_an_area_has_the_sites_that_lie_in_it_and_in_its_parts(storage: SqlStorage, area: str, sites: set[str]) -> None:
    actor = by_token(storage, area)
    assert actor.sites == actor.people_of == frozenset(sites)
    assert actor.place == f"area {area}"
    assert all(actor.reaches(one) for one in sites)
    assert not any(actor.reaches(one) for one in ("Sudest 1", "gone", "", None))


def test_the_setting_widens_people_alone(storage: SqlStorage) -> None:
    actor = by_token(storage, "SUD/DIKHIL", everyone=True)
    assert actor.sites == frozenset({"Dikhil 1"})
    assert actor.people_of is None


def test_an_operator_of_an_area_is_bound_to_it(storage: SqlStorage) -> None:
    code = create_operator(
        "Hawa", AccessRole.AUDITOR, None, actor=TESTER, storage=storage, clock=Noon(), area="SUD/DIKHIL"
    )
    secret = activate_operator("Hawa", code, PASSWORD, actor=TESTER, storage=storage, clock=Noon())
    sent, limits = (
        Credentials("Hawa", PASSWORD, TOTP(secret).at(Noon().now())),
        SessionLimits(*[timedelta(hours=1)] * 2),
    )
    opened = open_session(sent, actor=TESTER, storage=storage, clock=Noon(), limits=limits)
    actor = resume(opened.secret, channel="api", request_id="r1", storage=storage, clock=Noon(), limits=limits)
    assert actor.id == "operator:Hawa"
    assert actor.sites == actor.people_of == frozenset({"Dikhil 1"})


def test_sites_are_listed_by_area(storage: SqlStorage) -> None:
    found = list_sites(actor=TESTER, storage=storage)
    assert SiteArea("Ali Sabieh 2", "SUD/ALI-SABIEH") in found
    assert "gone" not in [one.site for one in found]
    assert len(found) == 7


@pytest.mark.parametrize("area", ["", "/SUD", "SUD/", "SUD//DIKHIL", "SUD/ /DIKHIL", "x" * 201])
def test_what_is_no_area_is_refused(storage: SqlStorage, area: str) -> None:
    with pytest.raises(MalformedRequest, match="area"):
        assign_site("a site", area, actor=TESTER, storage=storage)
    with pytest.raises(MalformedRequest, match="area"):
        by_token(storage, area)


def test_nobody_is_bound_to_a_site_and_an_area(storage: SqlStorage) -> None:
    bounds = Bounds("Dikhil 1", area="SUD")
    with pytest.raises(MalformedRequest, match="a site or an area"):
        create_token("t", AccessRole.AUDITOR, actor=TESTER, storage=storage, clock=Noon(), bounds=bounds)
    with pytest.raises(MalformedRequest, match="a site or an area"):
        create_operator("o", AccessRole.AUDITOR, "Dikhil 1", actor=TESTER, storage=storage, clock=Noon(), area="SUD")
