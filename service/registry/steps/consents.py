"""Whether what is known of a person may be shared: to be asked in the transaction that reads what is shared."""

from service.registry.domain.consents import is_allowed
from service.registry.domain.people import Person
from service.registry.ports import RegistryUnit
from service.registry.steps.people import names_of


def may_share(uow: RegistryUnit, person: Person, purpose: str, programme: str | None = None) -> bool:
    """Whether consent stands now, under every number the person had. Nothing is shared without."""
    return is_allowed(uow.consents.of_people(names_of(uow, person)), purpose, programme)
