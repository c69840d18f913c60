"""What follows an erasure's transaction: each step may be cut short, and is then done again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from service.kit.actor import Actor
from service.kit.blobs import Blobs
from service.kit.clock import Clock
from service.kit.errors import StorageUnavailable
from service.kit.unit import Storage
from service.privacy.domain.certificates import Signed, certificate_of, order_of
from service.privacy.domain.erasures import Erasure
from service.privacy.ports import Cleaner, ErasureList, KeyNames, PrivacyUnit, Signers, Snapshots

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finisher:
    """Everything that keeps a copy, and what signs. lists: the orders outside the database, one per place."""

    storage: Storage[PrivacyUnit]
    blobs: Blobs
    clock: Clock
    lists: Sequence[ErasureList]
    cleaner: Cleaner
    snapshots: Snapshots
    signer: Signers
    key_name: KeyNames

    def finish(self, erasure_id: UUID, *, actor: Actor) -> Erasure:
        """Go on with an erasure from wherever it is; without its certificate where others are still to do their share.

        A snapshot is another process's; what others read of the database is not gone.

        Raises StorageUnavailable where files, lists or the database do not answer; CheckpointsBroken.
        """
        one = self._read(erasure_id)
        steps: tuple[tuple[str, Callable[[Erasure], bool]], ...] = (
            ("files_at", self._delete_files),
            ("listed_at", self._list),
            ("cleaned_at", self._clean),
            ("snapshots_at", self._renew_snapshots),
        )
        for stage, step in steps:
            if getattr(one, stage) is None:
                if not step(one):
                    return one
                one = self._mark(erasure_id, stage)
        return one if one.done else self._certify(erasure_id)

    def waiting(self, *, actor: Actor) -> Sequence[UUID]:
        """Those without a certificate, oldest first."""
        with self.storage.read() as uow:
            return [one.id for one in uow.erasures.waiting()]

    def finish_waiting(self, *, actor: Actor) -> int:
        """Go on with all that have no certificate; how many still have none. What fails is raised at the end."""
        left, failed = 0, None
        for one in self.waiting(actor=actor):
            try:
                found = self.finish(one, actor=actor)
            except Exception as error:
                logger.warning("erasure.failed", erasure=str(one), reason=type(error).__name__)
                failed = failed or error
                continue
            left += not found.done
            if found.done:
                logger.info("person.erased", erasure=str(found.id), actor=found.by)
        if failed is not None:
            raise failed
        return left

    def _read(self, erasure_id: UUID) -> Erasure:
        with self.storage.read() as uow:
            found = uow.erasures.by_id(erasure_id)
        assert found is not None
        return found

    def _mark(self, erasure_id: UUID, stage: str) -> Erasure:
        with self.storage.write() as uow:
            found = uow.erasures.by_id(erasure_id)
            assert found is not None
            if getattr(found, stage) is None:  # another process may be at the same
                setattr(found, stage, self.clock.now())
            uow.commit()
        return found

    def _delete_files(self, one: Erasure) -> bool:
        for file in one.destroyed.files:
            self.blobs.delete(file.name)
        return True

    def _list(self, one: Erasure) -> bool:
        """State the order outside the database, once per place."""
        order = order_of(one)
        signer = self.signer()
        line = Signed(order, signer.sign(order), signer.public_key).line()
        for place in self.lists:
            try:
                if line not in place.lines():
                    place.append([line])
            except (OSError, ValueError) as error:
                raise StorageUnavailable(f"{place.name} cannot be written: {error}") from error
        return True

    def _clean(self, one: Erasure) -> bool:
        return self.cleaner.clean()

    def _renew_snapshots(self, one: Erasure) -> bool:
        """And clean once more, of the key that the former snapshot had."""
        held = self.snapshots.renew()
        return held is not None and held >= one.sequence and self.cleaner.clean()

    def _certify(self, erasure_id: UUID) -> Erasure:
        signer, key_encryption = self.signer(), self.key_name()
        with self.storage.write() as uow:
            one, entry = uow.erasures.by_id(erasure_id), None
            assert one is not None
            entry = uow.erasures.entry_of(one)
            assert entry is not None
            if not one.done:
                one.statement = certificate_of(one, entry, key_encryption)
                one.signature, one.public_key = signer.sign(one.statement), signer.public_key
            uow.commit()
        return one
