"""Parts of a transaction that use cases share. Each is given an open unit of work."""
