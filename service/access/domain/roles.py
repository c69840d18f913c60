"""Roles, and what each may do. Routes are given a permission; this table alone states who has it."""

from collections.abc import Mapping
from enum import StrEnum


class AccessRole(StrEnum):
    """What a token acts as.

    enroller: a counter. adjudicator: decides cases. supervisor: does so too, and answers for a team. social_worker:
    receives and follows families. auditor: sees what others did, and changes nothing. data_protection_officer: answers
    people about their own data, and erases them. administrator: tokens, devices and the index; no personal data.
    """

    ENROLLER = "enroller"
    ADJUDICATOR = "adjudicator"
    SUPERVISOR = "supervisor"
    SOCIAL_WORKER = "social_worker"
    AUDITOR = "auditor"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One thing that may be asked of the registry."""

    ENROL = "enrol"
    LIST_ENROLMENTS = "list_enrolments"
    READ_ENROLMENT = "read_enrolment"
    READ_PERSON = "read_person"
    READ_HOUSEHOLD = "read_household"
    CHANGE_HOUSEHOLD = "change_household"
    """Who lives where, in which role, births and deaths; and take such a change back."""
    RECORD_CONSENT = "record_consent"
    """That a person gave consent to share their data, or revoked it."""
    IDENTIFY = "identify"
    VERIFY = "verify"
    JUDGE_QUALITY = "judge_quality"
    READ_CASES = "read_cases"
    DECIDE_CASES = "decide_cases"
    READ_FINDINGS = "read_findings"
    CLOSE_FINDINGS = "close_findings"
    READ_TASKS = "read_tasks"
    HANDLE_TASKS = "handle_tasks"
    """Give a task to somebody, and close it."""
    AUDIT = "audit"
    """Read the record of who did and saw what."""
    ERASE = "erase"
    """Have a person erased, and read the certificate."""
    ADMINISTER = "administer"
    """Tokens, devices, the index and the store of captures; done by commands."""


_DECIDING = frozenset(
    {
        Permission.LIST_ENROLMENTS,
        Permission.READ_ENROLMENT,
        Permission.READ_PERSON,
        Permission.READ_HOUSEHOLD,
        Permission.IDENTIFY,
        Permission.VERIFY,
        Permission.JUDGE_QUALITY,
        Permission.READ_CASES,
        Permission.DECIDE_CASES,
        Permission.READ_FINDINGS,
        Permission.CLOSE_FINDINGS,
    }
)
PERMISSIONS: Mapping[AccessRole, frozenset[Permission]] = {
    AccessRole.ENROLLER: frozenset(
        {
            Permission.ENROL,
            Permission.READ_ENROLMENT,
            Permission.READ_PERSON,
            Permission.READ_HOUSEHOLD,
            Permission.IDENTIFY,
            Permission.VERIFY,
            Permission.JUDGE_QUALITY,
            Permission.CHANGE_HOUSEHOLD,
            Permission.RECORD_CONSENT,
            Permission.READ_TASKS,
        }
    ),
    AccessRole.ADJUDICATOR: _DECIDING,
    AccessRole.SUPERVISOR: _DECIDING
    | {Permission.CHANGE_HOUSEHOLD, Permission.RECORD_CONSENT, Permission.READ_TASKS, Permission.HANDLE_TASKS},
    AccessRole.SOCIAL_WORKER: frozenset(
        {
            Permission.READ_PERSON,
            Permission.READ_HOUSEHOLD,
            Permission.CHANGE_HOUSEHOLD,
            Permission.RECORD_CONSENT,
            Permission.VERIFY,
            Permission.READ_TASKS,
            Permission.HANDLE_TASKS,
        }
    ),
    AccessRole.AUDITOR: frozenset(
        {Permission.LIST_ENROLMENTS, Permission.READ_CASES, Permission.READ_FINDINGS, Permission.AUDIT}
    ),
    AccessRole.DATA_PROTECTION_OFFICER: frozenset(
        {
            Permission.LIST_ENROLMENTS,
            Permission.READ_ENROLMENT,
            Permission.READ_PERSON,
            Permission.READ_HOUSEHOLD,
            Permission.AUDIT,
            Permission.ERASE,
        }
    ),
    AccessRole.ADMINISTRATOR: frozenset({Permission.LIST_ENROLMENTS, Permission.ADMINISTER}),
}
"""No role has two of those in APART: whoever acts is checked by another."""
APART = (
    frozenset({Permission.DECIDE_CASES, Permission.AUDIT}),
    frozenset({Permission.ENROL, Permission.DECIDE_CASES}),
    frozenset({Permission.ADMINISTER, Permission.DECIDE_CASES}),
    frozenset({Permission.ADMINISTER, Permission.ENROL}),
    frozenset({Permission.ADMINISTER, Permission.AUDIT}),
    frozenset({Permission.ERASE, Permission.ENROL}),
    frozenset({Permission.ERASE, Permission.DECIDE_CASES}),
)


def roles_with(permission: Permission) -> list[AccessRole]:
    """Who may do this, in the order of AccessRole."""
    return [role for role in AccessRole if permission in PERMISSIONS[role]]
