"""What can be done or seen, by a stable code, and in words for the person whose data it was."""

from enum import StrEnum


class Action(StrEnum):
    """Codes stay as they are for ever: entries hold them."""

    TOKEN_CREATE = "token.create"  # noqa: S105 no secret
    TOKEN_ROTATE = "token.rotate"  # noqa: S105
    TOKEN_REVOKE = "token.revoke"  # noqa: S105
    TOKEN_LIST = "token.list"  # noqa: S105
    OPERATOR_CREATE = "operator.create"
    OPERATOR_RESET = "operator.reset"
    OPERATOR_DISABLE = "operator.disable"
    OPERATOR_LIST = "operator.list"
    OPERATOR_BIND = "operator.bind"
    OPERATOR_ACTIVATE = "operator.activate"
    PASSKEY_ADD = "passkey.add"
    PASSKEY_LIST = "passkey.list"
    PASSKEY_REVOKE = "passkey.revoke"
    SESSION_OPEN = "session.open"
    SESSION_CLOSE = "session.close"
    SESSION_LIST = "session.list"
    SESSION_END = "session.end"
    PASSWORD_CHANGE = "password.change"  # noqa: S105
    SITE_ASSIGN = "site.assign"
    SITE_LIST = "site.list"
    SIGN_IN_FAILED = "sign_in.failed"
    ACCESS_REFUSED = "access.refused"
    ENROLMENT_RECEIVE = "enrolment.receive"
    CAPTURES_RECEIVE = "captures.receive"
    ENROLMENT_CONCLUDE = "enrolment.conclude"
    ENROLMENT_READ = "enrolment.read"
    ENROLMENT_LIST = "enrolment.list"
    ENROLMENT_RETRY = "enrolment.retry"
    CAPTURE_JUDGE = "capture.judge"
    TEMPLATE_EXTRACT = "template.extract"
    PERSON_READ = "person.read"
    PERSON_SEARCH = "person.search"
    PERSON_IDENTIFY = "person.identify"
    PERSON_VERIFY = "person.verify"
    PERSON_CHECK = "person.check"
    PERSON_ACCESSES = "person.accesses"
    PERSON_ERASE = "person.erase"
    PERSON_EXPORT = "person.export"
    ERASURE_PREVIEW = "erasure.preview"
    ERASURE_READ = "erasure.read"
    ERASURE_VERIFY = "erasure.verify"
    ERASURES_REAPPLY = "erasures.reapply"
    DATA_PURGE = "data.purge"
    HOUSEHOLD_READ = "household.read"
    HOUSEHOLD_TIMELINE = "household.timeline"
    PERSON_TIMELINE = "person.timeline"
    CHANGE_MAKE = "change.make"
    CHANGE_UNDO = "change.undo"
    CHANGE_PREVIEW = "change.preview"
    CHANGE_READ = "change.read"
    CONSENT_RECORD = "consent.record"
    CONSENT_READ = "consent.read"
    CONSENT_CHECK = "consent.check"
    FACTS_READ = "facts.read"
    REGISTRY_REINDEX = "registry.reindex"
    PEOPLE_IMPORT = "people.import"
    AREAS_IMPORT = "areas.import"
    AREA_LIST = "area.list"
    CARD_ISSUE = "card.issue"
    CARD_READ = "card.read"
    CARD_PRINT = "card.print"
    CARD_REVOKE = "card.revoke"
    CARD_VERIFY = "card.verify"
    CARD_REVOKED = "card.revoked"
    CASE_READ = "case.read"
    CASE_LIST = "case.list"
    CASE_DECIDE = "case.decide"
    WALK_BEGIN = "walk.begin"
    WALK_STEP = "walk.step"
    WALK_FINISH = "walk.finish"
    PAIRS_EXPORT = "pairs.export"
    RATES_MEASURE = "rates.measure"
    STATEMENTS_REINDEX = "statements.reindex"
    PATTERNS_SEARCH = "patterns.search"
    FINDING_LIST = "finding.list"
    FINDING_CLOSE = "finding.close"
    BIRTH_READ = "birth.read"
    TASK_OPEN = "task.open"
    TASK_LIST = "task.list"
    TASK_READ = "task.read"
    TASK_ASSIGN = "task.assign"
    TASK_CLOSE = "task.close"
    GALLERY_STATUS = "gallery.status"
    GALLERY_REBUILD = "gallery.rebuild"
    GALLERY_COMPACT = "gallery.compact"
    KEYS_STATUS = "keys.status"
    KEYS_ROTATE = "keys.rotate"
    DOCTOR = "doctor"
    STORE_VERIFY = "store.verify"
    STORE_DELETE = "store.delete"
    AUDIT_VERIFY = "audit.verify"
    AUDIT_EXPORT = "audit.export"


