"""Which people are found by who is bound to sites: in SQL, over tables that the registry knows nothing of."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from service.enrolment.storage import enrolment
from service.registry.storage.households import membership
from service.registry.storage.people import person
from service.registry.storage.search import search_token
from service.registry.storage.versions import at


def seen_people_from(sites: Collection[str]) -> ColumnElement[bool]:
    """Whether these sites enrolled the person of a token, or anyone who is the same person by merges.

    A person whom no site enrolled is seen with whom they live with. The same as `service.registry.steps.sight.seen`, so
    that no limit is filled with people who are not shown.
    """
    return or_(_enrolled(sites), _in_group(sites), _beside(sites))


def _enrolled(sites: Collection[str]) -> ColumnElement[bool]:
    return exists(
        select(enrolment.c.key)
        .where(enrolment.c.person_key == search_token.c.person_key, enrolment.c.site.in_(sites))
        .correlate(search_token)
    )


def _in_group(sites: Collection[str]) -> ColumnElement[bool]:
    """Whether they enrolled anyone who was merged into the person for whom this one stands."""
    start = select(person.c.key, person.c.survivor_key).where(person.c.key == search_token.c.person_key)
    up = start.correlate(search_token).cte("up", recursive=True, nesting=True)
    above = aliased(person)
    up = up.union_all(select(above.c.key, above.c.survivor_key).where(above.c.key == up.c.survivor_key))
    group = select(up.c.key).where(up.c.survivor_key.is_(None)).cte("people_merged", recursive=True, nesting=True)
    merged = aliased(person)
    group = group.union_all(select(merged.c.key).where(merged.c.survivor_key == group.c.key))
    of_site = select(group.c.key).where(enrolment.c.person_key == group.c.key, enrolment.c.site.in_(sites))
    return exists(of_site.correlate(search_token))


def _beside(sites: Collection[str]) -> ColumnElement[bool]:
    own, stay = enrolment.alias("own"), membership.alias("stay")
    never_enrolled = ~exists(
        select(own.c.key).where(own.c.person_key == search_token.c.person_key).correlate(search_token)
    )
    lasts = stay.c.superseded_by.is_(None) & stay.c.valid_to.is_(None)
    living = (
        select(membership.c.key)
        .join(stay, stay.c.household_key == membership.c.household_key)
        .join(enrolment, enrolment.c.person_key == membership.c.person_key)
        .where(stay.c.person_key == search_token.c.person_key, lasts, at(membership, None))
        .where(enrolment.c.site.in_(sites))
    )
    return never_enrolled & exists(living.correlate(search_token))
