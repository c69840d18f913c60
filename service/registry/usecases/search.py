"""Finding people by number, household, document, phone or name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from service.audit.domain.actions import Action
from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.kit.unit import Storage
from service.registry.domain.documents import normalised
from service.registry.domain.people import SEARCHED
from service.registry.domain.search import TokenKind, keys_of, lookups_of
from service.registry.domain.spelling import units
from service.registry.ports import RegistryUnit
from service.registry.steps.alike import ENOUGH, Asked, Likeness, Matched, likeness
from service.registry.steps.checked_facts import FactRules, e164
from service.registry.steps.people import PersonView, view_people
from service.registry.steps.residence import find_households
from service.registry.steps.sight import seen_today
from service.registry.usecases.changes import FACT_RULES
from service.registry.usecases.look_up import checked_household

MOST_CANDIDATES = 200
"""People whose names are opened for one search."""
_ENOUGH_CANDIDATES = MOST_CANDIDATES // 2
"""With so many, who shares less of the name is not looked up: of common names they are tens of thousands."""


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """Whom to find: all that is given has to fit. limit: people shown."""

    number: str | None = None
    household: str | None = None
    document: str | None = None
    phone: str | None = None
    name: str | None = None
    father: str | None = None
    birth_year: int | None = None
    limit: int = 10

    @property
    def asked(self) -> Asked:
        return Asked(self.name, self.father, self.birth_year)

    @property
    def criteria(self) -> list[str]:
        fields = ("number", "household", "document", "phone", "name", "father", "birth_year")
        return [one for one in fields if getattr(self, one) is not None]


@dataclass(frozen=True, slots=True)
class Found:
    """score: from 0 to 1; 1 where a number, household, document or phone alone was asked for."""

    view: PersonView
    score: float
    matched: Sequence[Matched]


@dataclass(frozen=True, slots=True)
class Search:
    """Best first. more: others fit too, or may: state more of the person."""

    found: Sequence[Found]
    more: bool


def search_people(
    query: PersonQuery, *, actor: Actor, storage: Storage[RegistryUnit], rules: FactRules = FACT_RULES
) -> Search:
    """Those whom the actor may see and whom the query fits, under whichever of their numbers and names.

    A name is looked up by the sounds of its units, and MOST_CANDIDATES of the people who share most of them are
    compared with it. Raises MalformedRequest, MalformedHousehold.
    """
    _check(query)
    if query.phone is not None:
        query = replace(query, phone=_international(query.phone, rules.phone_region))
    with storage.read() as uow:
        exact = _exact(uow, query, actor)
        by_name = query.name is not None or query.father is not None
        keys, full = _candidates(uow, query, actor) if exact is None else (list(exact), False)
        likenesses = _compared(uow, query.asked, keys) if by_name or query.birth_year is not None else None
        best = _best(uow, actor, query, exact, likenesses)
        shown = best[: query.limit]
        views = view_people(uow, [key for key, _ in shown])
        found = [Found(views[key], one.score, one.matched) for key, one in shown]
        people = {one.view.person.id for one in found}
        details = {"by": query.criteria, "shown": len(found)}
        uow.audit.note(actor, Action.PERSON_SEARCH, people=people, details=details)
    return Search(found, len(best) > len(shown) or full)


def _check(query: PersonQuery) -> None:
    if not set(query.criteria) - {"birth_year"}:
        raise MalformedRequest("state a number, household, document, phone or name to search for", "name")
    for field in ("name", "father"):
        text = getattr(query, field)
        if text is not None and not any(keys_of(one) for one in units(text)):
            raise MalformedRequest("a name to search for has letters", field)


def _international(phone: str, region: str) -> str:
    try:
        return e164(phone, region)
    except ValueError as error:
        raise MalformedRequest(str(error), "phone") from None


def _exact(uow: RegistryUnit, query: PersonQuery, actor: Actor) -> dict[int, list[Matched]] | None:
    """Whom identifiers name, by key; None where none is given."""
    sets: list[tuple[Matched, Collection[int]]] = []
    if query.number is not None:
        one = uow.people.by_number(query.number.strip())
        sets.append((Matched.NUMBER, [] if one is None else [one.key]))
    if query.household is not None:
        sets.append((Matched.HOUSEHOLD, _members(uow, checked_household(query.household.strip(), "household"))))
    if query.document is not None:
        sets.append((Matched.DOCUMENT, _having(uow, TokenKind.DOCUMENT, normalised(query.document), actor)))
    if query.phone is not None:
        sets.append((Matched.PHONE, _having(uow, TokenKind.PHONE, query.phone, actor)))
    if not sets:
        return None
    today = [{one.key for one in uow.people.survivors_of(keys).values()} if keys else set() for _, keys in sets]
    return {key: [what for what, _ in sets] for key in set.intersection(*today)}


def _members(uow: RegistryUnit, name: str) -> list[int]:
    home = find_households(uow, [name]).get(name)
    return [] if home is None else [one.person_key for one in uow.households.members(home.key)]


def _having(uow: RegistryUnit, kind: TokenKind, text: str, actor: Actor) -> list[int]:
    token = uow.blind.token(kind, text)
    return [key for key, _ in uow.index.with_most({token: 1.0}, MOST_CANDIDATES, actor.people_of)]


def _candidates(uow: RegistryUnit, query: PersonQuery, actor: Actor) -> tuple[list[int], bool]:
    """Keys, aliases among them, and whether there may be others whose names fit."""
    name = query.name or ""
    lookups = lookups_of(name or query.father or "", [query.father] if name and query.father else [], query.birth_year)
    keys: dict[int, None] = {}
    for lookup in lookups:
        tokens = uow.blind.tokens(TokenKind.NAME, list(lookup.weights))
        weights = dict(zip(tokens, lookup.weights.values(), strict=True))
        keys |= dict.fromkeys(key for key, _ in uow.index.with_most(weights, MOST_CANDIDATES, actor.people_of))
        if len(keys) >= _ENOUGH_CANDIDATES:
            return list(keys)[:MOST_CANDIDATES], True
    return list(keys), False


def _compared(uow: RegistryUnit, asked: Asked, keys: Collection[int]) -> dict[int, Likeness]:
    people = uow.index.demographics_of(keys) if keys else {}
    return {key: likeness(asked, who) for key, who in people.items()}


def _best(
    uow: RegistryUnit,
    actor: Actor,
    query: PersonQuery,
    exact: Mapping[int, Sequence[Matched]] | None,
    likenesses: Mapping[int, Likeness] | None,
) -> list[tuple[int, Likeness]]:
    """Each person once, as they stand today, by the alias that is most alike; more than are shown where there are."""
    if likenesses is None:
        likenesses = {key: Likeness(1.0, ()) for key in exact or ()}
    alike = [(key, one) for key, one in likenesses.items() if one.score >= ENOUGH]
    alike.sort(key=lambda pair: (-pair[1].score, pair[0]))
    best: dict[int, Likeness] = {}
    for start in range(0, len(alike), 2 * query.limit):
        some = alike[start : start + 2 * query.limit]
        keys = [key for key, _ in some]
        today, visible = uow.people.survivors_of(keys), seen_today(uow, actor, keys)
        for key, one in some:
            if key in visible and today[key].status in SEARCHED:
                matched = (*(exact[key] if exact else ()), *one.matched)
                best.setdefault(today[key].key, Likeness(one.score, matched))
        if len(best) > query.limit:
            break
    return list(best.items())
