"""The tables of enrolments, captures and templates, and their repositories."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    Uuid,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from service.enrolment.domain.enrolments import (
    WAITING,
    CaptureRecord,
    CaptureWarning,
    Consent,
    Enrolment,
    EnrolmentStatus,
    Liveness,
    PositionException,
    SlapRecord,
)
from service.enrolment.ports import EnrolmentQuery, TemplateRecord
from service.kit.sealing import DataKey, KeyClass
from service.kit.sql.columns import AsJson, Instant, Key, key, mapper, metadata, to, word
from service.kit.sql.data_keys import SqlDataKeys
from service.kit.sql.sealed import ATTRIBUTE, KEYS, Field, Sealed, seal, sealed
from service.kit.sql.unit import row_of
from service.registry.domain.households import HouseholdClaim
from service.registry.domain.people import SEARCHED, Demographics
from service.registry.storage.people import person

CHUNK = 1000

enrolment = Table(
    "enrolment",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("content_hash", String(80), nullable=False),
    Column("sent_by", String(220), nullable=False),
    Column("site", String(200), nullable=False),
    Column("device", String(200), nullable=False),
    Column("captured_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    sealed(),
    # What patterns over many enrolments ask for.
    Column("birth_year", Integer),
    Column("missing", AsJson(tuple[str, ...]), nullable=False),
    Column("claim", AsJson(HouseholdClaim)),
    to("household", nullable=True),
    to("person", nullable=True),
    Column("status", word(EnrolmentStatus), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),
    Column("finished_at", Instant),
    Column("adds_to_key", Key, ForeignKey("person.key"), index=True),
    Index("ix_enrolment_status_key", "status", "key"),
    Index("ix_enrolment_status_reason", "status", "reason"),
    Index("ix_enrolment_received_at", "received_at"),
    Index("ix_enrolment_site_key", "site", "key"),
    sqlite_autoincrement=True,
)

capture = Table(
    "capture",
    metadata,
    key(),
    to("enrolment"),
    Column("position", String(40), nullable=False),
    Column("blob", String(200), ForeignKey("blob.name"), index=True),
    Column("dpi", Float),
    Column("quality", Integer),
    Column("reasons", AsJson(list[str]), nullable=False),
    Column("problem", String(60)),
    Column("detail", Text),
    Column("liveness", AsJson(Liveness)),
    Column("warnings", AsJson(list[CaptureWarning]), nullable=False),
    Column("ridge_period_px", Float),
    sqlite_autoincrement=True,
)

slap = Table(
    "slap",
    metadata,
    key(),
    to("enrolment"),
    Column("slap", String(40), nullable=False),
    Column("blob", String(200), ForeignKey("blob.name"), index=True),
    Column("dpi", Float),
    sqlite_autoincrement=True,
)

template = Table(
    "template",
    metadata,
    key(),
    to("person"),
    to("capture"),
    Column("position", String(40), nullable=False),
    Column("model", String(80), nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)


def _describe(one: Any) -> None:
    who = one.demographics
    one.birth_year = who.birth_date.year if who.birth_date is not None else who.birth_year
    one.missing = tuple(each.position for each in one.exceptions)


_PERSONAL = {
    "consent": Field(Consent, Consent(False)),
    "demographics": Field(Demographics, Demographics(())),
    "exceptions": Field(tuple[PositionException, ...], ()),
}
mapper.map_imperatively(Enrolment, enrolment, properties={ATTRIBUTE: enrolment.c.sealed})
seal(Enrolment, Sealed("enrolment", KeyClass.PERSON, _PERSONAL, _describe))
mapper.map_imperatively(CaptureRecord, capture)
mapper.map_imperatively(SlapRecord, slap)


class SqlEnrolments:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Enrolment) -> None:
        self._session.add(one)

    def add_capture(self, one: CaptureRecord) -> None:
        self._session.add(one)

    def add_slap(self, one: SlapRecord) -> None:
        self._session.add(one)

    def by_id(self, enrolment_id: UUID) -> Enrolment | None:
        return self._session.scalar(select(Enrolment).where(enrolment.c.id == enrolment_id))

    def by_key(self, key: int) -> Enrolment:
        return row_of(self._session, Enrolment, key)

    def by_keys(self, keys: Collection[int]) -> Mapping[int, Enrolment]:
        rows = self._session.scalars(select(Enrolment).where(enrolment.c.key.in_(keys)))
        return {one.key: one for one in rows}

    def captures(self, enrolment_key: int) -> Sequence[CaptureRecord]:
        return self.captures_of([enrolment_key]).get(enrolment_key, ())

    def captures_of(self, enrolment_keys: Collection[int]) -> Mapping[int, Sequence[CaptureRecord]]:
        rows = select(CaptureRecord).where(capture.c.enrolment_key.in_(enrolment_keys)).order_by(capture.c.key)
        found: defaultdict[int, list[CaptureRecord]] = defaultdict(list)
        for one in self._session.scalars(rows):
            found[one.enrolment_key].append(one)
        return found

    def move_blob(self, former: str, name: str) -> None:
        """Have the captures and slaps of a blob refer to another."""
        for one in (capture, slap):
            self._session.execute(update(one).where(one.c.blob == former).values(blob=name))

    def has_blob(self, name: str) -> bool:
        """Whether a capture or slap refers to this blob."""
        found = [exists().where(one.c.blob == name) for one in (capture, slap)]
        return bool(self._session.scalar(select(or_(*found))))

    def capture(self, key: int) -> CaptureRecord:
        return row_of(self._session, CaptureRecord, key)

    def page(self, query: EnrolmentQuery) -> Sequence[Enrolment]:
        rows = select(Enrolment).order_by(enrolment.c.key).limit(query.limit)
        if query.status is not None:
            rows = rows.where(enrolment.c.status == query.status)
        if query.reason is not None:
            rows = rows.where(enrolment.c.reason == query.reason)
        if query.sites is not None:
            rows = rows.where(enrolment.c.site.in_(query.sites))
        if query.after is not None:
            last = select(enrolment.c.key).where(enrolment.c.id == query.after).scalar_subquery()
            rows = rows.where(enrolment.c.key > last)
        return self._session.scalars(rows).all()

    def received(self, limit: int) -> list[Enrolment]:
        rows = select(Enrolment).where(enrolment.c.status == EnrolmentStatus.RECEIVED)
        return list(self._session.scalars(rows.order_by(enrolment.c.key).limit(limit)))

    def begun(self, limit: int) -> list[Enrolment]:
        rows = select(Enrolment).where(enrolment.c.status == EnrolmentStatus.PROCESSING)
        return list(self._session.scalars(rows.order_by(enrolment.c.attempts, enrolment.c.key).limit(limit)))

    def count_waiting(self) -> int:
        rows = select(func.count()).select_from(enrolment).where(enrolment.c.status.in_(WAITING))
        return self._session.scalar(rows) or 0

    def oldest_waiting(self) -> datetime | None:
        oldest: list[datetime] = []
        for status in WAITING:  # one at a time, each the first entry of an index
            rows = select(enrolment.c.received_at).where(enrolment.c.status == status)
            oldest += self._session.scalars(rows.order_by(enrolment.c.key).limit(1)).all()
        return min(oldest, default=None)

    def count_unusable(self) -> Mapping[str, int]:
        unusable = enrolment.c.status == EnrolmentStatus.UNUSABLE
        rows = select(enrolment.c.reason, func.count()).where(unusable).group_by(enrolment.c.reason)
        return {row[0] or "": row[1] for row in self._session.execute(rows)}

    def in_review_of(self, person_keys: Sequence[int]) -> list[Enrolment]:
        rows = select(Enrolment).where(
            enrolment.c.person_key.in_(person_keys), enrolment.c.status == EnrolmentStatus.IN_REVIEW
        )
        return list(self._session.scalars(rows))

    def senders_of(self, person_keys: Collection[int]) -> Collection[str]:
        rows = select(enrolment.c.sent_by).where(enrolment.c.person_key.in_(person_keys)).distinct()
        return self._session.scalars(rows).all()

    def count_by_status(self) -> Mapping[EnrolmentStatus, int]:
        rows = select(enrolment.c.status, func.count()).group_by(enrolment.c.status)
        return {row[0]: row[1] for row in self._session.execute(rows)}


class SqlOrigins:
    """Where people were enrolled, as the registry asks for it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def enrolled_at(self, sites: Collection[str], person_keys: Collection[int]) -> Collection[int]:
        of_these = enrolment.c.person_key.in_(person_keys)
        rows = select(enrolment.c.person_key).where(of_these, enrolment.c.site.in_(sites)).distinct()
        return [key for key in self._session.scalars(rows) if key is not None]

    def never_enrolled(self, person_keys: Collection[int]) -> Collection[int]:
        rows = select(enrolment.c.person_key).where(enrolment.c.person_key.in_(person_keys)).distinct()
        return set(person_keys) - set(self._session.scalars(rows))


