"""The database and the files, behind the ports."""
