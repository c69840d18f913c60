"""The enrolment service: HTTP in front, a database behind, the matcher beside it."""
