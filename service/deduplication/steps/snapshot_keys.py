"""How snapshots of the index are sealed: the manifest of each under a data key of its own, and all else by keys in it.

Once its data key is destroyed, a snapshot cannot be read, from a copy of the disk either.
"""

from matcher import Seal, Unseal
from service.kit.errors import SealBroken
from service.kit.sealing import DataKey, KeyClass, Opener, new_key


def new_snapshot_key(name: str) -> DataKey:
    """Of a snapshot to be written. name: that of its folder."""
    return new_key(f"gallery/{name}", KeyClass.SNAPSHOT)


def sealed(name: str, key: DataKey) -> Seal:
    return lambda manifest: key.seal(manifest, _place(name))


def opened(name: str, keys: Opener) -> Unseal:
    """None where it does not open."""

    def unseal(manifest: bytes) -> bytes | None:
        try:
            return keys.open(manifest, _place(name))
        except SealBroken:
            return None

    return unseal


def _place(name: str) -> str:
    return f"gallery/{name}/manifest"