class SqlTemplates:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._keys: SqlDataKeys = session.info[KEYS]

    def add(self, templates: Mapping[int, Sequence[TemplateRecord]]) -> None:
        keys = self._keys_of([one.capture_key for some in templates.values() for one in some])
        rows = [
            {
                "person_key": person_key,
                "capture_key": one.capture_key,
                "position": one.position,
                "model": one.model,
                "content": keys[one.capture_key].seal(one.content, _place_of(one)),
            }
            for person_key, some in templates.items()
            for one in some
        ]
        if rows:
            self._session.execute(insert(template), rows)

    def of_people(self, person_keys: Sequence[int]) -> Mapping[int, Sequence[TemplateRecord]]:
        found: defaultdict[int, list[TemplateRecord]] = defaultdict(list)
        rows = select(template).where(template.c.person_key.in_(person_keys)).order_by(template.c.key)
        for person_key, one in self._opened([(row.person_key, row) for row in self._session.execute(rows)]):
            found[person_key].append(one)
        return found

    def move(self, loser_key: int, survivor_key: int) -> None:
        self._session.execute(
            update(template).where(template.c.person_key == loser_key).values(person_key=survivor_key)
        )

    def searched(self, after_person: int) -> Mapping[int, Sequence[TemplateRecord]]:
        keys = self._session.scalars(
            select(person.c.key)
            .where(person.c.status.in_(SEARCHED), person.c.key > after_person)
            .order_by(person.c.key)
            .limit(CHUNK)
        ).all()
        return self.searched_among(keys)

    def searched_among(self, person_keys: Sequence[int]) -> Mapping[int, Sequence[TemplateRecord]]:
        found: dict[int, list[TemplateRecord]] = {}
        for start in range(0, len(person_keys), CHUNK):  # databases bound how many values a query may name
            rows = (
                select(person.c.key, template)
                .join_from(person, template, isouter=True)
                .where(person.c.key.in_(person_keys[start : start + CHUNK]), person.c.status.in_(SEARCHED))
                .order_by(person.c.key, template.c.key)
            )
            read = self._session.execute(rows).all()
            found |= {row[0]: [] for row in read}
            for person_key, one in self._opened([(row[0], row) for row in read if row.content is not None]):
                found[person_key].append(one)
        return found

    def outdated(self, face_model: str, finger_model: str) -> Sequence[tuple[int, int]]:
        is_face = template.c.position == "face"
        rows = select(template.c.key, template.c.capture_key).where(
            or_(and_(is_face, template.c.model != face_model), and_(~is_face, template.c.model != finger_model))
        )
        return [(row.key, row.capture_key) for row in self._session.execute(rows.order_by(template.c.key))]

    def replace(self, template_key: int, one: TemplateRecord) -> None:
        content = self._keys_of([one.capture_key])[one.capture_key].seal(one.content, _place_of(one))
        self._session.execute(
            update(template).where(template.c.key == template_key).values(model=one.model, content=content)
        )

    def drop(self, template_key: int) -> None:
        self._session.execute(delete(template).where(template.c.key == template_key))

    def drop_of_enrolment(self, enrolment_key: int) -> None:
        captures = select(capture.c.key).where(capture.c.enrolment_key == enrolment_key)
        self._session.execute(delete(template).where(template.c.capture_key.in_(captures)))

    def _keys_of(self, capture_keys: Sequence[int]) -> Mapping[int, DataKey]:
        """The keys of the captures' enrolments, by capture."""
        owners: dict[int, str] = {}
        for start in range(0, len(capture_keys), CHUNK):
            rows = select(capture.c.key, enrolment.c.id).join(enrolment, enrolment.c.key == capture.c.enrolment_key)
            some = self._session.execute(rows.where(capture.c.key.in_(capture_keys[start : start + CHUNK])))
            owners |= {row.key: f"enrolment/{row.id}" for row in some}
        keys = self._keys.of_owners(list(owners.values()), KeyClass.TEMPLATE)
        return {key: keys[owner] for key, owner in owners.items()}

    def _opened(self, rows: Sequence[tuple[int, Any]]) -> Iterator[tuple[int, TemplateRecord]]:
        """Rows of templates, each with the key of its person."""
        sealed = [(row.content, _place(row.capture_key, row.position, row.model)) for _, row in rows]
        for (person_key, row), content in zip(rows, self._keys.open_many(sealed), strict=True):
            yield person_key, TemplateRecord(row.capture_key, row.position, row.model, content)


def _place_of(one: TemplateRecord) -> str:
    """What a template is sealed for."""
    return _place(one.capture_key, one.position, one.model)


def _place(capture_key: int, position: str, model: str) -> str:
    """What a template is sealed for: its capture, position, and networks."""
    return f"template/{capture_key}/{position}/{model}"
