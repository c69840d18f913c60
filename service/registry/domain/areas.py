"""Areas of the country that facts name: a hierarchy of three levels, known by codes.

They are apart from the areas of `service.access`, which are names for several sites of operators.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class AreaLevel(StrEnum):
    REGION = "region"
    COMMUNE = "commune"
    LOCALITY = "locality"


LIES_IN: Mapping[AreaLevel, AreaLevel | None] = {
    AreaLevel.REGION: None,
    AreaLevel.COMMUNE: AreaLevel.REGION,
    AreaLevel.LOCALITY: AreaLevel.COMMUNE,
}
"""The level of what an area of each level lies in."""


@dataclass(frozen=True, slots=True)
class AreaRow:
    """An area as a list states it. parent: a code. names: by language, `fr`, `ar` or `en`; at least one."""

    code: str
    level: AreaLevel
    parent: str | None
    names: Mapping[str, str]


@dataclass(eq=False)
class Area:
    """closed_on: the day from which it was on the list no more. It stays, for what was recorded names it."""

    code: str
    level: AreaLevel
    parent: str | None
    names: dict[str, str]
    closed_on: date | None = None
    key: int = field(init=False)

    def states(self, row: AreaRow) -> bool:
        """Whether it is open, as the row has it."""
        return self.closed_on is None and (self.parent, self.names) == (row.parent, row.names)

    def take(self, row: AreaRow) -> None:
        """Be what the row states; open again where it was closed."""
        self.parent, self.names, self.closed_on = row.parent, dict(row.names), None
