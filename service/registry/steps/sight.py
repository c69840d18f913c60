"""Whom an actor may see: everyone, or those whom its site enrolled."""

from collections.abc import Iterable

from service.kit.actor import Actor
from service.registry.ports import RegistryUnit


def seen(uow: RegistryUnit, actor: Actor, keys: Iterable[int]) -> set[int]:
    """The keys of those of these people whom the actor may see. They are people of today, not aliases.

    A site has enrolled a person if it enrolled them, or anyone who was merged into them. In two queries however many.
    """
    asked = set(keys)
    if actor.people_of is None or not asked:
        return asked
    aliases = uow.people.aliases_of_many(asked)
    names = {key: {key, *(alias.key for alias in aliases.get(key, ()))} for key in asked}
    enrolled = set(uow.origins.enrolled_at(actor.people_of, set().union(*names.values())))
    return {key for key in asked if names[key] & enrolled}
