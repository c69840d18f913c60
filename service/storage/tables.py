"""The tables, and which domain class each holds. Mapped from outside, so that the domain stays plain Python."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import registry

from service.domain.access import AccessRole, Token
from service.domain.cases import Case, CaseCandidate, CaseStatus, Verdict
from service.domain.decision import Band, PositionEvidence
from service.domain.enrolments import (
    CaptureRecord,
    Consent,
    Enrolment,
    EnrolmentStatus,
    HouseholdClaim,
    Liveness,
    PositionException,
)
from service.domain.households import Household, Membership, Role
from service.domain.people import Demographics, Person, PersonStatus
from service.storage.types import AsJson, Instant, word

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
Key = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself only in an INTEGER key


def _key() -> Column[int]:
    return Column("key", Key, primary_key=True)


def _to(table: str, *, nullable: bool = False, index: bool = True) -> Column[int]:
    return Column(f"{table}_key", Key, ForeignKey(f"{table}.key"), nullable=nullable, index=index)


person = Table(
    "person",
    metadata,
    _key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("status", word(PersonStatus), nullable=False),
    Column("number", String(20), unique=True),
    Column("survivor_key", Key, ForeignKey("person.key"), index=True),
    Column("demographics", AsJson(Demographics), nullable=False),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

household = Table(
    "household",
    metadata,
    _key(),
    Column("client_id", Uuid, unique=True),
    Column("registry_id", String(20), unique=True),
    Column("survivor_key", Key, ForeignKey("household.key")),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

membership = Table(
    "membership",
    metadata,
    _key(),
    _to("household"),
    _to("person", index=False),
    Column("role", word(Role), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    # One home at a time.
    Index(
        "uq_membership_current",
        "person_key",
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
    sqlite_autoincrement=True,
)

enrolment = Table(
    "enrolment",
    metadata,
    _key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("content_hash", String(64), nullable=False),
    Column("site", String(200), nullable=False),
    Column("device", String(200), nullable=False),
    Column("captured_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("consent", AsJson(Consent), nullable=False),
    Column("demographics", AsJson(Demographics), nullable=False),
    Column("exceptions", AsJson(tuple[PositionException, ...]), nullable=False),
    Column("claim", AsJson(HouseholdClaim)),
    _to("household", nullable=True),
    _to("person", nullable=True),
    Column("status", word(EnrolmentStatus), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),
    Column("finished_at", Instant),
    Index("ix_enrolment_status_key", "status", "key"),
    sqlite_autoincrement=True,
)

capture = Table(
    "capture",
    metadata,
    _key(),
    _to("enrolment"),
    Column("position", String(40), nullable=False),
    Column("blob", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("dpi", Float),
    Column("quality", Integer),
    Column("reasons", AsJson(list[str]), nullable=False),
    Column("problem", String(60)),
    Column("detail", Text),
    Column("liveness", AsJson(Liveness)),
    sqlite_autoincrement=True,
)

template = Table(
    "template",
    metadata,
    _key(),
    _to("person"),
    _to("capture"),
    Column("position", String(40), nullable=False),
    Column("model", String(80), nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

case = Table(
    "review_case",
    metadata,
    _key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("enrolment_key", Key, ForeignKey("enrolment.key"), unique=True),
    _to("person"),
    Column("band", word(Band), nullable=False),
    Column("review_at", Float, nullable=False),
    Column("duplicate_at", Float, nullable=False),
    Column("gallery_size", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("status", word(CaseStatus), nullable=False),
    Column("verdict", word(Verdict)),
    Column("reason", Text),
    Column("decided_by", String(200)),
    Column("decided_at", Instant),
    Column("survivor_key", Key, ForeignKey("person.key")),
    Index("ix_review_case_status_key", "status", "key"),
    sqlite_autoincrement=True,
)

case_candidate = Table(
    "case_candidate",
    metadata,
    _key(),
    Column("case_key", Key, ForeignKey("review_case.key"), nullable=False, index=True),
    _to("person"),
    Column("rank", Integer, nullable=False),
    Column("log10_lr", Float, nullable=False),
    Column("band", word(Band), nullable=False),
    Column("evidence", AsJson(Mapping[str, PositionEvidence]), nullable=False),
    sqlite_autoincrement=True,
)

token = Table(
    "token",
    metadata,
    _key(),
    Column("name", String(200), nullable=False, unique=True),
    Column("role", word(AccessRole), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)

# One row: who holds its lock may change who is enrolled, and numbers the change.
gallery_state = Table(
    "gallery_state",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Key, nullable=False),
)

gallery_change = Table(
    "gallery_change",
    metadata,
    Column("sequence", Key, primary_key=True, autoincrement=False),
    _to("person", index=False),
    # Random: tells this history from that of another database, or of one restored from a copy.
    Column("mark", String(16), nullable=False, unique=True),
)

mapped = {
    Person: person,
    Household: household,
    Membership: membership,
    Enrolment: enrolment,
    CaptureRecord: capture,
    Case: case,
    CaseCandidate: case_candidate,
    Token: token,
}


@cache
def map_domain() -> None:
    """Tell SQLAlchemy which class lives in which table; once a process."""
    mapper = registry(metadata=metadata)
    for kind, table in mapped.items():
        mapper.map_imperatively(kind, table)
