"""Finding people. Who is asked for is in the body, so that names stay out of the logs of requests."""

from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.api.deps import MayReadPerson, Running
from service.api.json_body import StrictJsonRoute
from service.api.people import PersonOut
from service.api.problems import declared
from service.api.shapes import Sent
from service.api.text import FullName, Line
from service.kit.errors import MalformedRequest
from service.registry.errors import MalformedHousehold
from service.registry.steps.alike import Matched
from service.registry.usecases.search import MOST_CANDIDATES, Found, PersonQuery, search_people

router = APIRouter(prefix="/v1/persons", tags=["people"], route_class=StrictJsonRoute)


class SearchIn(Sent):
    """Whom to find. All that is given has to fit; a name fits in any script and spelling, whole or in part."""

    number: Line | None = Field(None, description="of the person, also one from before a merge")
    household: Line | None = Field(None, description="a household ID, or the UUID that its client gave it")
    document: Line | None = Field(None, description="the number of a document, of whatever type")
    phone: Line | None = Field(None, description="as it is dialled at home, or with the country's code")
    name: FullName | None = Field(None, description="or some of it, or its first letters", examples=["Mohamed Ali"])
    father: FullName | None = Field(None, description="the father's name")
    birth_year: int | None = Field(None, ge=1850, le=2200, description="two years more or less fit too")
    limit: int = Field(10, ge=1, le=50, description="people shown")

    def query(self) -> PersonQuery:
        return PersonQuery(**self.model_dump())


class FoundOut(BaseModel):
    person: PersonOut
    score: float = Field(description="how much they are like what is asked for, from 0 to 1")
    matched: list[Matched] = Field(description="what of it they are like")

    @classmethod
    def of(cls, one: Found) -> Self:
        return cls(person=PersonOut.of(one.view), score=round(one.score, 3), matched=list(one.matched))


class SearchOut(BaseModel):
    found: list[FoundOut] = Field(description="the most alike first")
    more: bool = Field(
        description=f"others may fit too: more than are shown, or more than the {MOST_CANDIDATES} that were compared;"
        " ask for more of the name, the father's name or the birth year"
    )


@router.post("/search", responses=declared(MalformedRequest, MalformedHousehold))
def search(sent: SearchIn, app: Running, actor: MayReadPerson) -> SearchOut:
    """People who are like what is asked for, of those whom the caller may see."""
    rules = app.store.settings.fact_rules
    done = search_people(sent.query(), actor=actor, storage=app.store.storage, rules=rules)
    return SearchOut(found=[FoundOut.of(one) for one in done.found], more=done.more)
