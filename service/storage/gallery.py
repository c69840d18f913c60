"""What the gallery must follow: who is searched, and the order of changes."""

import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from service.domain.people import SEARCHED
from service.ports import TemplateRecord
from service.storage.tables import capture, gallery_change, gallery_state, person, template

CHUNK = 1000


class SqlGalleryLog:
    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self) -> None:
        self._session.execute(select(gallery_state.c.sequence).with_for_update())

    def changed(self, person_key: int) -> None:
        counted = update(gallery_state).values(sequence=gallery_state.c.sequence + 1)
        sequence = self._session.scalar(counted.returning(gallery_state.c.sequence))
        self._session.execute(
            insert(gallery_change).values(sequence=sequence, person_key=person_key, mark=secrets.token_hex(8))
        )

    def after(self, sequence: int) -> tuple[int, list[int]]:
        rows = self._session.execute(
            select(gallery_change.c.sequence, gallery_change.c.person_key)
            .where(gallery_change.c.sequence > sequence)
            .order_by(gallery_change.c.sequence)
        ).all()
        return (rows[-1].sequence if rows else sequence), list(dict.fromkeys(row.person_key for row in rows))

    def last(self) -> int:
        return self._session.scalar(select(gallery_state.c.sequence)) or 0

    def mark_of(self, sequence: int) -> str | None:
        rows = select(gallery_change.c.mark).where(gallery_change.c.sequence == sequence)
        return self._session.scalar(rows)

    def sequence_of(self, mark: str) -> int | None:
        rows = select(gallery_change.c.sequence).where(gallery_change.c.mark == mark)
        return self._session.scalar(rows)

    def searched(self, after_person: int) -> Mapping[int, list[TemplateRecord]]:
        keys = self._session.scalars(
            select(person.c.key)
            .where(person.c.status.in_(SEARCHED), person.c.key > after_person)
            .order_by(person.c.key)
            .limit(CHUNK)
        ).all()
        return self.searched_among(keys)

    def searched_among(self, person_keys: Sequence[int]) -> Mapping[int, list[TemplateRecord]]:
        found: dict[int, list[TemplateRecord]] = {}
        for start in range(0, len(person_keys), CHUNK):  # databases bound how many values a query may name
            rows = (
                select(person.c.key, template)
                .join_from(person, template, isouter=True)
                .where(person.c.key.in_(person_keys[start : start + CHUNK]), person.c.status.in_(SEARCHED))
                .order_by(person.c.key, template.c.key)
            )
            for row in self._session.execute(rows):
                templates = found.setdefault(row[0], [])
                if row.content is not None:
                    templates.append(TemplateRecord(row.capture_key, row.position, row.model, row.content))
        return found

    def outdated(self, face_model: str, finger_model: str) -> list[tuple[int, int]]:
        is_face = template.c.position == "face"
        rows = select(template.c.key, template.c.capture_key).where(
            or_(and_(is_face, template.c.model != face_model), and_(~is_face, template.c.model != finger_model))
        )
        return [(row.key, row.capture_key) for row in self._session.execute(rows.order_by(template.c.key))]

    def replace(self, template_key: int, one: TemplateRecord) -> None:
        self._session.execute(
            update(template).where(template.c.key == template_key).values(model=one.model, content=one.content)
        )

    def drop(self, template_key: int) -> None:
        self._session.execute(delete(template).where(template.c.key == template_key))

    def drop_of_enrolment(self, enrolment_key: int) -> None:
        captures = select(capture.c.key).where(capture.c.enrolment_key == enrolment_key)
        self._session.execute(delete(template).where(template.c.capture_key.in_(captures)))
