"""How each field of the database and each file of the home lies on the disk, and why.

README.md shows it; tests hold it against the tables, and against the home of a service that ran.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    SEALED = "sealed"
    """AES-256-GCM under a data key of the field's owner."""
    WRAPPED = "wrapped"
    """A key, under another key."""
    HASHED = "hashed"
    """SHA-256 of a secret too long to guess, HMAC under a key of the registry, or Argon2id of what people choose."""
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Kept:
    """where: a table; for files a pattern below the home, and no fields."""

    where: str
    fields: tuple[str, ...]
    how: How
    why: str


def _kept(how: How, where: str, fields: str, why: str) -> Kept:
    return Kept(where, tuple(fields.split()), how, why)


AT_REST: Sequence[Kept] = (
    _kept(How.SEALED, "person", "sealed", "names, sex, birth date and year"),
    _kept(How.PLAIN, "person", "key id status number survivor_key created_at", "identifiers, dates and states"),
    _kept(How.SEALED, "enrolment", "sealed", "consent, demographics as sent, why fingers are missing"),
    _kept(How.PLAIN, "enrolment", "birth_year missing", "the year and the positions alone: patterns are found by them"),
    _kept(
        How.HASHED, "enrolment", "content_hash", "tells a repeat; covers the captures' bytes, which nobody can guess"
    ),
    _kept(
        How.PLAIN,
        "enrolment",
        "key id sent_by site device captured_at received_at claim household_key person_key status attempts reason"
        " finished_at adds_to_key",
        "identifiers, dates, states and codes",
    ),
    _kept(How.SEALED, "template", "content", "vector and minutiae of one capture"),
    _kept(How.PLAIN, "template", "key person_key capture_key position model", "identifiers; rows are found by them"),
    _kept(
        How.PLAIN,
        "capture",
        "key enrolment_key position blob dpi quality reasons problem detail liveness warnings ridge_period_px",
        "what was measured of the picture, not the picture",
    ),
    _kept(How.PLAIN, "slap", "key enrolment_key slap blob dpi", "identifiers"),
    _kept(
        How.PLAIN, "blob", "key name sha256 size owner stored_at sealed", "names and hashes of files that are sealed"
    ),
    _kept(How.PLAIN, "store", "only_row store_id", "an identifier"),
    _kept(How.SEALED, "review_case", "sealed", "the operator's words for a decision"),
    _kept(
        How.PLAIN,
        "review_case",
        "key id enrolment_key person_key band review_at duplicate_at gallery_size opened_at status decision decided_by"
        " decided_at survivor_key marks",
        "identifiers, thresholds, states",
    ),
    _kept(
        How.PLAIN,
        "case_candidate",
        "key case_key person_key rank log10_lr rarity hypothesis band evidence demographics",
        "scores per position and, by whole decades, per field of what is stated; no vector, no word",
    ),
    _kept(How.HASHED, "demographic_key", "token", "keyed hash (HMAC) of combinations of what a person states"),
    _kept(How.PLAIN, "demographic_key", "key person_key", "identifiers"),
    _kept(How.PLAIN, "best_found", "key enrolment_key people person_key rarity", "identifiers and a score"),
    _kept(
        How.PLAIN,
        "walk",
        "key id settings opens_cases begun_by begun_at status after_key people pairs cases finished_at",
        "progress of a search of all records",
    ),
    _kept(
        How.PLAIN,
        "walk_pair",
        "key walk_key person_key other_key band log10_lr rarity hypothesis evidence",
        "identifiers and scores",
    ),
    _kept(How.PLAIN, "household", "key client_id household_id survivor_key created_at", "identifiers and a date"),
    _kept(
        How.PLAIN,
        "membership",
        "key household_key person_key role resides valid_from valid_to recorded_by superseded_by",
        "identifiers, role, dates",
    ),
    _kept(
        How.PLAIN,
        "household_state",
        "key household_key status into_key valid_from valid_to recorded_by superseded_by",
        "identifiers, a state, dates",
    ),
    _kept(
        How.PLAIN,
        "person_state",
        "key person_key status valid_from valid_to recorded_by superseded_by",
        "identifiers, whether a person is there, dates",
    ),
    _kept(
        How.PLAIN,
        "payee",
        "key household_key person_key rank valid_from valid_to recorded_by superseded_by",
        "identifiers and dates",
    ),
    _kept(How.SEALED, "fact", "sealed", "what a fact states, and the name of its source"),
    _kept(
        How.HASHED, "fact", "token", "of a document's number, under a key of the registry: equal ones are found by it"
    ),
    _kept(
        How.PLAIN,
        "fact",
        "key id household_key person_key other_key kind source verification checked_on holds valid_from valid_to"
        " recorded_by superseded_by",
        "identifiers, dates and codes; who is related to whom, not how",
    ),
    _kept(
        How.HASHED,
        "search_token",
        "token",
        "keyed (HMAC-SHA-256) of sounds of names, alone and in pairs, with the birth year or without, of documents and"
        " phones; deleted with the person",
    ),
    _kept(
        How.HASHED,
        "imported_row",
        "token content",
        "keyed (HMAC-SHA-256) of a person's key in another system, and of what the row stated; deleted with the person",
    ),
    _kept(How.PLAIN, "imported_row", "person_key", "an identifier"),
    _kept(
        How.PLAIN, "search_token", "person_key kind", "an identifier, what was hashed; who shares tokens sounds alike"
    ),
    _kept(How.SEALED, "consent", "sealed", "the paper that shows it, words, the name of a guardian without a number"),
    _kept(
        How.PLAIN,
        "consent",
        "key id person_key purpose programme act at by role site text_version guardian_key",
        "identifiers, dates and codes",
    ),
    _kept(How.PLAIN, "area", "key code level parent names closed_on", "places of the country, and no one"),
    _kept(
        How.SEALED,
        "registry_change",
        "sealed",
        "the operator's words for a change, the paper that shows it, a hash of the order",
    ),
    _kept(
        How.PLAIN,
        "registry_change",
        "key id kind effective recorded_at by role site reason undoes_key",
        "what was changed, when and by whom, by codes",
    ),
    _kept(How.PLAIN, "change_about", "key change_key household_key person_key", "identifiers"),
    _kept(How.SEALED, "card", "sealed", "the name on the card, and the text of its QR code, which has it too"),
    _kept(
        How.PLAIN,
        "card",
        "key id serial household_key person_key issued_on issued_by reason revoked_at revoked_by",
        "identifiers, dates and codes",
    ),
    _kept(How.SEALED, "task", "sealed", "the operator's words for closing it"),
    _kept(
        How.PLAIN,
        "task",
        "key id kind household_key person_key ref opened_at due details owner state outcome closed_by closed_at",
        "identifiers, dates, states and codes; turning_18 and captures_due tell the month of a birth",
    ),
    _kept(
        How.PLAIN,
        "task_due",
        "person_key kind ref on",
        "of a child the months of the ages that matter, and so the month of birth, not the day; when documents expire",
    ),
    _kept(How.PLAIN, "birth_reading", "only_row after_key ages", "progress"),
    _kept(How.SEALED, "finding", "sealed", "the operator's words for closing it"),
    _kept(
        How.PLAIN,
        "finding",
        "key id pattern kind name site scope count of expected since until measured usual enrolments found_at status"
        " closed_by closed_at",
        "counts per token, device and site",
    ),
    _kept(How.HASHED, "token", "sha256 previous_sha256", "of 256 random bits"),
    _kept(
        How.PLAIN,
        "token",
        "key name role created_at revoked_at site area device expires_at last_used_at previous_until",
        "names of devices and dates",
    ),
    _kept(
        How.HASHED, "operator", "password_hash code_sha256", "Argon2id of the password; SHA-256 of the one-time code"
    ),
    _kept(How.SEALED, "operator", "totp_sealed", "the secret of the authenticator app"),
    _kept(
        How.PLAIN,
        "operator",
        "key id name role site area created_at totp_step failures locked_until code_until disabled_at"
        " oidc_issuer oidc_subject",
        "names for signing in, and what the lockout counts",
    ),
    _kept(
        How.PLAIN,
        "passkey",
        "key id operator_key name credential_id public_key sign_count created_at last_used_at revoked_at",
        "the public half; the other never leaves its device",
    ),
    _kept(How.PLAIN, "used_ticket", "id until", "identifiers that counted once"),
    _kept(How.PLAIN, "site_area", "site area", "names of sites and areas"),
    _kept(How.HASHED, "operator_session", "sha256", "of 256 random bits"),
    _kept(How.PLAIN, "operator_session", "key id operator_key created_at seen_at ends_at closed_at", "dates"),
    _kept(
        How.PLAIN,
        "audit_entry",
        "lane number at action actor role site channel request_id address target_kind target_id people details reason"
        " hash",
        "identifiers, codes and figures",
    ),
    _kept(How.SEALED, "audit_entry", "payload", "the operator's words for what was decided"),
    _kept(How.PLAIN, "audit_concern", "person lane number", "identifiers, to find entries by"),
    _kept(How.PLAIN, "audit_lane", "lane number hash", "heads of the chains"),
    _kept(How.PLAIN, "audit_checkpoint", "number at statement signature public_key", "signed heads of the chains"),
    _kept(How.PLAIN, "audit_sent", "lane number", "progress of the feed"),
    _kept(
        How.PLAIN,
        "erasure",
        "key id person_id number at by role ground reference sequence destroyed files_at listed_at snapshots_at"
        " cleaned_at statement signature public_key",
        "what remains of who was erased: number, when, by whom, on what ground, and the signed certificate",
    ),
    _kept(How.PLAIN, "erasure_name", "name erasure_key", "numbers and identifiers that are never given again"),
    _kept(How.PLAIN, "cleaning", "only_row wanted_at", "when the database's files were last written anew"),
    _kept(How.PLAIN, "change", "sequence topic subject_key history_id", "identifiers"),
    _kept(How.PLAIN, "feed_state", "key sequence", "a counter"),
    _kept(How.PLAIN, "turn", "lock number seen_at trouble", "whose turn it is to process"),
    _kept(How.WRAPPED, "data_key", "wrapped", "under the key of its class and month"),
    _kept(How.PLAIN, "data_key", "id owner kind period_key_key", "identifiers; erasing an owner finds keys by them"),
    _kept(How.WRAPPED, "period_key", "wrapped", "under the key-encryption key"),
    _kept(How.PLAIN, "period_key", "key kind period wrapped_by", "identifiers"),
    _kept(How.WRAPPED, "key_encryption_key", "check", "a known word, by which a wrong key is told"),
    _kept(How.PLAIN, "key_encryption_key", "id made_at current", "identifiers; the key itself is not in the database"),
)
FILES: Sequence[Kept] = (
    Kept("captures/*/*", (), How.SEALED, "pictures as they were sent"),
    Kept("captures/.store-id", (), How.PLAIN, "an identifier"),
    Kept(
        "gallery/*/*/*",
        (),
        How.SEALED,
        "snapshots, mapped files too, in blocks; their names and sizes tell how many people",
    ),
    Kept("jisr.db*", (), How.PLAIN, "SQLite's file and its log: the tables below"),
    Kept("keys/*", (), How.PLAIN, "the key-encryption keys, unless they are elsewhere"),
    Kept("audit/*", (), How.PLAIN, "checkpoints, erasures, and the key that signs them: identifiers"),
    Kept("cards/*", (), How.PLAIN, "the key that signs household cards, and its public half"),
    Kept("*.lock", (), How.PLAIN, "empty"),
)
