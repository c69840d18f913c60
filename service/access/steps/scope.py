"""Where a token or an operator is bound to, at the moment of a request."""

from dataclasses import replace
from typing import Protocol

from service.access.ports import AccessUnit
from service.kit.actor import Actor, Area


class Bound(Protocol):
    """A token or an operator."""

    site: str | None
    area: str | None


def scoped(actor: Actor, one: Bound, uow: AccessUnit, *, sites_see_everyone: bool) -> Actor:
    """The actor, bound to the site or to what lies in the area now. The one place where a caller's bounds are made.

    sites_see_everyone: whether who is bound may see people of other sites.
    """
    area = None if one.area is None else Area(one.area, frozenset(uow.site_areas.within(one.area)))
    bound = replace(actor, site=one.site, area=area)
    return bound if sites_see_everyone else replace(bound, people_of=bound.sites)
