"""What a stated fact is recorded as: its value checked, and in the form in which equal values are equal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import singledispatch

import phonenumbers

from service.registry.domain.documents import DOCUMENT_TYPES, LONGEST, DocumentType, normalised
from service.registry.domain.fact_values import (
    Address,
    Born,
    Coordinates,
    Document,
    InArea,
    Language,
    Named,
    Phone,
    Value,
)
from service.registry.domain.people import PARENTS
from service.registry.errors import UnfitFact
from service.registry.ports import RegistryUnit

LANGUAGE = re.compile(r"[a-z]{2,3}")
EARLIEST_BIRTH = 1880


@dataclass(frozen=True, slots=True)
class FactRules:
    """phone_region: ISO 3166-1 alpha-2, of numbers without a country's code. document_types: by code."""

    phone_region: str = "DJ"
    document_types: Mapping[str, DocumentType] = field(default_factory=lambda: DOCUMENT_TYPES)


@dataclass(frozen=True, slots=True)
class Checking:
    """field: of the order, such as `intention.facts.0`. today: of the service, which no birth is after."""

    uow: RegistryUnit
    rules: FactRules
    today: date
    field: str

    def unfit(self, name: str, detail: str) -> UnfitFact:
        """The value itself is not in it: errors are read by more people than records are."""
        return UnfitFact(detail, f"{self.field}.{name}")


@singledispatch
def checked(value: Value, by: Checking) -> Value:
    """Raises UnfitFact."""
    return value


@checked.register
def _(value: InArea, by: Checking) -> Value:
    found = by.uow.areas.by_codes([value.code]).get(value.code)
    if found is None:
        raise by.unfit("code", "the list of areas has no such code")
    if found.closed_on is not None:
        raise by.unfit("code", f"the area is on the list no more since {found.closed_on}")
    return value


@checked.register
def _(value: Named, by: Checking) -> Value:
    if not any(one.kind not in PARENTS for one in value.names):
        raise by.unfit("names", "one of the names is the person's own")
    return value


@checked.register
def _(value: Address, by: Checking) -> Value:
    text = value.text.strip()
    if not text:
        raise by.unfit("text", "an address has some text")
    return replace(value, text=text)


@checked.register
def _(value: Coordinates, by: Checking) -> Value:
    if not (-90 <= value.latitude <= 90 and -180 <= value.longitude <= 180):
        raise by.unfit("latitude", "latitude is from -90 to 90 degrees, longitude from -180 to 180")
    if value.accuracy_m is not None and not 0 < value.accuracy_m <= 100_000:
        raise by.unfit("accuracy_m", "accuracy is a radius in metres, up to 100,000")
    return value


@checked.register
def _(value: Phone, by: Checking) -> Value:
    try:
        return replace(value, number=e164(value.number, by.rules.phone_region))
    except ValueError as error:
        raise by.unfit("number", str(error)) from None


def e164(text: str, region: str) -> str:
    """A telephone number in the form of ITU-T E.164. region: of one without a country's code. Raises ValueError."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise ValueError("this is no telephone number") from None
    if not phonenumbers.is_valid_number(number):
        raise ValueError(f"no such number is in use; without a country's code it is one of {region}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@checked.register
def _(value: Document, by: Checking) -> Value:
    known = by.rules.document_types.get(value.type)
    if known is None:
        raise by.unfit("type", f"one of {', '.join(by.rules.document_types)}")
    number, issuer = normalised(value.number), normalised(value.issuer)
    if not 0 < len(number) <= LONGEST or not re.fullmatch(known.pattern, number):
        raise by.unfit(
            "number", f"the number of a {value.type} matches {known.pattern}, in capitals and without spaces"
        )
    if not 0 < len(issuer) <= LONGEST:
        raise by.unfit("issuer", f"an issuer has 1 to {LONGEST} letters or digits, such as the country's code")
    if None not in (value.valid_from, value.valid_until) and value.expired(value.valid_from or date.min):
        raise by.unfit("valid_until", "a document is valid until after it begins to be")
    return replace(value, number=number, issuer=issuer)


@checked.register
def _(value: Language, by: Checking) -> Value:
    if not LANGUAGE.fullmatch(value.code):
        raise by.unfit("code", "a language has a code of two or three small letters (ISO 639), such as fr or som")
    return value


@checked.register
def _(value: Born, by: Checking) -> Value:
    if (value.birth_date is None) == (value.birth_year is None):
        raise by.unfit("birth_date", "give birth_date or birth_year")
    year = value.birth_date.year if value.birth_date is not None else value.birth_year
    if year is None or not EARLIEST_BIRTH <= year <= by.today.year or (value.birth_date or date.min) > by.today:
        raise by.unfit("birth_date", f"a birth is between {EARLIEST_BIRTH} and today")
    return value
