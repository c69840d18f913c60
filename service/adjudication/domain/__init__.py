"""Evidence and cases, as plain Python."""
