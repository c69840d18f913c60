"""The contexts' tables and repositories put together: one metadata, one unit of work, the migrations."""
