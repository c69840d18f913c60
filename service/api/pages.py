"""Links from one page of a list to the next."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from service.api.proxies import link


def next_page(
    path: str, wanted: Mapping[str, str | None], last: UUID | str | None, *, full: bool, limit: int
) -> str | None:
    """The link to what comes after a page; None at the end.

    wanted: what else the list was asked for, by name. last: of the page. full: whether it has as many as it may have.
    """
    if not full:
        return None
    asked = {**wanted, "after": last, "limit": limit}
    return f"{link(path)}?" + urlencode({name: value for name, value in asked.items() if value is not None})
