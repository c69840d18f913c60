"""What was planted through the real service lies nowhere in its home, database or log, on both databases."""

import numpy as np
import pytest
from sqlalchemy import select, update

from service.bootstrap import App
from service.enrolment.storage import enrolment
from service.kit.errors import SealBroken
from service.registry.domain.people import Demographics, Name
from service.storage.unit import METADATA
from tests.captures import capture
from tests.service.made_up import received

PLANTED = Demographics((Name("Latn", "Zipporah Quillfeather"), Name("Arab", "زبيدة الخوارزمي")))
FACE = {"face": "obama.jpg"}


def everything(app: App) -> bytes:
    """All bytes of the home, and all rows as PostgreSQL keeps them: text, JSON and bytes."""
    home = app.store.settings.home
    files = [one.read_bytes() for one in home.rglob("*") if one.is_file() and "gallery" not in one.parts]
    with app.store.database.connect() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(select(table)):
                files += [one if isinstance(one, bytes) else str(one).encode() for one in row]
    return b"\n".join(files)


def test_nothing_personal_lies_plain(app: App) -> None:
    received(app, FACE, demographics=PLANTED)
    app.worker.process()
    found = everything(app)
    with app.store.storage.read() as uow:
        (kept,) = uow.people.by_keys([1]).values()
        assert kept.demographics == PLANTED
        vector = np.frombuffer(uow.templates.of_people([1])[1][0].content[-64:], np.uint8).tobytes()
    shot = capture(FACE["face"])
    planted = [name.full.encode() for name in PLANTED.names]
    planted += [name.full.encode("unicode_escape") for name in PLANTED.names]
    for one in (*planted, shot[:64], shot[1000:1064], vector):
        assert one not in found


def test_sealed_columns_open_in_their_own_row_alone(app: App) -> None:
    for _ in range(2):
        received(app, FACE, demographics=PLANTED)
    with app.store.database.begin() as connection:
        first = select(enrolment.c.sealed).where(enrolment.c.key == 1).scalar_subquery()
        connection.execute(update(enrolment).where(enrolment.c.key == 2).values(sealed=first))
    with app.store.storage.read() as uow, pytest.raises(SealBroken, match="moved"):
        _ = uow.enrolments.by_key(2).demographics
