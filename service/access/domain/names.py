"""Names of tokens, devices, sites and operators."""

import unicodedata

from service.kit.errors import MalformedRequest

LONGEST_NAME = 200


def checked_name(text: str | None, field: str) -> str | None:
    """A name as enrolments state it: composed (NFC), without space around it. Raises MalformedRequest."""
    if text is None:
        return None
    name = unicodedata.normalize("NFC", text).strip()
    check_length(name, field)
    return name


def check_length(text: str, field: str) -> None:
    if not 0 < len(text) <= LONGEST_NAME:
        raise MalformedRequest(f"a {field} has 1 to {LONGEST_NAME} characters", field)
