"""Operators' words in the audit: sealed under the key of what they are about, so that they die with it.

The chain runs over the sealed bytes: destroying the key leaves it as it is.
"""

from service.audit.domain.entries import Entry, Target
from service.kit.errors import SealBroken
from service.kit.keys import DataKeys
from service.kit.sealing import KeyClass

_OWNERS = {"case": "review_case", "change": "registry_change"}
"""Whose keys are destroyed when somebody is erased, by the kind of a target where it has another name."""


def seal_words(words: str, target: Target, keys: DataKeys) -> bytes:
    owner = _owner(target.kind, target.id)
    return keys.of_owner(owner, KeyClass.NOTE).seal(words.encode(), _place(owner))


def words_of(entry: Entry, keys: DataKeys) -> str | None:
    """What an operator wrote; None where nothing was written, and where its key was destroyed."""
    if entry.payload is None or entry.target_kind is None or entry.target_id is None:
        return None
    try:
        return keys.open(entry.payload, _place(_owner(entry.target_kind, entry.target_id))).decode()
    except SealBroken:
        return None


def _owner(kind: str, target_id: str) -> str:
    return f"{_OWNERS.get(kind, kind)}/{target_id}"


def _place(owner: str) -> str:
    return f"audit/{owner}"
