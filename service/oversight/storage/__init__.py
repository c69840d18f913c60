"""The table of findings with its repository, and what the patterns read of the other contexts' tables."""
