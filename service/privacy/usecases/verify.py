"""Is a certificate of erasure genuine, and is what it states still so?"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.blobs import Blobs
from service.kit.errors import BlobMissing, BlobUnreadable
from service.kit.unit import Storage
from service.privacy.domain.certificates import CERTIFICATE, Signed, signed_in
from service.privacy.errors import NoCertificate
from service.privacy.ports import PrivacyUnit
from service.registry.domain.people import PersonStatus


def verify_certificate(
    text: str, *, actor: Actor, storage: Storage[PrivacyUnit], blobs: Blobs, public_key: str | None
) -> list[str]:
    """What is wrong, in sentences; none where all is as it states. Raises NoCertificate.

    public_key: of the only key that may have signed, raw, in hex. The entry of the audit is compared with its hash;
    whether the audit is whole is for its own verification.
    """
    signed, stated = _read(text)
    with storage.write() as uow:
        uow.audit.note(actor, Action.ERASURE_VERIFY, Target("erasure", str(stated["erasure"])))
        uow.commit()
    if public_key is None or not signed.is_signed_by(public_key):
        return ["it is not signed by this registry's key"]
    with storage.read() as uow:
        return [*_of_database(uow, stated), *_of_files(blobs, stated)]


def _read(text: str) -> tuple[Signed, Mapping[str, Any]]:
    try:
        signed = signed_in(text)
        stated = signed.content
    except (ValueError, TypeError):
        raise NoCertificate(
            "this is no certificate: a JSON object with statement, signature, public_key", "file"
        ) from None
    if stated.get("kind") != CERTIFICATE:
        raise NoCertificate("this is signed, but is no certificate of erasure", "file")
    return signed, stated


def _of_database(uow: PrivacyUnit, stated: Mapping[str, Any]) -> Iterator[str]:
    lane, _, number = str(stated["audit"]["entry"]).partition("-")
    entry = uow.audit_records.at(int(lane), int(number))
    if entry is None or entry.hash != stated["audit"]["hash"]:
        yield f"the audit has another entry {lane}-{number}"
    for one in stated["people"]:
        keys = uow.holdings.keys_of([UUID(one["id"])])
        person = uow.people.by_key(keys[0]) if keys else None
        if person is None or person.status is not PersonStatus.ERASED:
            yield f"the person {one['id']} is there again: run `jisr privacy reapply`"
    left = uow.keys.left_of([UUID(one) for one in stated["keys"]])
    if left:
        yield f"{len(left)} of the keys are there, such as {left[0]}"


def _of_files(blobs: Blobs, stated: Mapping[str, Any]) -> Iterator[str]:
    for name in stated["files"]:
        try:
            blobs.get(name)
        except BlobMissing:
            continue
        except BlobUnreadable:
            pass
        yield f"the file {name} is there"
