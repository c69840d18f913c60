"""Numbers that people carry: random, without meaning, with check digits, never issued twice.

A person number and a household ID have different shapes on purpose: one typed in the other's field fails.
"""

import re
import secrets
from collections.abc import Callable, Collection
from itertools import pairwise
from uuid import UUID

from stdnum import verhoeff
from stdnum.iso7064 import mod_97_10

HOUSEHOLD_DIGITS = 8
LONGEST_NUMBER = 20
CYCLIC = ("142857", "0588235294117647", "052631578947368421", "0434782608695652173913")
CONFUSING = re.compile(r"^[01]|(.).?\1|[02468]{3}|786|666")
"""Numbers begin with 2 to 9; no 11 or 1x1, no three even digits in a row, none of the two that offend."""


Taken = Callable[[Collection[str]], Collection[str]]
"""Those of some numbers that were issued before."""


def new_person_numbers(count: int, taken: Taken, length: int = 10) -> list[str]:
    """Numbers no one has: `length` digits, the last a Verhoeff check digit, easy to say and hard to mistake.

    The rules a number must pass are those of MOSIP's UIN.
    """
    return _drawn(count, lambda: _person_number(length), taken)


def _person_number(length: int) -> str:
    while True:
        payload = f"{secrets.randbelow(10 ** (length - 1)):0{length - 1}}"
        if not CONFUSING.search(payload):  # nine of ten end here
            number = payload + str(verhoeff.calc_check_digit(payload))
            if easy_to_tell(number):
                return number


def _drawn(count: int, draw: Callable[[], str], taken: Taken) -> list[str]:
    """`count` different ones; `taken` is asked about all of them at once, as a rule only once."""
    found: dict[str, None] = {}
    while len(found) < count:
        drawn = {draw() for _ in range(count - len(found))} - found.keys()
        found |= dict.fromkeys(drawn - set(taken(drawn)))
    return list(found)


def is_person_number(text: str) -> bool:
    """Whether this is digits, the last a right check digit."""
    return len(text) <= LONGEST_NUMBER and text.isascii() and text.isdecimal() and bool(verhoeff.is_valid(text))


def easy_to_tell(number: str) -> bool:
    """Whether a number passes MOSIP's rules against confusing and offensive numbers."""
    half = len(number) // 2
    steps = [int(b) - int(a) for a, b in pairwise(number)]
    blocks = [number[i : i + 2] for i in range(len(number) - 1)]
    return not (
        CONFUSING.search(number)
        or any(a == b and a in (1, -1) for a, b in pairwise(steps))  # 123, 321
        or len(set(blocks)) < len(blocks)  # 12..12
        or number[:half] == number[-half:]
        or number[:half] == number[-half:][::-1]
        or any(number[i : i + 6] in ring + ring[:5] for ring in CYCLIC for i in range(len(number) - 5))
    )


def new_household_ids(count: int, taken: Taken) -> list[str]:
    """`M`, eight random digits, two check digits by ISO 7064 MOD 97-10."""
    return _drawn(count, _household_id, taken)


def _household_id() -> str:
    payload = f"M{secrets.randbelow(10**HOUSEHOLD_DIGITS):0{HOUSEHOLD_DIGITS}}"
    return payload + str(mod_97_10.calc_check_digits(payload))


def is_household_id(text: str) -> bool:
    """Whether this has the shape and the check digits of a household ID."""
    return bool(re.fullmatch(rf"M[0-9]{{{HOUSEHOLD_DIGITS + 2}}}", text)) and bool(mod_97_10.is_valid(text))


def household_name(text: str) -> str:
    """A household's name in its one spelling: its household ID, or the UUID a client gave it. Raises ValueError."""
    return text if is_household_id(text) else str(UUID(text))
