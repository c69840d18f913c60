"""Parts of a transaction that this context's use cases share. Each is given an open unit of work."""
