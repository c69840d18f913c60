"""Whom an actor may see: everyone, or those whom its site enrolled."""

from collections.abc import Collection, Iterable

from service.kit.actor import Actor
from service.registry.ports import RegistryUnit


def seen(uow: RegistryUnit, actor: Actor, keys: Iterable[int]) -> set[int]:
    """The keys of those of these people whom the actor may see. They are people of today, not aliases.

    A site has enrolled a person if it enrolled them, or anyone who was merged into them. In a constant number of
    queries however many.
    """
    asked = set(keys)
    if actor.people_of is None or not asked:
        return asked
    aliases = uow.people.aliases_of_many(asked)
    names = {key: {key, *(alias.key for alias in aliases.get(key, ()))} for key in asked}
    enrolled = set(uow.origins.enrolled_at(actor.people_of, set().union(*names.values())))
    found = {key for key in asked if names[key] & enrolled}
    return found | _through_others(uow, actor.people_of, asked - found)


def seen_today(uow: RegistryUnit, actor: Actor, keys: Collection[int]) -> set[int]:
    """The keys of those of these people, merged or not, who stand for someone whom the actor may see."""
    if actor.people_of is None:
        return set(keys)
    today = uow.people.survivors_of(keys)
    visible = seen(uow, actor, (one.key for one in today.values()))
    return {key for key, one in today.items() if one.key in visible}


def _through_others(uow: RegistryUnit, sites: Collection[str], asked: set[int]) -> set[int]:
    """Those whom no site enrolled, such as a child born since, and who live with somebody whom these sites did."""
    alone = set(uow.origins.never_enrolled(asked)) if asked else set()
    homes = {key: one.household_key for key, one in uow.households.current_of_many(alone).items()} if alone else {}
    if not homes:
        return set()
    members = uow.households.members_of_many(set(homes.values()))
    people = {key: {one.person_key for one in some} for key, some in members.items()}
    enrolled = set(uow.origins.enrolled_at(sites, set().union(*people.values())))
    return {key for key, home in homes.items() if people[home] & enrolled}
