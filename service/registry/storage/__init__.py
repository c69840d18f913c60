"""The registry's tables and their repositories."""
