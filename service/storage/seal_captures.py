"""Sealing the captures of a registry from before they were sealed; at its first start, continued by the next."""

from collections.abc import Sequence

import structlog

from service.enrolment.ports import EnrolmentUnit
from service.kit.actor import Actor
from service.kit.blobs import BlobRecord, Blobs, read_sound, sealed_blob
from service.kit.errors import BlobAltered, BlobMissing, BlobUnreadable
from service.kit.sealing import KeyClass
from service.kit.unit import Storage

logger = structlog.get_logger(__name__)
PAGE = 100


def seal_captures(*, actor: Actor, storage: Storage[EnrolmentUnit], blobs: Blobs) -> int:
    """Store every plain capture sealed, then delete its plain bytes; how many were sealed.

    What is missing or altered stays as it is, for `jisr store verify` to name. A crash at any moment loses nothing:
    the plain bytes have their row until they are deleted.
    """
    done = after = 0
    while True:
        with storage.read() as uow:
            page = uow.blobs.plain(after, PAGE)
        if not page:
            return done
        found = {row.name: _read(row, blobs) for row in page}
        with storage.write() as uow:
            uow.changes.lock()  # another process may be at the same
            done += sum(_seal(row, content, uow, blobs) for row in page if (content := found[row.name]) is not None)
            uow.commit()
        _delete_plain(page, storage, blobs)
        after = page[-1].key
        logger.info("captures.sealed", captures=done)


def _read(row: BlobRecord, blobs: Blobs) -> bytes | None:
    try:
        return read_sound(blobs, row)
    except (BlobMissing, BlobUnreadable, BlobAltered) as error:
        logger.warning("capture.not_sealed", blob=row.name, reason=type(error).__name__)
        return None


def _seal(row: BlobRecord, content: bytes, uow: EnrolmentUnit, blobs: Blobs) -> bool:
    """Whether it was still to be sealed: after a crash, nothing may refer to the plain bytes any more."""
    if not uow.enrolments.has_blob(row.name):
        return False
    folder, _, last = row.name.rpartition("/")
    key = uow.keys.of_owner(row.owner, KeyClass.CAPTURE)
    one = sealed_blob(key, folder, last.partition("-")[2] or last, content)
    blobs.put(one.name, one.content)
    uow.blobs.add(BlobRecord(one.name, one.sha256, len(one.content), row.owner, row.stored_at))
    uow.flush()
    uow.enrolments.move_blob(row.name, one.name)
    return True


def _delete_plain(page: Sequence[BlobRecord], storage: Storage[EnrolmentUnit], blobs: Blobs) -> None:
    """Delete bytes, then rows, to which no capture refers any more."""
    with storage.read() as uow:
        unused = [row.name for row in page if not uow.enrolments.has_blob(row.name)]
    for name in unused:
        blobs.delete(name)
    with storage.write() as uow:
        for name in unused:
            uow.blobs.delete(name)
        uow.commit()
