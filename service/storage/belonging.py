"""Is the captures' folder this registry's? Two services on one database with a folder each would lose captures."""

from pathlib import Path

from service.kit.blobs import BlobRecord
from service.kit.errors import BlobMissing, StorageUnavailable
from service.kit.ids import new_uuid
from service.kit.sql.blobs import FileBlobs
from service.storage.unit import SqlStorage


def bind(storage: SqlStorage, blobs: FileBlobs) -> None:
    """Have the folder checked from now on by the ID that the database knows; both get one at the first start.

    Raises StorageUnavailable where the folder is another registry's, or another than other processes use.
    """
    with storage.read() as uow:
        known = uow.blobs.store_id()
    blobs.expect(known if known is not None and blobs.store_id() == known else _joined(storage, blobs))


def _joined(storage: SqlStorage, blobs: FileBlobs) -> str:
    """The ID of both, once they are found to belong together."""
    with storage.write() as uow:
        uow.changes.lock()  # several processes of a registry are often started at once
        known, found, newest = uow.blobs.store_id(), blobs.store_id(), uow.blobs.newest()
        if newest is None:
            ours = known is None and not any(blobs.names())
        else:
            ours = (found is None or known is None) and _has(blobs, newest)
        if not ours and (known is None or known != found):  # else another process joined them meanwhile
            raise _refused(blobs.root, known is None)
        store_id = known or found or new_uuid().hex
        if found is None:
            blobs.set_store_id(store_id)
        if known is None:
            uow.blobs.set_store_id(store_id)
        uow.commit()
    return store_id


def _has(blobs: FileBlobs, newest: BlobRecord) -> bool:
    """Whether the folder holds what was stored last: a copy of it, or one from before folders had IDs."""
    try:
        return len(blobs.get(newest.name)) == newest.size
    except BlobMissing:
        return False


def _refused(folder: Path, new: bool) -> StorageUnavailable:
    place = folder.absolute()
    if new:
        return StorageUnavailable(
            f"{place} holds captures of another registry than this new database's: set JISR_HOME to another folder, "
            "or JISR_DATABASE_URL to their database"
        )
    return StorageUnavailable(
        f"{place} is not the folder of this registry's captures: all services and workers of a registry share one; "
        "set JISR_HOME to it, or restore it from its copy"
    )
