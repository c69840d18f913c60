"""The data keys, as one transaction sees, makes and destroys them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, and_, delete, exists, select
from sqlalchemy.orm import Session

from service.kit.sealing import DataKey, KeyClass, key_bytes_of, key_of, new_key, open_with, opener
from service.kit.sql.key_tables import data_key, period_key
from service.kit.sql.keys import Vault

_CHUNK = 1000


class SqlDataKeys:
    """The data keys in one transaction."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session, self.vault = session, vault
        self._made: dict[tuple[str, KeyClass], DataKey] = {}
        self._secrets: dict[UUID, bytes] = {}

    def add(self, one: DataKey) -> None:
        self.vault.make(self._session.connection(), one.kind, [one])
        self._remember([one])

    def of_owner(self, owner: str, kind: KeyClass) -> DataKey:
        return self.of_owners([owner], kind)[owner]

    def of_owners(self, owners: Sequence[str], kind: KeyClass) -> Mapping[str, DataKey]:
        """The same for several, in a constant number of statements per thousand."""
        missing = [owner for owner in dict.fromkeys(owners) if (owner, kind) not in self._made]
        connection = self._session.connection()
        for start in range(0, len(missing), _CHUNK):
            some = missing[start : start + _CHUNK]
            found = self._found(some, kind, connection)
            self.vault.fetch(list(found.values()), connection)
            for owner, key_id in found.items():
                self._made[owner, kind] = DataKey(key_id, owner, kind, self.vault.secret_of(key_id, connection))
            made = [new_key(owner, kind) for owner in some if owner not in found]
            self.vault.make(connection, kind, made)
            self._remember(made)
        return {owner: self._made[owner, kind] for owner in owners}

    def _found(self, owners: Sequence[str], kind: KeyClass, connection: Connection) -> dict[str, UUID]:
        rows = select(data_key.c.owner, data_key.c.id).where(data_key.c.owner.in_(owners), data_key.c.kind == kind)
        return {row.owner: row.id for row in connection.execute(rows.order_by(data_key.c.id))}

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises SealBroken."""
        key_id = key_of(sealed)
        return open_with(
            self._secrets.get(key_id) or self.vault.secret_of(key_id, self._session.connection()), sealed, place
        )

    def ids_of(self, owners: Sequence[str], kind: KeyClass | None = None) -> Sequence[UUID]:
        found: list[UUID] = []
        for start in range(0, len(owners), _CHUNK):
            rows = select(data_key.c.id).where(data_key.c.owner.in_(owners[start : start + _CHUNK]))
            found += self._session.scalars(rows if kind is None else rows.where(data_key.c.kind == kind))
        return found

    def left_of(self, key_ids: Sequence[UUID]) -> Sequence[UUID]:
        found: list[UUID] = []
        for start in range(0, len(key_ids), _CHUNK):
            rows = select(data_key.c.id).where(data_key.c.id.in_(key_ids[start : start + _CHUNK]))
            found += self._session.scalars(rows)
        return found

    def destroy(self, owners: Sequence[str], kind: KeyClass | None = None) -> int:
        return self._destroy(self.ids_of(owners, kind))

    def destroy_others(self, kind: KeyClass, kept: Collection[UUID]) -> int:
        others = and_(data_key.c.kind == kind, data_key.c.id.not_in(kept))
        return self._destroy(self._session.scalars(select(data_key.c.id).where(others)).all())

    def _destroy(self, gone: Sequence[UUID]) -> int:
        for start in range(0, len(gone), _CHUNK):
            self._session.execute(delete(data_key).where(data_key.c.id.in_(gone[start : start + _CHUNK])))
        self.vault.forget(gone)
        self._made = {(owner, made): one for (owner, made), one in self._made.items() if one.id not in gone}
        return len(gone)

    def open_many(self, some: Sequence[tuple[bytes, str]]) -> Sequence[bytes]:
        """Each with its place. Raises SealBroken."""
        names = [key_bytes_of(sealed) for sealed, _ in some]
        within = self._session.connection() if self._session.in_transaction() else None
        ids = {name: UUID(bytes=name) for name in set(names)}
        self.vault.fetch([one for one in ids.values() if one not in self._secrets], within)
        openers = {
            name: opener(self._secrets.get(one) or self.vault.secret_of(one, within)) for name, one in ids.items()
        }
        return [openers[name](*one) for name, one in zip(names, some, strict=True)]

    def _remember(self, made: Sequence[DataKey]) -> None:
        for one in made:
            self._made[one.owner, one.kind] = one
            self._secrets[one.id] = one.secret

    def destroy_spent(self, before: str) -> Sequence[str]:
        used = exists().where(data_key.c.period_key_key == period_key.c.key)
        rows = select(period_key.c.key, period_key.c.kind, period_key.c.period)
        spent = self._session.execute(rows.where(period_key.c.period < before, ~used)).all()
        self._session.execute(delete(period_key).where(period_key.c.key.in_([one.key for one in spent])))
        return [f"{one.kind} {one.period}" for one in spent]
