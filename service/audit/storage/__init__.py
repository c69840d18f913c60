"""The audit's tables, what writes and reads them, and what is kept in files beside the database."""
