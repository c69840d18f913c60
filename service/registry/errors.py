"""What can go wrong about people and households.

Refused
├── UnknownHousehold         a household ID that was never issued
└── MalformedHousehold       neither a UUID nor a household ID with right check digits
NotFound
├── NoSuchPerson
└── NoSuchHousehold
Gone
└── PersonErased
"""

from service.kit.errors import Gone, NotFound, Refused


class UnknownHousehold(Refused):
    """No household has this household ID."""


class MalformedHousehold(Refused):
    """A household is named by a UUID of the client or by its household ID."""


class NoSuchPerson(NotFound):
    """No person has this number."""


class PersonErased(Gone):
    """The person who had this number was erased."""


class NoSuchHousehold(NotFound):
    """No household has this ID."""