WORDS: dict[str, str] = {
    Action.ENROLMENT_RECEIVE: "received your enrolment with its captures",
    Action.CAPTURES_RECEIVE: "received further captures to be added to your record",
    Action.ENROLMENT_CONCLUDE: "compared your captures with everyone enrolled and recorded the outcome",
    Action.ENROLMENT_READ: "read what became of your enrolment",
    Action.ENROLMENT_LIST: "saw your enrolment in a list, without your name",
    Action.ENROLMENT_RETRY: "had your enrolment processed again",
    Action.TEMPLATE_EXTRACT: "computed the data used for comparison from your capture again",
    Action.PERSON_READ: "read your record: number, names, sex, birth, household",
    Action.PERSON_SEARCH: "searched for people by name, number, document or phone and was shown your record",
    Action.REGISTRY_REINDEX: "made anew what your record is found by: sounds of names, documents, phones",
    Action.PERSON_IDENTIFY: "searched with somebody's captures and was shown your number among those who resemble them",
    Action.PERSON_VERIFY: "compared somebody's captures with yours",
    Action.PERSON_CHECK: "compared what somebody states with your record and was shown your number: you are alike",
    Action.PERSON_ACCESSES: "read this list of who used your data",
    Action.PERSON_ERASE: "erased everything about you but your number",
    Action.PERSON_EXPORT: "wrote down everything that is known about you",
    Action.ERASURE_PREVIEW: "looked at what erasing you would destroy",
    Action.ERASURE_READ: "read the certificate of your erasure",
    Action.DATA_PURGE: "destroyed pictures or an enrolment of yours whose period was over",
    Action.HOUSEHOLD_READ: "read a household with your name and role in it",
    Action.HOUSEHOLD_TIMELINE: "read the history of a household with your name in it",
    Action.PERSON_TIMELINE: "read the history of your record",
    Action.CONSENT_RECORD: "recorded that you gave or revoked consent, or that you did so for a child",
    Action.CONSENT_READ: "read what you consented to",
    Action.CONSENT_CHECK: "asked whether you consent to a purpose",
    Action.FACTS_READ: "read facts about you or your household: documents, phones, addresses, disability and the like",
    Action.PEOPLE_IMPORT: "took your record over from another system",
    Action.CHANGE_MAKE: "changed your record, your household or your place in it",
    Action.CHANGE_UNDO: "took back a change of your record, your household or your place in it",
    Action.CHANGE_PREVIEW: "looked at what a change would make of your record or your household",
    Action.CHANGE_READ: "read a change of your record, your household or your place in it",
    Action.CARD_ISSUE: "made a household card with your name",
    Action.CARD_READ: "read a list of household cards, one of which has your name",
    Action.CARD_PRINT: "printed a household card with your name",
    Action.CARD_REVOKE: "made a household card with your name useless",
    Action.CARD_VERIFY: "verified a household card with your name",
    Action.CASE_READ: "read a case that shows your record beside that of people who resemble you",
    Action.CASE_LIST: "read a list of cases, one of which shows your record",
    Action.CASE_DECIDE: "decided a case about you",
    Action.WALK_STEP: "compared you with everyone enrolled and noted that somebody resembles you",
    Action.PAIRS_EXPORT: "wrote a file of people who resemble each other, with your number in it",
    Action.AUDIT_EXPORT: "wrote a file of who used your data",
    Action.PATTERNS_SEARCH: "searched for patterns over many enrolments, one of which is about you",
    Action.FINDING_LIST: "read a list of findings, one of which is about you",
    Action.FINDING_CLOSE: "closed a finding about you",
    Action.BIRTH_READ: "noted in which months you reach an age at which something is due",
    Action.TASK_OPEN: "opened a task about you, on a day that was known before",
    Action.TASK_LIST: "read a list of tasks, one of which is about you",
    Action.TASK_READ: "read a task about you",
    Action.TASK_ASSIGN: "gave a task about you to somebody",
    Action.TASK_CLOSE: "closed a task about you",
}
"""What a person is told who asks who used their data. Actions that concern no person have none."""
