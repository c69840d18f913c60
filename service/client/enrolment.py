"""From the files of a person to the enrolment part that is sent with them."""

import hashlib
import json
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.client.folder import FolderPerson, read_details

FOLDER_NAMESPACE = uuid.UUID("5f0c1f3e-6a0b-4d0e-9a53-6a697372656e")
ADDING_NAMESPACE = uuid.UUID("5f0c1f3e-6a0b-4d0e-9a53-6a6973722b2b")
PIECE = 1 << 20
"""Bytes of a capture that are in memory at once."""
SCRIPTS = {"ARABIC": "Arab", "ETHIOPIC": "Ethi", "CYRILLIC": "Cyrl", "GREEK": "Grek", "HEBREW": "Hebr"}
"""ISO 15924, by the first word of Unicode's name for a letter; Latn for all others."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is sent of everyone whose JSON does not state it.

    adding: the captures are added to people who are enrolled, each named by their number, and nothing else is stated.
    """

    site: str
    device: str
    consent: str | None
    adding: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """enrolment: the part that is sent. derived: whether its UUID is made from all that is sent."""

    enrolment: dict[str, Any]
    derived: bool


def prepared(person: FolderPerson, defaults: Defaults) -> Prepared:
    """What is sent of a person. Where the JSON names no UUID, one made from the files, so that a second run repeats it.

    Raises NotJson, OSError.
    """
    details = {} if person.details is None else read_details(person.details)
    newest = max((path.stat().st_mtime for path in person.captures.values()), default=0)
    made: dict[str, Any] = {
        "site": defaults.site,
        "device": defaults.device,
        "captured_at": datetime.fromtimestamp(newest, UTC).isoformat(),
    }
    if not defaults.adding:
        made["person"] = {"names": [{"script": script_of(person.name), "full": person.name}]}
    if defaults.consent is not None:
        made["consent"] = {"given": True, "reference": defaults.consent}
    derived = "id" not in details
    if derived:
        made["id"] = str(derived_id(person, details, adding=defaults.adding))
    return Prepared(made | details, derived)


def derived_id(person: FolderPerson, details: dict[str, Any], *, adding: bool = False) -> uuid.UUID:
    """A version 5 UUID of what the JSON states, the person's name, and positions with their bytes in hexadecimal."""
    digest = hashlib.sha1((ADDING_NAMESPACE if adding else FOLDER_NAMESPACE).bytes, usedforsecurity=False)
    digest.update((json.dumps(details, sort_keys=True) + person.name).encode())
    for position, path in sorted(person.captures.items()):
        digest.update(position.encode())
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece.hex().encode())
    return uuid.UUID(bytes=digest.digest()[:16], version=5)


def script_of(name: str) -> str:
    """The script of a name's first letter."""
    letter = next((one for one in name if one.isalpha()), "a")
    return SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "Latn")
