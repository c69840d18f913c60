"""Which area each site lies in. Who is bound to an area sees what its sites see."""

from collections.abc import Sequence

from service.access.domain.areas import SiteArea, checked_area
from service.access.domain.names import checked_name
from service.access.ports import AccessUnit
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.unit import Storage


def assign_site(site: str, area: str | None, *, actor: Actor, storage: Storage[AccessUnit]) -> None:
    """Have a site lie in an area from now on; None: in none. Raises MalformedRequest."""
    name, lies_in = checked_name(site, "site"), checked_area(area)
    assert name is not None
    with storage.write() as uow:
        before = uow.site_areas.of(name)
        uow.site_areas.put(name, lies_in)
        details = {"before": {"area": before}, "after": {"area": lies_in}}
        uow.audit.note(actor, Action.SITE_ASSIGN, Target("site", name), details=details)
        uow.commit()


def list_sites(*, actor: Actor, storage: Storage[AccessUnit]) -> Sequence[SiteArea]:
    """All sites that lie in an area, by area and name."""
    with storage.read() as uow:
        uow.audit.note(actor, Action.SITE_LIST)
        return uow.site_areas.all()
