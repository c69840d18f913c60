"""The database and the files behind the kit's ports; the parts of which contexts make their own storage."""
