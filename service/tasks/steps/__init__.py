"""Parts of a transaction that this and other contexts' use cases share. Each is given an open unit of work."""
