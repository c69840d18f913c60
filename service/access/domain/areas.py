"""Areas: names for several sites, each a word or a path such as `ALI-SABIEH/DIKHIL`, which lies in `ALI-SABIEH`."""

from dataclasses import dataclass

from service.access.domain.names import checked_name
from service.kit.errors import MalformedRequest

PARTS = "/"


@dataclass(frozen=True, slots=True)
class SiteArea:
    """Which area a site lies in."""

    site: str
    area: str


def checked_area(text: str | None) -> str | None:
    """Composed (NFC), without space around its parts. Raises MalformedRequest."""
    name = checked_name(text, "area")
    if name is None:
        return None
    parts = [one.strip() for one in name.split(PARTS)]
    if not all(parts):
        raise MalformedRequest("an area is a word, or several with a / between them", "area")
    return PARTS.join(parts)


def check_one_bound(site: str | None, area: str | None) -> None:
    """Raises MalformedRequest."""
    if site is not None and area is not None:
        raise MalformedRequest("give a site or an area: a site lies in its area anyway", "area")
