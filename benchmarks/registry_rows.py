"""Rows of a registry as its database holds them, written in bulk: a million enrolments in minutes, without captures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, insert

from service.adjudication.domain.cases import CaseStatus
from service.adjudication.domain.evidence import Band, Hypothesis, PositionEvidence
from service.adjudication.storage import case, case_candidate
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.enrolment.storage import capture, enrolment, template
from service.kit.ids import new_uuid
from service.kit.sql.blobs import blob
from service.registry.domain.changes import ChangeKind
from service.registry.domain.people import PersonStatus
from service.registry.storage.households import household, membership
from service.registry.storage.people import person
from service.registry.storage.versions import change_about, registry_change

FINGERS = ("right_thumb", "right_index", "left_thumb", "left_index")
TABLES = (
    person,
    household,
    registry_change,
    change_about,
    membership,
    enrolment,
    blob,
    capture,
    template,
    case,
    case_candidate,
)
"""In the order in which rows may refer to each other."""


class Rows:
    """Collects rows with keys of its own, from 1 on, for a registry that is empty; `write` empties it."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._last: defaultdict[str, int] = defaultdict(int)
        self._ids: dict[int, UUID] = {}

    def person(self, at: datetime, born: int | None = 1990) -> int:
        values = {"status": PersonStatus.ACTIVE, "number": None, "survivor_key": None, "sealed": None}
        return self._add(person, id=new_uuid(), created_at=at, **values)

    def household(self, at: datetime, *people: int) -> int:
        home = self._add(household, client_id=None, household_id=None, survivor_key=None, created_at=at)
        for one in people:
            change = self._add(
                registry_change,
                id=new_uuid(),
                kind=ChangeKind.ENROLLED,
                effective=at.date(),
                recorded_at=at,
                by="benchmark",
                role="enroller",
                site=None,
                reason=None,
                undoes_key=None,
                sealed=None,
            )
            self._add(change_about, change_key=change, household_key=home, person_key=one)
            self._add(
                membership,
                household_key=home,
                person_key=one,
                role="spouse",
                resides=True,
                valid_from=at.date(),
                valid_to=None,
                recorded_by=change,
                superseded_by=None,
            )
        return home

    def enrolment(
        self,
        at: datetime,
        device: str,
        sender: str,
        *,
        subject: int,
        qualities: Sequence[int] = (),
        period: float | None = None,
        missing: Sequence[str] = (),
        home: int | None = None,
    ) -> int:
        """qualities: of the fingers that were captured; the face comes by itself."""
        made = new_uuid()
        values = {
            "content_hash": "",
            "site": "site",
            "captured_at": at,
            "sealed": None,
            "birth_year": 1990,
            "missing": tuple(missing),
            "claim": None,
            "status": EnrolmentStatus.ENROLLED,
            "attempts": 0,
            "reason": None,
            "finished_at": at,
        }
        key = self._add(
            enrolment,
            id=made,
            device=device,
            sent_by=sender,
            received_at=at,
            person_key=subject,
            household_key=home,
            **values,
        )
        self._ids[key] = made
        self._capture(key, "face", 80, None, at)
        for position, quality in zip(FINGERS, qualities, strict=False):
            self._capture(key, position, quality, period, at)
        return key

    def templates(self, owner: int, enrolled: int, positions: Sequence[str]) -> None:
        """Of captures that the enrolment has; their content is nothing."""
        of = {row["position"]: row["key"] for row in self._rows["capture"] if row["enrolment_key"] == enrolled}
        for position in positions:
            self._add(
                template, person_key=owner, capture_key=of[position], position=position, model="none", content=b""
            )

    def case(
        self,
        enrolled: int,
        subject: int,
        at: datetime,
        candidates: Mapping[int, Hypothesis],
        *,
        band: Band = Band.REVIEW,
        status: CaseStatus = CaseStatus.OPEN,
    ) -> UUID:
        """The evidence of each candidate is a face that matches and a finger that does not."""
        made = new_uuid()
        thresholds = {"band": band, "review_at": 4.0, "duplicate_at": 6.0, "gallery_size": 1000}
        decided = dict.fromkeys(("decision", "sealed", "decided_by", "decided_at", "survivor_key"))
        key = self._add(
            case,
            id=made,
            enrolment_key=enrolled,
            person_key=subject,
            opened_at=at,
            status=status,
            marks=(),
            **thresholds,
            **decided,
        )
        evidence = {"face": PositionEvidence(0.7, 5.0), "right_index": PositionEvidence(0.0, -1.0)}
        for rank, (candidate, hypothesis) in enumerate(candidates.items(), start=1):
            self._add(
                case_candidate,
                case_key=key,
                person_key=candidate,
                rank=rank,
                log10_lr=5.0,
                rarity=5.0,
                hypothesis=hypothesis,
                band=band,
                evidence=evidence,
            )
        return made

    def id_of(self, enrolled: int) -> UUID:
        return self._ids[enrolled]

    def forget(self) -> None:
        """Keep no IDs of what was written."""
        self._ids.clear()

    def write(self, database: Engine) -> None:
        with database.begin() as connection:
            self.write_into(connection)

    def write_into(self, connection: Connection) -> None:
        for table in TABLES:
            if rows := self._rows.pop(table.name, None):
                connection.execute(insert(table), rows)

    def _capture(self, enrolled: int, position: str, quality: int, period: float | None, at: datetime) -> None:
        name = f"{enrolled}/{position}"
        self._add(blob, name=name, sha256="0" * 64, size=1, owner=f"enrolment/{enrolled}", stored_at=at, sealed=True)
        self._add(
            capture,
            enrolment_key=enrolled,
            position=position,
            blob=name,
            dpi=None,
            quality=quality,
            reasons=[],
            problem=None,
            detail=None,
            liveness=None,
            warnings=[],
            ridge_period_px=period,
        )

    def _add(self, table: Table, **values: Any) -> int:
        self._last[table.name] += 1
        self._rows[table.name].append({"key": self._last[table.name], **values})
        return self._last[table.name]
