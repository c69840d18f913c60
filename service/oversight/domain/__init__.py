"""One pattern per file, as plain Python: rows in, what was found out."""
