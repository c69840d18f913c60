"""What may be asked of the search: one function per intention."""
