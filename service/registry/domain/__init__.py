"""People, households and their numbers, as plain Python."""
