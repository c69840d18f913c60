"""Areas."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.api.deps import MayReadHousehold, Running
from service.api.pages import next_page
from service.api.problems import declared
from service.api.text import Line
from service.registry.domain.areas import Area, AreaLevel
from service.registry.ports import AreaQuery
from service.registry.usecases.areas import list_areas

router = APIRouter(prefix="/v1/areas", tags=["areas"])
Code = Annotated[Line, Field(max_length=40)]


class AreaOut(BaseModel):
    code: str
    level: AreaLevel
    parent: str | None = Field(description="the code of the area it lies in; null of a region")
    names: dict[str, str] = Field(description="by language: fr, ar, en, as far as the list has them")
    closed_on: date | None = Field(description="from when on the list has it no more")

    @classmethod
    def of(cls, one: Area) -> "AreaOut":
        return cls(code=one.code, level=one.level, parent=one.parent, names=one.names, closed_on=one.closed_on)


class AreasOut(BaseModel):
    areas: list[AreaOut]
    next: str | None = Field(description="the link to the areas after these; null at the end")


@router.get("", responses=declared())
def index(
    app: Running,
    actor: MayReadHousehold,
    *,
    level: AreaLevel | None = None,
    parent: Annotated[Code | None, Query(description="the code of the area they lie in")] = None,
    closed: Annotated[bool, Query(description="also those that are on the list no more")] = False,
    after: Annotated[Code | None, Query(description="the last of the page before, by its link")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> AreasOut:
    """The areas that facts may name, by code."""
    found = list_areas(AreaQuery(level, parent, closed, after, limit), actor=actor, storage=app.store.storage)
    wanted = {"level": level, "parent": parent, "closed": "true" if closed else None}
    last = found[-1].code if found else None
    following = next_page("/v1/areas", wanted, last, full=len(found) == limit, limit=limit)
    return AreasOut(areas=[AreaOut.of(one) for one in found], next=following)
