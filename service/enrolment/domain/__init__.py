"""Enrolments and their content, as plain Python."""
