"""The table of erasures with its repository, and what erasure reads and deletes of the other contexts' tables."""
