"""What can go wrong about people and households.

Refused
├── UnknownHousehold         a household ID that was never issued
├── UnknownPerson            a number or ID in an order that is no one's
├── MalformedHousehold       neither a UUID nor a household ID with right check digits
├── NotInTime                a day on which the change cannot have been
├── CardNotGenuine           what is read off a card and is none of this registry
├── UnfitConsent             consent that cannot be recorded as stated
└── UnfitFact                a fact whose value, kind or place cannot be
NotFound
├── NoSuchPerson
├── NoSuchHousehold
├── NoSuchCard
└── NoSuchChange
Conflict
├── LivesElsewhere           a person who would live in two households at a time
├── NotAMember               a person who is no member of the household named
├── AlreadyMember            a person who is one already
├── HouseholdEnded           a household that was dissolved
├── HouseholdActive          one that was not
├── FactGone                 a fact that does not stand, or is about another household or person
├── CardNotPossible          a household that can have no card, or has one
├── CardNotPrintable         a card that counts no more
├── NotThere                 a person who died, emigrated or withdrew, or whose record stands for no one
├── ConsentDiffers           another consent under the ID of one that was recorded
├── ChangeDiffers            another order under the ID of one that was carried out
├── ChangeStands             a change that cannot be taken back, or was
└── BuiltOn                  a change on which later ones build
Gone
└── PersonErased
"""

from service.kit.errors import Conflict, Gone, NotFound, Refused


class UnknownHousehold(Refused):
    """No household has this household ID."""


class UnknownPerson(Refused):
    """No person has this number or ID."""


class MalformedHousehold(Refused):
    """A household is named by a UUID of the client or by its household ID."""


class NotInTime(Refused):
    """The change cannot have been on this day."""


class UnfitConsent(Refused):
    """The consent cannot be recorded as it is stated."""


class UnfitFact(Refused):
    """The fact cannot be recorded as it is stated."""


class NoSuchPerson(NotFound):
    """No person has this number."""


class PersonErased(Gone):
    """The person who had this number was erased."""


class NoSuchHousehold(NotFound):
    """No household has this ID."""


class NoSuchChange(NotFound):
    """No change has this ID."""


class LivesElsewhere(Conflict):
    """The person lives in a household; a transfer moves them."""


class NotAMember(Conflict):
    """The person is no member of this household."""


class AlreadyMember(Conflict):
    """The person is a member of this household."""


class HouseholdEnded(Conflict):
    """The household was dissolved; re-open it first."""


class HouseholdActive(Conflict):
    """The household was not dissolved."""


class FactGone(Conflict):
    """No such fact stands about this household or person."""


class NotThere(Conflict):
    """The person died, emigrated or withdrew."""


class ConsentDiffers(Conflict):
    """Another consent was recorded under this ID."""


class ChangeDiffers(Conflict):
    """Another order was carried out under this ID."""


class ChangeStands(Conflict):
    """The change cannot be taken back."""


class BuiltOn(Conflict):
    """Later changes build on this one; take those back first."""


class CardNotGenuine(Refused):
    """This is no card of this registry."""

    def __init__(self, detail: str, field: str = "payload") -> None:
        super().__init__(detail, field)


class NoSuchCard(NotFound):
    """There is no such card."""


class CardNotPossible(Conflict):
    """No card can be made for this household now."""


class CardNotPrintable(Conflict):
    """The card counts no more."""
