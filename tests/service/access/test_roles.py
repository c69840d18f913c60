"""What each role may do, and what becomes of roles that older versions knew."""

from sqlalchemy import text

from service.access.domain import AccessRole, Permission, roles_with
from service.access.domain.roles import APART, PERMISSIONS
from service.access.usecases.tokens import list_tokens
from tests.service.made_up import TESTER, storage_of
from tests.service.storage.test_schema import upgraded


def test_no_role_does_what_another_must_check() -> None:
    assert list(PERMISSIONS) == [*AccessRole]
    for permissions in PERMISSIONS.values():
        assert not any(both <= permissions for both in APART)
    assert {Permission.DECIDE_CASES, Permission.AUDIT} in APART


def test_every_permission_is_a_roles() -> None:
    assert all(roles_with(one) for one in Permission)


def test_an_admin_of_before_is_an_administrator(database_url: str) -> None:
    engine = upgraded(database_url, "0008")
    columns = "name, role, sha256, created_at"
    with engine.begin() as connection:
        for role in ("admin", "adjudicator"):
            row = f"('a {role}', '{role}', '{role:0<64}', '2026-01-15 00:00:00')"
            connection.execute(text(f"INSERT INTO token ({columns}) VALUES {row}"))
    tokens = list_tokens(actor=TESTER, storage=storage_of(engine))
    assert [one.role for one in tokens] == [AccessRole.ADMINISTRATOR, AccessRole.ADJUDICATOR]
    assert [(one.site, one.device, one.expires_at, one.last_used_at) for one in tokens] == [(None,) * 4] * 2
    engine.dispose()
