"""Types of documents, and how their numbers look."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST = 40
"""Of a number or an issuer, in characters."""


@dataclass(frozen=True, slots=True)
class DocumentType:
    """pattern: of the whole number as `normalised` leaves it."""

    pattern: str


_ANY = DocumentType(f"[A-Z0-9]{{1,{LONGEST}}}")
DOCUMENT_TYPES: Mapping[str, DocumentType] = {
    "national_id": _ANY,
    "passport": DocumentType("[A-Z0-9]{5,9}"),  # nine places in the machine readable zone: ICAO Doc 9303-4, 4.2.2
    "birth_certificate": _ANY,
    "family_book": _ANY,
    "residence_permit": _ANY,
    "refugee_card": _ANY,
    "driving_licence": _ANY,
    "voter_card": _ANY,
    "health_insurance_card": _ANY,
    "other": _ANY,
}
"""Used unless JISR_DOCUMENT_TYPES names a file. No rule of a national number is built in: none was published."""


def document_types_in(text: str) -> Mapping[str, DocumentType]:
    """From TOML: a table for each type, with its `pattern`, a regular expression. Raises ValueError."""
    found = tomllib.loads(text)
    if not found:
        raise ValueError("the file has no types of documents")
    return {code: _type_of(code, one) for code, one in found.items()}


def _type_of(code: str, one: object) -> DocumentType:
    if not CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no code: up to 40 small letters, digits and underscores")
    if not isinstance(one, dict) or one.keys() != {"pattern"} or not isinstance(one["pattern"], str):
        raise ValueError(f"[{code}] has a `pattern`, in quotes, and nothing else")
    try:
        re.compile(one["pattern"])
    except re.error as error:
        raise ValueError(f"the pattern of [{code}] is no regular expression: {error}") from None
    return DocumentType(one["pattern"])


def normalised(text: str) -> str:
    """A number or an issuer as it is compared: capitals and ASCII digits, without what stands between them."""
    letters = unicodedata.normalize("NFKC", text).upper()
    return "".join(_digit(one) for one in letters if one.isalnum())


def _digit(letter: str) -> str:
    value = unicodedata.decimal(letter, None)
    return letter if value is None else str(value)
