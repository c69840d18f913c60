"""People, their numbers, and the households they live in."""
